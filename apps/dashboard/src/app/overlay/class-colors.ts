/** Hues, degrees in OKLCH, far enough apart to tell on video; the order spreads neighbours of the hash. */
const HUES = [205, 85, 330, 145, 30, 265, 115, 300, 55, 180, 5, 235];

/** The colour of a class: the same in every session and on every machine, light enough for dark text on it. */
export function classColor(label: string): string {
  return `oklch(0.8 0.14 ${classHue(label)})`;
}

/** Classes that are seen most get hues far apart; the others by a hash of their name. */
const FIXED: Readonly<Record<string, number>> = {
  person: 205,
  car: 85,
  truck: 55,
  bus: 30,
  bicycle: 145,
  motorcycle: 330,
  dog: 300,
  cat: 265,
};

function classHue(label: string): number {
  const fixed = FIXED[label];
  if (fixed !== undefined) return fixed;
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  return HUES[(hash >>> 0) % HUES.length]!;
}
