import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { runToEnd } from './child.js';
import { CLIP_CACHE } from './paths.js';
import { findProgram } from './programs.js';

/**
 * A file, made another one by `ffmpeg`. Made once: named after the file and the arguments.
 * @param name stands in the file's name
 * @param args between input and output
 * @returns Its path, an MP4 file.
 */
export async function transcodeFile(file: string, name: string, args: readonly string[]): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([path.basename(file), args]))
    .digest('hex')
    .slice(0, 12);
  const made = path.join(CLIP_CACHE, `${name}-${key}.mp4`);
  if (existsSync(made)) return made;
  await mkdir(CLIP_CACHE, { recursive: true });
  const unfinished = `${made}.${process.pid}.tmp.mp4`;
  await runToEnd('ffmpeg', findProgram('ffmpeg'), [
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'error',
    '-y',
    '-i',
    file,
    ...args,
    unfinished,
  ]);
  await rename(unfinished, made);
  return made;
}
