const PREFIX = 'media-analyzer.';

/** A choice of this viewer, kept in this browser; the default where there is none or storage is refused. */
export function readSetting<T extends string>(name: string, values: readonly T[], fallback: T): T {
  const stored = readText(name);
  return values.find((value) => value === stored) ?? fallback;
}

/** A setting of this browser, or null; also where storage is blocked. */
export function readText(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keeps a setting of this browser, where it lets us. */
export function writeSetting(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
