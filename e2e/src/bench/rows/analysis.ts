import { setTimeout as delay } from 'node:timers/promises';
import { LiveClient } from '../../harness/live-client.js';
import { treeCpuSeconds } from '../../harness/process-tree.js';
import { publishWithFfmpeg } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { atMost, noted, type Row } from '../result.js';
import { percentile } from '../statistics.js';

/** The first analyses meet cold caches, and the decoder's first keyframe. Seconds. */
const WARM_UP_SECONDS = 5;

/** Duration of a frame of the clip, ms. */
const FRAME_MS = 1000 / 30;

/** Of every frame between the first and the last analysed one: how many frames away the nearest analysed one is. */
function nearestDistances(analysedMs: readonly number[]): number[] {
  return analysedMs.slice(1).flatMap((to, index) => {
    const frames = Math.round((to - analysedMs[index]!) / FRAME_MS);
    return Array.from({ length: Math.max(0, frames) }, (_, at) => Math.min(at, frames - at));
  });
}

/**
 * Capture to analysis, and the CPU of everything meanwhile: `ffmpeg` publishes the clip as it is, one WebSocket client
 * subscribes. Latency is receipt at the client minus `capturedAt` (last byte of the frame's message at the server), on
 * one machine and clock.
 */
export const analysisRow: Row = async ({ seconds }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start();
  const stream = await server.api.createStream({ name: 'Bench' });
  const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
  try {
    const client = await LiveClient.subscribe(server.baseUrl, stream.id);
    await client.next('analysis', { withinMs: 60_000 });
    await delay(WARM_UP_SECONDS * 1000);
    say(`measuring for ${seconds} s`);
    const [firstMessage, cpuBefore, startedAt] = [
      client.messages.length,
      treeCpuSeconds(server.pid),
      performance.now(),
    ];
    const before = await server.api.health(stream.id);
    await delay(seconds * 1000);
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    const cores = (treeCpuSeconds(server.pid) - cpuBefore) / elapsedSeconds;
    const after = await server.api.health(stream.id);

    const analyses = client.messages.slice(firstMessage).filter((message) => message.type === 'analysis');
    const received = analyses.map(({ receivedAt, capturedAt }) => receivedAt - capturedAt);
    const completed = analyses.map(({ completedAt, capturedAt }) => completedAt - capturedAt);
    const rate = analyses.length / elapsedSeconds;
    const detections = analyses.reduce((total, one) => total + one.detections.length, 0);
    client.close();
    const note = `${analyses.length} analyses at ${rate.toFixed(1)}/s, model ${after.model}, ${BENCH_CLIP_TEXT}`;
    return {
      figures: [
        atMost(120, {
          what: 'Capture to analysis on the WebSocket, p50',
          value: percentile(received, 0.5),
          unit: 'ms',
          note,
        }),
        atMost(200, {
          what: 'Capture to analysis on the WebSocket, p95',
          value: percentile(received, 0.95),
          unit: 'ms',
          note,
        }),
        noted({
          what: 'Capture to result ready, p50',
          value: percentile(completed, 0.5),
          unit: 'ms',
          note: 'completedAt - capturedAt',
        }),
        noted({
          what: 'Shown frame to nearest analysed frame, p95',
          value: percentile(nearestDistances(analyses.map(({ ptsMs }) => ptsMs)), 0.95),
          unit: 'frames',
          note: 'each frame of 30 a second between the first and the last analysis; by their times',
        }),
        noted({ what: 'Analyses', value: rate, unit: '/s', note: `${detections} detections` }),
        atMost(1.6, {
          what: 'CPU of the whole with analysis',
          value: cores,
          unit: 'cores',
          note: `user + system of the tree over ${elapsedSeconds.toFixed(0)} s, one WebSocket client`,
        }),
      ],
      data: { received, framesBefore: before.frames, framesAfter: after.frames, violations: client.violations },
    };
  } finally {
    await publisher.stop();
    await server.stop();
  }
};
