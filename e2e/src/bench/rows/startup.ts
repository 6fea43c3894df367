import { variantUrl } from '../../harness/hls.js';
import { type LoadedMedia, loadMedia, OwnPublisher } from '../../harness/publish.js';
import { TestServer } from '../../harness/server.js';
import { until } from '../../harness/wait.js';
import { BENCH_CLIP_TEXT, benchClip } from '../clip.js';
import { atMost, noted, type Row } from '../result.js';
import { percentile } from '../statistics.js';

const ROUNDS = 10;
/** Seconds of the clip that are enough for a first playlist. */
const CLIP_SECONDS = 6;

/**
 * Time from the `publish` command to the first playable playlist: the media playlist lists a part or a segment that
 * starts with a keyframe, and its bytes are served. A new stream each time; the playlist is asked for every 10 ms.
 */
export const startupRow: Row = async (_options, say) => {
  const media = await loadMedia(await benchClip());
  const start = { tracks: media.tracks, samples: media.samples.filter(({ dtsMs }) => dtsMs < CLIP_SECONDS * 1000) };
  const server = await TestServer.start();
  const times: number[] = [];
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      times.push(await timeToPlaylist(server, start));
      say(`${round}/${ROUNDS}: ${times.at(-1)?.toFixed(0)} ms`);
    }
  } finally {
    await server.stop();
  }
  const note = `${ROUNDS} new streams; ${BENCH_CLIP_TEXT}`;
  return {
    figures: [
      noted({ what: 'Publish to first playable playlist, p50', value: percentile(times, 0.5) / 1000, unit: 's', note }),
      atMost(1.5, {
        what: 'Publish to first playable playlist, slowest',
        value: Math.max(...times) / 1000,
        unit: 's',
        note,
      }),
    ],
    data: { times },
  };
};

async function timeToPlaylist(server: TestServer, media: LoadedMedia): Promise<number> {
  const stream = await server.api.createStream({ name: 'Bench' });
  const startedAt = performance.now();
  const publisher = await OwnPublisher.open(stream.ingestUrl);
  const playing = publisher.play(media);
  try {
    await until(() => isPlayable(server.baseUrl + stream.playbackUrl), {
      what: 'playable playlist',
      withinMs: 20_000,
      everyMs: 10,
    });
    return performance.now() - startedAt;
  } finally {
    await publisher.close();
    await playing;
  }
}

async function isPlayable(multivariant: string): Promise<boolean> {
  const playlistUrl = await variantUrl(multivariant);
  const text = await (await fetch(playlistUrl)).text();
  const part = /^#EXT-X-PART:.*INDEPENDENT=YES.*$/m.exec(text)?.[0];
  const uri = part
    ? /URI="([^"]+)"/.exec(part)?.[1]
    : text.split('\n').find((line) => line !== '' && !line.startsWith('#'));
  return uri !== undefined && (await fetch(new URL(uri, playlistUrl))).ok;
}
