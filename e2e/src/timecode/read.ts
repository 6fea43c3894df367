import { spawn } from 'node:child_process';
import { findProgram } from '../harness/programs.js';
import { CELLS, decodeCells, STRIP_SHARE } from './code.js';

/** One decoded frame: which one it says it is, and when it is presented. */
export interface ReadFrame {
  /** null when its strip cannot be read. */
  readonly frame: number | null;
  /** Presentation time in the file, seconds. */
  readonly ptsSeconds: number;
}

/**
 * Decodes media with `ffmpeg` and reads the timecode of every frame, in presentation order: a view of the media that
 * shares no code with the product.
 *
 * @param input path, or media bytes (an init segment followed by a media segment)
 * @throws Error with the words of ffmpeg when it cannot decode.
 */
export async function readTimecodes(input: string | Uint8Array): Promise<ReadFrame[]> {
  const { luma, log } = await decodeStrips(input);
  const times = [...log.matchAll(/\bn:\s*\d+\s+pts:\s*-?\d+\s+pts_time:\s*(-?[\d.]+)/g)].map((match) =>
    Number(match[1]),
  );
  if (times.length * CELLS !== luma.length) {
    throw new Error(`ffmpeg decoded ${luma.length / CELLS} frames and told the time of ${times.length}`);
  }
  return times.map((ptsSeconds, i) => ({ ptsSeconds, frame: decodeCells(luma.subarray(i * CELLS, (i + 1) * CELLS)) }));
}

function decodeStrips(input: string | Uint8Array): Promise<{ luma: Buffer; log: string }> {
  // The middle half of the strip's height: scaling and deblocking blur its lower edge into the picture.
  const strip = `crop=iw:ih*${STRIP_SHARE / 2}:0:ih*${STRIP_SHARE / 4},scale=${CELLS}:1:flags=area,format=gray`;
  const fromBytes = typeof input !== 'string';
  const args = [
    ...['-hide_banner', '-nostats', '-loglevel', 'info', '-copyts', '-i', fromBytes ? 'pipe:0' : input],
    ...['-map', '0:v:0', '-vf', `${strip},showinfo`, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
  ];
  return new Promise((resolve, reject) => {
    const decoder = spawn(findProgram('ffmpeg'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const log: Buffer[] = [];
    decoder.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    decoder.stderr.on('data', (chunk: Buffer) => log.push(chunk));
    // ffmpeg may stop reading when it fails; its exit code tells.
    decoder.stdin.on('error', () => {});
    decoder.stdin.end(fromBytes ? input : undefined);
    decoder.once('error', reject);
    decoder.once('close', (code) => {
      const text = Buffer.concat(log).toString('utf8');
      if (code !== 0) reject(new Error(`ffmpeg cannot decode it (exit code ${code}):\n${text.slice(-2000)}`));
      else resolve({ luma: Buffer.concat(out), log: text });
    });
  });
}
