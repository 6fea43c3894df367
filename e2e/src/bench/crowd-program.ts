/**
 * Program of a crowd of publishers: `node crowd-program.js FILE STAGGER_MS`. Plays the file in a loop and in real time until
 * the input ends. Two kinds of lines come in:
 *
 * - addresses, with spaces between them: a broadcast to all of these, each over a connection of its own. They get the same
 *   samples at the same time, and none is ahead of the others by more than what its socket holds;
 * - `pace`: answered with a line of JSON, one `Pace` for each broadcast that plays.
 *
 * One process for all of them, with the media in memory: so many encoders would leave no CPU to those who are measured.
 * What arrives is what arrives from as many encoders: a connection each, and keyframes at different times.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { RtmpPublisher } from '@media-analyzer/media/rtmp';
import { type LoadedMedia, loadMedia } from '../harness/publish.js';

/** How far a broadcast has come. */
export interface Pace {
  /** Decode time of what was handed to the sockets, from the start of the broadcast, ms. */
  readonly sentMs: number;
  /** Time since then, ms. */
  readonly elapsedMs: number;
}

/** For each step of a connection: a machine that just started twenty servers is busy, ms. */
const PATIENCE_MS = 30_000;

const [file = '', staggerMs = '0'] = process.argv.slice(2);
const media = await loadMedia(file);
const lengthMs = (media.samples.at(-1)?.dtsMs ?? 0) - (media.samples[0]?.dtsMs ?? 0) + 1000 / 30;

let begun = 0;
const playing: (() => Pace)[] = [];
const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  if (line === 'pace') {
    console.log(JSON.stringify(playing.map((pace) => pace())));
    return;
  }
  const waitMs = begun * Number(staggerMs);
  begun += 1;
  broadcast(line.split(' '), media, waitMs).catch((error: unknown) => {
    console.error(`publisher failed: ${String(error)}`);
    process.exit(1);
  });
});
input.on('close', () => process.exit(0));
console.log('ready');

async function broadcast(urls: readonly string[], { tracks, samples }: LoadedMedia, waitMs: number): Promise<void> {
  await delay(waitMs);
  const publishers = await Promise.all(urls.map(connect));
  const all = (send: (publisher: RtmpPublisher) => Promise<void>): Promise<unknown> =>
    Promise.all(publishers.map(send));
  for (const track of tracks) await all((rtmp) => rtmp.writeTrack(track));
  const startedAt = performance.now();
  let sentMs = 0;
  playing.push(() => ({ sentMs, elapsedMs: performance.now() - startedAt }));
  for (let passMs = 0; ; passMs += lengthMs) {
    for (const sample of samples) {
      const dtsMs = sample.dtsMs + passMs;
      const dueMs = startedAt + dtsMs - performance.now();
      if (dueMs >= 1) await delay(dueMs);
      await all((rtmp) => rtmp.writeSample({ ...sample, dtsMs, ptsMs: sample.ptsMs + passMs }));
      sentMs = dtsMs;
    }
  }
}

async function connect(url: string): Promise<RtmpPublisher> {
  const rtmp = new RtmpPublisher({ timeoutMs: PATIENCE_MS });
  await rtmp.connect(url);
  await rtmp.publish();
  return rtmp;
}
