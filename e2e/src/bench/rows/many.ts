import { setTimeout as delay } from 'node:timers/promises';
import type { Stream } from '@media-analyzer/protocol';
import { LiveClient } from '../../harness/live-client.js';
import { processTree } from '../../harness/process-tree.js';
import { TestServer } from '../../harness/server.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { Crowd } from '../crowd.js';
import { noted, type Row } from '../result.js';
import { percentile } from '../statistics.js';

const STREAMS = 5;
/** The first analyses meet cold caches, and the decoders' first keyframes. */
const WARM_UP_SECONDS = 15;

/**
 * Several streams with analysis, more than the machine can analyse in full: what cannot be done is dropped and counted, and
 * what is done comes as soon as ever. One WebSocket client a stream; latency is receipt there minus `capturedAt`.
 */
export const manyRow: Row = async ({ seconds }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start();
  const crowd = await Crowd.start(clip);
  try {
    const streams: Stream[] = [];
    for (let number = 0; number < STREAMS; number++)
      streams.push(await server.api.createStream({ name: `Bench ${number}` }));
    crowd.publish(streams.map(({ ingestUrl }) => [ingestUrl]));
    const clients = await Promise.all(streams.map(({ id }) => LiveClient.subscribe(server.baseUrl, id)));
    await Promise.all(clients.map((client) => client.next('analysis', { withinMs: 60_000 })));
    await delay(WARM_UP_SECONDS * 1000);
    say(`measuring for ${seconds} s`);
    const health = () => Promise.all(streams.map(({ id }) => server.api.health(id)));
    const cpu = () => new Map(processTree(server.pid).map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
    for (const client of clients) client.messages.length = 0;
    const [before, cpuBefore, startedAt] = [await health(), cpu(), performance.now()];
    await delay(seconds * 1000);
    const elapsed = (performance.now() - startedAt) / 1000;
    const after = await health();
    crowd.check();
    const analyses = clients.map((client) => client.of('analysis'));
    const latencies = analyses.flat().map(({ receivedAt, capturedAt }) => receivedAt - capturedAt);
    const halves = [0, 1].map((half) =>
      percentile(
        analyses.flatMap((all) =>
          all
            .slice((half * all.length) / 2, ((half + 1) * all.length) / 2)
            .map(({ receivedAt, capturedAt }) => receivedAt - capturedAt),
        ),
        0.95,
      ),
    );
    const sum = (of: (one: (typeof after)[number]) => number): number =>
      after.reduce((total, one, i) => total + of(one) - of(before[i] ?? one), 0);
    const dropped = sum((one) => Object.values(one.frames.dropped).reduce((total, count) => total + count, 0));
    const sampled = sum((one) => one.frames.sampled);
    const perStream = analyses.map((all) => (all.length / elapsed).toFixed(1)).join(', ');
    const cores = [...cpu()].reduce((total, [pid, used]) => total + used - (cpuBefore.get(pid) ?? 0), 0) / elapsed;
    for (const client of clients) client.close();
    const what = `${STREAMS} streams with analysis`;
    return {
      figures: [
        noted({
          what: `${what}: analyses`,
          value: analyses.flat().length / elapsed,
          unit: '/s',
          note: `${perStream} a stream; ${BENCH_CLIP_TEXT}`,
        }),
        noted({
          what: `${what}: frames picked and dropped`,
          value: (dropped / sampled) * 100,
          unit: '%',
          note: `${dropped} of ${sampled}, counted by reason: ${JSON.stringify(after[0]?.frames.dropped)} of the first`,
        }),
        noted({
          what: `${what}: capture to analysis on the WebSocket, p50`,
          value: percentile(latencies, 0.5),
          unit: 'ms',
          note: `${latencies.length} analyses`,
        }),
        noted({
          what: `${what}: the same, p95`,
          value: percentile(latencies, 0.95),
          unit: 'ms',
          note: `first half ${halves[0]?.toFixed(0)}, second half ${halves[1]?.toFixed(0)}: flat when equal`,
        }),
        noted({ what: `${what}: CPU of the whole`, value: cores, unit: 'cores', note: `over ${elapsed.toFixed(0)} s` }),
      ],
      data: { latencies, before, after, violations: clients.map(({ violations }) => violations) },
    };
  } finally {
    await crowd.stop();
    await server.stop();
  }
};
