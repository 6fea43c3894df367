import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Root of the installation: three folders above this one, in `src` and in `dist`. */
const ROOT = new URL('../../../../', import.meta.url);

const inRoot = (path: string): string => fileURLToPath(new URL(path, ROOT));

/** Absolute paths of what comes with the product. */
export const PATHS = {
  dashboard: inRoot('apps/dashboard/dist/browser'),
  demoClip: inRoot('assets/demo/woman-dog-ball.mp4'),
  manifest: inRoot('models/manifest.json'),
  bundledModels: inRoot('models/bundled'),
} as const;

/** Version of this build. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))).version;
