import { setTimeout as delay } from 'node:timers/promises';
import { LiveClient } from '../../harness/live-client.js';
import { processTree, treeMemory } from '../../harness/process-tree.js';
import { publishWithFfmpeg } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { type Figure, noted, type Row } from '../result.js';
import { averageGroups, linearSlope, type Slope } from '../statistics.js';

const SAMPLE_EVERY_MS = 10_000;
/** Heaps grow to their working size and buffers fill; not part of the slope. Share of the whole. */
const WARM_UP_SHARE = 0.3;
/** Samples averaged to one point: a minute, longer than a full garbage collection cycle, so that points are independent. */
const GROUP = 6;
const MIB = 1024 * 1024;
/** A slope that would take a day to add a tenth is called flat even when the interval excludes 0. */
const FLAT_SHARE_PER_HOUR = 0.1 / 24;

/** What the server says of its own heap (prom-client's names), and how it is called here. */
const HEAP_METRICS = {
  media_analyzer_nodejs_heap_size_used_bytes: "server's JavaScript heap",
  media_analyzer_nodejs_external_memory_bytes: "server's buffers outside the heap",
} as const;

/** Minutes since the start, MiB. */
type Points = [number, number][];

/**
 * Resident memory of each process over time, with analysis and one WebSocket client, and its slope with the 95 % interval.
 * The server's heap and buffers, as V8 counts them, tell growth of data from growth of the allocator.
 */
export const memoryRow: Row = async ({ minutes }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start();
  const stream = await server.api.createStream({ name: 'Bench' });
  const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
  const series = new Map<string, Points>();
  const note = (what: string, minute: number, bytes: number): void => {
    const points = series.get(what) ?? [];
    series.set(what, points);
    points.push([minute, bytes / MIB]);
  };
  try {
    const client = await LiveClient.subscribe(server.baseUrl, stream.id);
    // A process that comes and goes would make a step in the whole and no slope of its own.
    await client.next('analysis', { withinMs: 60_000 });
    const startedAt = performance.now();
    for (let turn = 1; performance.now() - startedAt < minutes * 60_000; turn++) {
      await delay(Math.max(0, startedAt + turn * SAMPLE_EVERY_MS - performance.now()));
      // The list of received messages is the client's memory, not the server's; it must not grow for half an hour either.
      client.messages.length = 0;
      const minute = (performance.now() - startedAt) / 60_000;
      const tree = processTree(server.pid);
      for (const { command, residentBytes } of tree) note(program(command), minute, residentBytes);
      const whole = tree.reduce((total, { residentBytes }) => total + residentBytes, 0);
      note('whole tree', minute, whole);
      for (const [what, bytes] of await heapOf(server)) note(what, minute, bytes);
      if (turn % 6 === 0) say(`${minute.toFixed(0)} min: ${(whole / MIB).toFixed(0)} MiB`);
    }
    client.close();
    const settled = (minutes * WARM_UP_SHARE).toFixed(0);
    const figures = [...series].flatMap(([what, points]) => {
      const slope = slopeOf(points);
      return slope ? [meanFigure(what, slope, minutes), slopeFigure(what, slope, settled)] : [];
    });
    return {
      figures: [
        ...figures,
        noted({
          what: 'Memory of the whole tree, shared pages counted once',
          value: treeMemory(server.pid).proportionalBytes / MIB,
          unit: 'MiB',
          note: 'at the end',
        }),
      ],
      data: { points: Object.fromEntries(series) },
    };
  } finally {
    await publisher.stop();
    await server.stop();
  }
};

/** Null for a process that did not live long enough. */
function slopeOf(points: Points): Slope | null {
  const settled = averageGroups(points.slice(Math.floor(points.length * WARM_UP_SHARE)), GROUP);
  return settled.length < 3 ? null : linearSlope(settled);
}

const meanFigure = (what: string, { mean }: Slope, minutes: number): Figure =>
  noted({ what: `Memory, ${what}`, value: mean, unit: 'MiB', note: `mean of ${minutes} min; ${BENCH_CLIP_TEXT}` });

function slopeFigure(what: string, { slope, confidence, mean }: Slope, settled: string): Figure {
  const perHour = slope * 60;
  const flat = Math.abs(slope) <= confidence || Math.abs(perHour) <= mean * FLAT_SHARE_PER_HOUR;
  return {
    what: `Slope of memory, ${what}`,
    value: perHour,
    unit: 'MiB/h',
    reach: 'flat',
    reached: flat,
    note: `95 % interval +- ${(confidence * 60).toFixed(1)} MiB/h, averages of a minute after ${settled} min of warm-up`,
  };
}

async function heapOf(server: TestServer): Promise<[string, number][]> {
  const text = await (await server.api.get('/metrics')).text();
  return Object.entries(HEAP_METRICS).map(([name, what]) => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`/metrics has no ${name}`);
    return [what, Number(value)];
  });
}

const program = (command: string): string =>
  /(server|media|vision)\/(?:dist|src)/.exec(command)?.[1] ?? command.slice(0, 30);
