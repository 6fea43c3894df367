import { fileURLToPath } from 'node:url';

export interface ChildEntry {
  /** Absolute path of the program. */
  readonly path: string;
  /** Flags for the Node that runs it. */
  readonly execArgv: readonly string[];
}

/**
 * Where a package's program lies, and how to run it: built JavaScript as it is, a TypeScript source (development, tests)
 * through tsx, with packages resolved to their sources.
 *
 * @param specifier package export (`@media-analyzer/media/process`) or file URL
 */
export function resolveChildEntry(specifier: string): ChildEntry {
  const path = fileURLToPath(specifier.startsWith('file:') ? specifier : import.meta.resolve(specifier));
  if (!path.endsWith('.ts')) return { path, execArgv: [] };
  return { path, execArgv: ['--conditions=source', '--import', import.meta.resolve('tsx')] };
}
