import { defineConfig } from 'vitest/config';

/** Packages resolve to their TypeScript sources (`source` condition), so tests never run against a stale build. */
const conditions = ['source', 'node', 'default'];

const project = (
  name: string,
  root: string,
  options: { timeout?: number; include?: string[]; alone?: boolean } = {},
) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name,
    root,
    environment: 'node' as const,
    include: options.include ?? ['src/**/*.test.ts'],
    // Only what hangs is to be ended by it: some tests fill hundreds of megabytes, on machines of every kind.
    testTimeout: options.timeout ?? 120_000,
    hookTimeout: 120_000,
    ...(options.alone && {
      hookTimeout: 180_000,
      // Half of their time they wait for media, which come as fast as time goes by.
      maxWorkers: 2,
      // Of tests that run side by side: each has a server of its own.
      maxConcurrency: 3,
      retry: 1,
      sequence: { groupOrder: 1 },
      globalSetup: './src/harness/fresh-data.ts',
    }),
  },
});

export default defineConfig({
  test: {
    // Two workers: the tests themselves start processes, and the reference machine has two cores.
    maxWorkers: 2,
    projects: [
      project('protocol', './packages/protocol'),
      project('media', './packages/media'),
      project('vision', './packages/vision'),
      project('server', './apps/server'),
      project('scripts', './scripts', { include: ['**/*.test.mjs'] }),
      // After all others, two files at a time: each starts servers, encoders and a browser of its own.
      project('e2e', './e2e', {
        timeout: 240_000,
        alone: true,
      }),
    ],
  },
});
