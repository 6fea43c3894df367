import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { playbackState, playsFor } from './harness/browser.js';
import { Child } from './harness/child.js';
import { liveClip } from './harness/clips.js';
import { fetchText, untilSegments, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { findProgram } from './harness/programs.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { transcodeFile } from './harness/transcode.js';

const server = sharedServer();
const browser = sharedBrowser();

/** What people send. */
const FORMATS: [string, () => Promise<string>][] = [
  [
    '24 frames a second without B-frames',
    () => liveClip({ frameRate: [24, 1], seconds: 10, keyframeInterval: 24, bFrames: 0 }),
  ],
  ['29.97 frames a second with three B-frames', () => liveClip({ frameRate: [30_000, 1001], seconds: 10, bFrames: 3 })],
  [
    '50 frames a second with keyframes every two seconds',
    () => liveClip({ frameRate: [50, 1], seconds: 10, keyframeInterval: 100 }),
  ],
  ['60 frames a second', () => liveClip({ frameRate: [60, 1], seconds: 10, keyframeInterval: 60 })],
  ['a keyframe every eight seconds', () => liveClip({ seconds: 16, keyframeInterval: 240 })],
  [
    'a variable frame rate and 44.1 kHz mono',
    async () =>
      transcodeFile(await liveClip({ seconds: 10 }), 'vfr', [
        ...[
          '-vf',
          "select='not(between(mod(n,30),5,9))+eq(mod(n,60),7)'",
          '-fps_mode',
          'vfr',
          '-c:v',
          'libx264',
          '-preset',
          'veryfast',
          '-g',
          '30',
        ],
        ...['-c:a', 'aac', '-ar', '44100', '-ac', '1'],
      ]),
  ],
];

describe.concurrent('ffmpeg and ffprobe play', () => {
  for (const [name, make] of FORMATS) {
    it(name, async () => {
      const { api, baseUrl } = server();
      const clip = await make();
      const stream = await api.createStream({ name: 'Formats' });
      const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
      const client = await LiveClient.subscribe(baseUrl, stream.id);
      try {
        await untilSegments(baseUrl + stream.playbackUrl, 2, 40_000);
        expect(await wordsOf('ffprobe', ['-v', 'warning', '-show_streams', baseUrl + stream.playbackUrl])).toEqual([]);
        expect(
          await wordsOf('ffmpeg', ['-v', 'warning', '-i', baseUrl + stream.playbackUrl, '-t', '4', '-f', 'null', '-']),
        ).toEqual([]);
        await client.next('analysis', { withinMs: 10_000 });
        const rate = /FRAME-RATE=([\d.]+)/.exec(await fetchText(baseUrl + stream.playbackUrl));
        expect(rate, 'the multivariant playlist states a frame rate').not.toBeNull();
      } finally {
        client.close();
        await publisher.stop();
      }
    });
  }
});

describe('hls.js', () => {
  let library: string;
  beforeAll(async () => {
    library = await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'), 'utf8');
  });

  for (const lowLatencyMode of [true, false]) {
    it(`plays ${lowLatencyMode ? 'with' : 'without'} its low-latency mode and reports no error`, async () => {
      const { api, baseUrl } = server();
      const stream = await api.createStream({ name: 'hls.js' });
      const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
      await untilSegments(baseUrl + stream.playbackUrl, 3, 30_000);
      const page = await browser().newPage();
      try {
        // A page of our own on the server's origin: the dashboard's player has its own settings.
        await page.route('**/bare-player', (route) =>
          route.fulfill({ contentType: 'text/html', body: '<video muted></video>' }),
        );
        await page.goto(`${baseUrl}/bare-player`);
        await page.addScriptTag({ content: library });
        await page.evaluate(
          ({ url, lowLatencyMode }) => {
            const state = window as Window & { hlsErrors?: string[]; Hls?: HlsConstructor };
            const errors: string[] = [];
            state.hlsErrors = errors;
            if (!state.Hls) throw new Error('hls.js did not load');
            const video = document.querySelector('video');
            if (!video) throw new Error('no video');
            const hls = new state.Hls({ lowLatencyMode });
            hls.on('hlsError', (_event, data) => {
              // Joining: the element stands at 0, the first fragment begins later, and hls.js tells of the jump.
              if (data.details === 'bufferSeekOverHole' && video.played.length === 0) return;
              errors.push(`${data.details}: ${data.error.message}`);
            });
            hls.loadSource(url);
            hls.attachMedia(video);
            void video.play();

            interface HlsConstructor {
              new (options: {
                lowLatencyMode: boolean;
              }): {
                on(event: string, listener: (event: string, data: { details: string; error: Error }) => void): void;
                loadSource(url: string): void;
                attachMedia(video: HTMLVideoElement): void;
              };
            }
          },
          { url: baseUrl + stream.playbackUrl, lowLatencyMode },
        );
        await playsFor(page, 8, 40_000);
        expect(await page.evaluate(() => (window as Window & { hlsErrors?: string[] }).hlsErrors)).toEqual([]);
        expect(await playbackState(page)).toMatchObject({ error: null, width: 640 });
        expect(await fetchText(await variantUrl(baseUrl + stream.playbackUrl))).toContain('#EXT-X-PRELOAD-HINT');
      } finally {
        await publisher.stop();
        await page.close();
      }
    });
  }
});

/** What a program says on stderr; it must end by itself and well. */
async function wordsOf(program: 'ffmpeg' | 'ffprobe', args: readonly string[]): Promise<string[]> {
  const child = new Child(program, findProgram(program), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = await child.ended;
  if (end.code !== 0) throw new Error(`${program} failed: ${child.tail()}`);
  // FFmpeg's HLS reader takes the init segment again after a reload of a live playlist; it says so of its own live output too.
  return child.lines.filter((line) => !line.endsWith('Found duplicated MOOV Atom. Skipped it'));
}
