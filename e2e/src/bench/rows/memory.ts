import { setTimeout as delay } from 'node:timers/promises';
import { LiveClient } from '../../harness/live-client.js';
import { processTree, treeMemory } from '../../harness/process-tree.js';
import { publishWithFfmpeg } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { type Figure, noted, type Row } from '../result.js';
import { averageGroups, linearSlope } from '../statistics.js';

const SAMPLE_EVERY_MS = 5000;
/** Heaps grow to their working size and the playlist's window fills; not part of the slope. Share of the whole. */
const WARM_UP_SHARE = 0.3;
/** Samples averaged to one point: half a minute, longer than a full garbage collection cycle. */
const GROUP = 6;
const MIB = 1024 * 1024;
/** A slope that would take a day to add a tenth is called flat even when the interval excludes 0. */
const FLAT_SHARE_PER_HOUR = 0.1 / 24;

/** Resident memory of the whole tree over time, with analysis and one WebSocket client. */
export const memoryRow: Row = async ({ minutes }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start();
  const stream = await server.api.createStream({ name: 'Bench' });
  const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
  try {
    const client = await LiveClient.subscribe(server.baseUrl, stream.id);
    const points: [number, number][] = [];
    const startedAt = performance.now();
    while (performance.now() - startedAt < minutes * 60_000) {
      await delay(SAMPLE_EVERY_MS);
      // The list of received messages is the client's memory, not the server's; it must not grow for half an hour either.
      client.messages.length = 0;
      const minute = (performance.now() - startedAt) / 60_000;
      points.push([minute, treeMemory(server.pid).residentBytes / MIB]);
      if (points.length % 12 === 0) say(`${minute.toFixed(0)} min: ${points.at(-1)?.[1].toFixed(0)} MiB`);
    }
    client.close();
    const settled = averageGroups(points.slice(Math.floor(points.length * WARM_UP_SHARE)), GROUP);
    const { slope, confidence, mean } = linearSlope(settled);
    const perHour = slope * 60;
    const flat = Math.abs(slope) <= confidence || Math.abs(perHour) <= mean * FLAT_SHARE_PER_HOUR;
    const slopeFigure: Figure = {
      what: 'Slope of resident memory',
      value: perHour,
      unit: 'MiB/h',
      reach: 'flat',
      reached: flat,
      note: `95 % interval +- ${(confidence * 60).toFixed(1)} MiB/h, ${settled.length} half-minute averages after ${(minutes * WARM_UP_SHARE).toFixed(0)} min of warm-up`,
    };
    const parts = processTree(server.pid).map(
      ({ command, residentBytes }) => `${program(command)} ${(residentBytes / MIB).toFixed(0)}`,
    );
    return {
      figures: [
        noted({
          what: `Resident memory, whole tree, ${minutes} min`,
          value: mean,
          unit: 'MiB',
          note: `${parts.join(', ')} MiB; ${BENCH_CLIP_TEXT}`,
        }),
        noted({
          what: 'Proportional memory, whole tree',
          value: treeMemory(server.pid).proportionalBytes / MIB,
          unit: 'MiB',
          note: 'shared pages counted once, at the end',
        }),
        slopeFigure,
      ],
      data: { points },
    };
  } finally {
    await publisher.stop();
    await server.stop();
  }
};

const program = (command: string): string =>
  /(server|media|vision)\/(?:dist|src)/.exec(command)?.[1] ?? command.slice(0, 30);
