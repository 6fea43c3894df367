import { setTimeout as delay } from 'node:timers/promises';
import { processTree, treeCpuSeconds } from '../../harness/process-tree.js';
import { publishWithFfmpeg } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { startFfmpegPeer, startNginxPeer } from '../peers.js';
import { atMost, noted, type Row } from '../result.js';

/** Until all have their first segments, and compilers and caches have done what they do once. */
const WARM_UP_SECONDS = 30;

/**
 * CPU of ingest and packaging beside two peers: three `ffmpeg` publishers send the same file at the same time to the
 * server with analysis switched off, to `ffmpeg -listen 1 ... -c copy -f hls`, and to nginx-rtmp; user and system time
 * over the same window. Nobody plays. Of the peers the whole tree counts; of the server its own process, which does all
 * ingest, packaging and storing, and the tree with the media process, which makes thumbnails, beside it.
 */
export const packagingRow: Row = async ({ seconds }, say) => {
  const clip = await benchClip();
  const server = await TestServer.start({ env: { ANALYSIS_RATE: '0' } });
  const stream = await server.api.createStream({ name: 'Bench' });
  const peers = [await startFfmpegPeer(), await startNginxPeer()];
  const publishers = [stream.ingestUrl, ...peers.map(({ url }) => url)].map((url) => publishWithFfmpeg(url, clip));
  const readings = (): number[] => [
    processTree(server.pid)[0]?.cpuSeconds ?? Number.NaN,
    ...peers.map((peer) => peer.cpuSeconds()),
    treeCpuSeconds(server.pid),
  ];
  try {
    await server.api.inState(stream.id, 'live');
    await delay(WARM_UP_SECONDS * 1000);
    say(`measuring for ${seconds} s`);
    const before = readings();
    const startedAt = performance.now();
    await delay(seconds * 1000);
    const elapsed = (performance.now() - startedAt) / 1000;
    const [own = 0, ffmpeg = 0, nginx = 0, tree = 0] = readings().map(
      (value, i) => (value - (before[i] ?? 0)) / elapsed,
    );
    const stopped = publishers.filter(({ running }) => !running);
    if (stopped.length > 0) throw new Error(`a publisher stopped during the window:\n${stopped[0]?.tail()}`);
    const shares = `${(own * 100).toFixed(1)} %, ffmpeg ${(ffmpeg * 100).toFixed(1)} %, nginx-rtmp ${(nginx * 100).toFixed(1)} % of a core`;
    return {
      figures: [
        atMost(1.3, {
          what: 'CPU of ingest + packaging, ratio to ffmpeg',
          value: own / ffmpeg,
          unit: 'x',
          note: `${shares}, same ${elapsed.toFixed(0)} s; ${BENCH_CLIP_TEXT}`,
        }),
        noted({
          what: 'CPU of ingest + packaging, ratio to nginx-rtmp',
          value: own / nginx,
          unit: 'x',
          note: 'same window',
        }),
        noted({
          what: 'CPU of the tree with thumbnails',
          value: tree * 100,
          unit: '% of a core',
          note: `ratio to ffmpeg ${(tree / ffmpeg).toFixed(2)}; analysis off`,
        }),
      ],
      data: {
        own,
        ffmpeg,
        nginx,
        commands: peers.map(({ command }) => command),
        processes: processTree(server.pid).map(({ command }) => command),
      },
    };
  } finally {
    for (const publisher of publishers) await publisher.stop();
    for (const peer of peers) await peer.stop();
    await server.stop();
  }
};
