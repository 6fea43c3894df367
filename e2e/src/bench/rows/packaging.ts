import { setTimeout as delay } from 'node:timers/promises';
import { processTree, treeCpuSeconds, treeSystemSeconds } from '../../harness/process-tree.js';
import { TestServer } from '../../harness/server.js';
import { until } from '../../harness/wait.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { Crowd, slowestPace } from '../crowd.js';
import { type Peer, startFfmpegPeer, startNginxPeer } from '../peers.js';
import { atMost, type Figure, noted, type Row } from '../result.js';

/** Until all have their first segments, and compilers and caches have done what they do once. Twice for the first step. */
const WARM_UP_SECONDS = 15;
const LIVE_WITHIN_MS = 120_000;
/** Streams at the same time, in this order. */
const STEPS = [1, 5, 20] as const;
/** Readings of a step: how far apart the shares of these stretches are says how much the figure is worth. */
const STRETCHES = 5;
/** A crowd that sends less than this share of real time gave the servers less to do than the figure says. */
const LEAST_PACE = 0.98;
/** All cut segments of two seconds, at keyframes: fewer than this share of those that are due were not the same work. */
const LEAST_SEGMENTS = 0.75;
const SEGMENT_SECONDS = 2;

/** Share of a core over one window, all streams of the step together. */
interface Share {
  readonly all: number;
  /** Of it, in the kernel. */
  readonly system: number;
}

interface Step {
  readonly streams: number;
  /** The server's own process. */
  readonly own: Share;
  /** With its children, which make thumbnails. */
  readonly tree: Share;
  readonly ffmpeg: Share;
  readonly nginx: Share;
  /** Ratio of `own` to `ffmpeg`: the lowest and the highest of the stretches. */
  readonly ratios: readonly [number, number];
  /** Media that the slowest broadcast sent over the time that passed. */
  readonly pace: number;
}

/** What is read before and after a stretch. */
interface Reading {
  readonly at: number;
  readonly cpu: Readonly<Record<'own' | 'tree' | 'ffmpeg' | 'nginx', Share>>;
}

/**
 * CPU of ingest and packaging of 1, 5 and 20 streams beside two peers, all at the same time and from the same publishers: each
 * broadcast sends one and the same sample to all three at once. User and system time over the same window of
 *
 * - the server with analysis switched off: RTMP, LL-HLS with parts of 250 ms and segments of two seconds, each segment
 *   written to disk and recorded in the embedded database. Its own process, which does all of this, is compared; the tree
 *   with the media processes, which make thumbnails, stands beside it;
 * - `ffmpeg -listen 1 ... -c copy -f hls`, one process a stream, as it serves one publisher;
 * - one nginx-rtmp for all streams. Both write MPEG-TS segments of two seconds to disk, without parts, records or thumbnails.
 *
 * Nobody plays. The publishers are one process with a connection for each stream of each server; what it costs is not counted.
 * There is no figure when they fell behind real time, or when one of the servers did not write its segments.
 */
export const packagingRow: Row = async ({ seconds }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start({ env: { ANALYSIS_RATE: '0', RTMP_MAX_CONNECTIONS_PER_ADDRESS: '64' } });
  const nginx = await startNginxPeer();
  const ffmpegs: Peer[] = [];
  const crowd = await Crowd.start(clip);
  const steps: Step[] = [];
  const read = (): Reading => ({
    at: performance.now(),
    cpu: {
      own: ownShare(server.pid),
      tree: { all: treeCpuSeconds(server.pid), system: treeSystemSeconds(server.pid) },
      ffmpeg: {
        all: ffmpegs.reduce((total, peer) => total + peer.cpuSeconds(), 0),
        system: ffmpegs.reduce((total, peer) => total + peer.systemSeconds(), 0),
      },
      nginx: { all: nginx.cpuSeconds(), system: nginx.systemSeconds() },
    },
  });
  const segments = async () => ({
    'Media Analyzer': await storedSegments(server),
    ffmpeg: ffmpegs.reduce((total, peer) => total + peer.segments(), 0),
    'nginx-rtmp': nginx.segments(),
  });
  try {
    for (const streams of STEPS) {
      const broadcasts: string[][] = [];
      for (let number = ffmpegs.length; number < streams; number++) {
        const ffmpeg = await startFfmpegPeer();
        ffmpegs.push(ffmpeg);
        const own = await server.api.createStream({ name: `Bench ${number}` });
        broadcasts.push([own.ingestUrl, ffmpeg.url, `${nginx.url}${number}`]);
      }
      crowd.publish(broadcasts);
      // As many media processes start now as streams begin: that alone takes a busy machine a while.
      await until(
        async () => {
          crowd.check();
          const listed = await server.api.streams();
          return listed.filter(({ state }) => state === 'live').length === streams;
        },
        { what: `${streams} live streams`, withinMs: LIVE_WITHIN_MS, everyMs: 500 },
      );
      await delay((steps.length === 0 ? 2 : 1) * WARM_UP_SECONDS * 1000);
      say(`${streams} streams: measuring for ${seconds} s`);
      const [writtenBefore, paceBefore] = [await segments(), await crowd.pace()];
      const readings = [read()];
      while (readings.length <= STRETCHES) {
        await delay((seconds * 1000) / STRETCHES);
        readings.push(read());
      }
      const [written, pace] = [await segments(), slowestPace(paceBefore, await crowd.pace())];
      crowd.check();
      if (pace < LEAST_PACE)
        throw new Error(`the publishers sent ${(100 * pace).toFixed(1)} % of real time: this machine is too busy`);
      const due = (streams * seconds) / SEGMENT_SECONDS;
      for (const [name, count] of Object.entries(written)) {
        const more = count - writtenBefore[name as keyof typeof written];
        if (more < LEAST_SEGMENTS * due) throw new Error(`${name} wrote ${more} segments in a time for ${due}`);
      }
      steps.push({ streams, ...sharesOf(readings), pace });
      say(describe(steps.at(-1)));
    }
    const commands = [ffmpegs[0], nginx].map((peer) => peer?.command);
    return { figures: figures(steps), data: { steps, commands } };
  } finally {
    await crowd.stop();
    for (const peer of [...ffmpegs, nginx]) await peer.stop();
    await server.stop();
  }
};

/** CPU seconds of a process without its children. */
function ownShare(pid: number): Share {
  const info = processTree(pid)[0];
  if (!info) throw new Error('the server is gone');
  return { all: info.cpuSeconds, system: info.systemSeconds };
}

async function storedSegments(server: TestServer): Promise<number> {
  const text = await (await server.api.get('/metrics')).text();
  const count = /^media_analyzer_segments_total (\d+)$/m.exec(text)?.[1];
  if (count === undefined) throw new Error('the metrics do not say how many segments there are');
  return Number(count);
}

function sharesOf(readings: readonly Reading[]): Omit<Step, 'streams' | 'pace'> {
  const share = (from: Reading, to: Reading, of: keyof Reading['cpu']): Share => {
    const over = (part: keyof Share): number => ((to.cpu[of][part] - from.cpu[of][part]) * 1000) / (to.at - from.at);
    return { all: over('all'), system: over('system') };
  };
  const [first, last] = [readings[0], readings.at(-1)];
  if (!first || !last) throw new Error('nothing was read');
  const ratios = readings
    .slice(1)
    .map((to, i) => share(readings[i] ?? first, to, 'own').all / share(readings[i] ?? first, to, 'ffmpeg').all);
  const whole = (of: keyof Reading['cpu']): Share => share(first, last, of);
  return {
    own: whole('own'),
    tree: whole('tree'),
    ffmpeg: whole('ffmpeg'),
    nginx: whole('nginx'),
    ratios: [Math.min(...ratios), Math.max(...ratios)],
  };
}

function figures(steps: readonly Step[]): Figure[] {
  const [one, most] = [steps[0], steps.at(-1)];
  if (!one || !most) throw new Error('nothing was measured');
  const perStream = ({ own, streams }: Step): number => (own.all / streams) * 100;
  return [
    ...steps.map((step) =>
      noted({
        what: `CPU of ingest + packaging a stream, ${step.streams} at a time`,
        value: perStream(step),
        unit: '% of a core',
        note: `${describe(step)}; ${BENCH_CLIP_TEXT}`,
      }),
    ),
    atMost(1, {
      what: `CPU a stream, ${most.streams} at a time to ${one.streams}`,
      value: perStream(most) / perStream(one),
      unit: 'x',
      note: 'the cost of a stream falls with their number',
    }),
    atMost(1, {
      what: `CPU of ${most.streams} streams, ratio to ffmpeg`,
      value: most.own.all / most.ffmpeg.all,
      unit: 'x',
      note: `same window; ${most.ratios.map((ratio) => ratio.toFixed(2)).join(' to ')} in its ${STRETCHES} stretches`,
    }),
    noted({
      what: `CPU of ${most.streams} streams, ratio to nginx-rtmp`,
      value: most.own.all / most.nginx.all,
      unit: 'x',
      note: 'same window',
    }),
  ];
}

function describe(step: Step | undefined): string {
  if (!step) return '';
  const percent = (value: number): string => `${((value / step.streams) * 100).toFixed(2)} %`;
  const share = ({ all, system }: Share): string => `${percent(all)} (system ${percent(system)})`;
  const { own, tree, ffmpeg, nginx, ratios, pace } = step;
  return [
    `a stream: ${share(own)}, with thumbnails ${share(tree)}, ffmpeg ${share(ffmpeg)}, nginx-rtmp ${share(nginx)}`,
    `ratio ${(own.all / ffmpeg.all).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' to ')}) and ${(own.all / nginx.all).toFixed(2)}`,
    `the publishers kept ${(100 * pace).toFixed(1)} % of real time`,
  ].join('; ');
}
