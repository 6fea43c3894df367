import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { CodedSample, HealthWarning, Stream, StreamHealth } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { inAdts, withSetsInBand } from './harness/bitstream.js';
import { openPage, playbackState, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { fetchText } from './harness/hls.js';
import { findProgram } from './harness/programs.js';
import { type LoadedMedia, loadMedia, OwnPublisher, publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { transcodeFile } from './harness/transcode.js';
import { until } from './harness/wait.js';

const run = promisify(execFile);
const server = sharedServer();
const browser = sharedBrowser();

/** When a stream gets another size, ms. */
const CHANGE_AT_MS = 5000;
/** User data as caption and telemetry inserters send it: a length, SEI, payload type 5, 24 bytes, the end. */
const SEI = Uint8Array.of(0, 0, 0, 28, 6, 5, 24, ...new Array<number>(24).fill(0x41), 0x80);

describe('of an H.264 bitstream that its container does not tell the truth about', () => {
  it('messages without a picture are no pictures: the rest plays and is analysed', async () => {
    const media = await videoOnly(await liveClip({ seconds: 20 }));
    const samples = media.samples.flatMap((sample, i) =>
      i % 30 === 10 ? [{ ...sample, keyframe: true, data: SEI }, sample] : [sample],
    );
    await onAir({ ...media, samples }, async (stream, page) => {
      await playsFor(page, 4, 40_000);
      expect(await playbackState(page)).toMatchObject({ error: null, width: 640, height: 360 });
      const { frames, durationMs } = (await server().api.stream(stream.id)).session ?? expect.fail('no session');
      // Against the time of the media, not of the clock on the wall. A message a second counted would be four too many by now.
      expect(frames?.received).toBeLessThan((durationMs / 1000) * 30 + 3);
      expect(frames?.dropped).not.toHaveProperty('undecodable');
      expect(await problemOf(stream)).toBeNull();
    });
  });

  it('keyframes are found without a flag', async () => {
    const media = await videoOnly(await liveClip({ seconds: 20 }));
    const samples = media.samples.map((sample) => ({ ...sample, keyframe: false }));
    await onAir({ ...media, samples }, async (stream, page) => {
      await playsFor(page, 3, 40_000);
      const health = await analysed(stream);
      expect(health.keyframeIntervalMs).toBeCloseTo(1000, -2);
      expect(await playbackState(page)).toMatchObject({ error: null, width: 640, height: 360 });
    });
  });

  it('parameter sets are found without a sequence header', async () => {
    const media = await videoOnly(await liveClip({ seconds: 20 }));
    const inBand = { ...media, samples: withSetsInBand(media) };
    await onAir(
      inBand,
      async (stream, page) => {
        await playsFor(page, 3, 40_000);
        expect(await fetchText(server().baseUrl + stream.playbackUrl)).toMatch(/RESOLUTION=640x360/);
        await analysed(stream);
      },
      { headers: false },
    );
  });

  it('another size is shown as it is from the keyframe that brings it', async () => {
    const first = await videoOnly(await liveClip({ seconds: 20 }));
    const second = await videoOnly(
      await encode(await liveClip({ seconds: 20 }), 'portrait', '-vf scale=360:640,setsar=1 -bf 0 -g 30'),
    );
    const samples = [
      ...first.samples.filter(({ dtsMs }) => dtsMs < CHANGE_AT_MS),
      ...withSetsInBand(second).map((sample) => later(sample, CHANGE_AT_MS)),
    ];
    await onAir({ tracks: first.tracks, samples }, async (stream, page) => {
      await until(async () => (await playbackState(page))?.width === 640, {
        what: 'picture of the first size',
        withinMs: 30_000,
      });
      await until(async () => (await playbackState(page))?.width === 360, {
        what: 'picture of the second size',
        withinMs: 30_000,
      });
      expect(await playbackState(page)).toMatchObject({ error: null, width: 360, height: 640 });
      await playsFor(page, 1, 20_000);
      expect((await server().api.stream(stream.id)).session?.video).toMatchObject({ width: 360, height: 640 });
      expect(await fetchText(server().baseUrl + stream.playbackUrl)).toMatch(/RESOLUTION=360x640/);
      const frames = first.samples.filter(({ dtsMs }) => dtsMs < CHANGE_AT_MS).length;
      expect(await downloadInParts(stream)).toEqual([
        { width: 640, height: 360, frames },
        { width: 360, height: 640, frames: expect.any(Number) },
      ]);
    });
  });
});

it('keyframes that others refer across play in the browser, and the encoder is told', async () => {
  const clip = await encode(
    await liveClip({ seconds: 20 }),
    'open-gop',
    '-bf 3 -x264-params open-gop=1:keyint=30:min-keyint=30:scenecut=0',
  );
  await onAir(await videoOnly(clip), async (stream, page) => {
    await playsFor(page, 3, 40_000);
    // A decoder that fails is replaced, which empties the element. Playing on over keyframes, and beginning at others, none does.
    await page.evaluate(() => {
      const video = document.querySelector('video')!;
      video.addEventListener('emptied', () => video.setAttribute('data-emptied', ''));
      video.currentTime -= 2.5;
    });
    await playsFor(page, 4, 40_000);
    expect(await page.locator('video').getAttribute('data-emptied')).toBeNull();
    expect(await playbackState(page)).toMatchObject({ error: null, width: 640 });
    expect((await server().api.health(stream.id)).warnings.map(({ code }) => code)).toContain('open_gop');
  });
});

it('pixels that are not square are told apart from what is shown', async () => {
  const clip = await encode(await liveClip({ seconds: 20 }), 'anamorphic', '-vf scale=480:360,setsar=4/3 -g 30');
  await onAir(await videoOnly(clip), async (stream, page) => {
    await playsFor(page, 1, 40_000);
    expect(await playbackState(page)).toMatchObject({ error: null, width: 640, height: 360 });
    expect((await server().api.stream(stream.id)).session?.video).toMatchObject({
      ...{ width: 640, height: 360 },
      ...{ codedWidth: 480, codedHeight: 360 },
    });
    expect(await fetchText(server().baseUrl + stream.playbackUrl)).toMatch(/RESOLUTION=640x360/);
  });
});

describe('sound', () => {
  it.each([
    ['MP3', ['-c:a', 'libmp3lame', '-ar', '44100']],
    ['AAC Main', ['-c:a', 'aac', '-profile:a', 'aac_main']],
  ])('that cannot be carried is called by its name, and the picture goes on: %s', async (name, codec) => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip({ seconds: 20 }), {
      codec: ['-c:v', 'copy', ...codec],
    });
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    try {
      await playsFor(page, 2, 40_000);
      const warnings = await warned(stream, 'codec_unsupported');
      expect(warnings.map(({ code }) => code)).not.toContain('no_audio');
      expect(warnings.find(({ code }) => code === 'codec_unsupported')?.message).toMatch(`"${name}"`);
    } finally {
      await publisher.stop();
      await page.close();
    }
  });

  it('without a word about how to decode it is left out, and that is said', async () => {
    const media = await loadMedia(await liveClip({ seconds: 20 }));
    const inBand = { ...media, samples: withSetsInBand(media) };
    await onAir(
      inBand,
      async (stream, page) => {
        const warnings = await warned(stream, 'no_audio_header');
        expect(warnings.map(({ code }) => code)).not.toContain('no_audio');
        await playsFor(page, 2, 40_000);
      },
      { headers: false },
    );
  });

  it('in ADTS frames is carried without them, and without a sequence header', async () => {
    const media = await loadMedia(await liveClip({ seconds: 20 }));
    const samples = withSetsInBand(media).map((sample) =>
      sample.kind === 'audio' ? { ...sample, data: inAdts(sample.data, media) } : sample,
    );
    await onAir(
      { ...media, samples },
      async (stream, page) => {
        await playsFor(page, 2, 40_000);
        expect(await fetchText(server().baseUrl + stream.playbackUrl)).toMatch(/CODECS="avc1\.[0-9a-f]+,mp4a\.40\.2"/i);
        expect(await decodedSound(page)).toBeGreaterThan(0);
        expect((await server().api.stream(stream.id)).session?.audio?.codecString).toBe('mp4a.40.2');
      },
      { headers: false },
    );
  });
});

type Page = Awaited<ReturnType<typeof openPage>>['page'];

/** Publishes media and opens the stream's page for as long as `look` takes. */
async function onAir(
  media: LoadedMedia,
  look: (stream: Stream, page: Page) => Promise<void>,
  { headers = true } = {},
): Promise<void> {
  const { api, baseUrl } = server();
  const stream = await api.createStream({ name: 'Bitstreams' });
  const publisher = await OwnPublisher.open(stream.ingestUrl, { headers });
  const playing = publisher.play(media);
  const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
  try {
    await look(stream, page);
  } finally {
    await publisher.close();
    await playing;
    await page.close();
  }
}

/** Downloads what is recorded of a stream that has changed once, a file a part, and says what other programs read there. */
async function downloadInParts(stream: Stream) {
  const { api, baseUrl } = server();
  const sessionId = (await api.stream(stream.id)).session?.id;
  const download = `/api/streams/${stream.id}/sessions/${sessionId}/download.mp4`;
  const whole = await until(
    async () => {
      const answer = await api.refusal(download);
      return answer.error.code === 'download_in_parts' && answer;
    },
    { what: 'stored segment of the second size', withinMs: 20_000 },
  );
  expect([whole.status, whole.error.details]).toMatchObject([409, { parts: 2 }]);
  const folder = await mkdtemp(path.join(tmpdir(), 'media-analyzer-e2e-'));
  try {
    const parts: unknown[] = [];
    for (const part of [1, 2]) {
      const answer = await fetch(`${baseUrl}${download}?part=${part}`);
      expect(answer.headers.get('content-disposition')).toContain(`part ${part}.mp4`);
      const file = path.join(folder, `${part}.mp4`);
      await writeFile(file, new Uint8Array(await answer.arrayBuffer()));
      const { stdout, stderr } = await run(findProgram('ffprobe'), [
        ...['-v', 'warning', '-count_frames', '-select_streams', 'v', '-show_entries'],
        ...['stream=width,height,nb_read_frames', '-of', 'csv=p=0', file],
      ]);
      expect(stderr).toBe('');
      const [width, height, frames] = stdout.trim().split(',').map(Number);
      parts.push({ width, height, frames });
    }
    return parts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function analysed(stream: Stream): Promise<StreamHealth> {
  return until(
    async () => {
      const health = await server().api.health(stream.id);
      return health.frames.analysed > 0 && health;
    },
    { what: 'analysed frame', withinMs: 15_000 },
  );
}

async function problemOf({ id }: Stream): Promise<Stream['problem']> {
  return (await server().api.stream(id)).problem;
}

/** @param options of x264, in one line */
function encode(file: string, name: string, options: string): Promise<string> {
  return transcodeFile(file, name, ['-an', '-c:v', 'libx264', '-preset', 'veryfast', ...options.split(' ')]);
}

async function videoOnly(file: string): Promise<LoadedMedia> {
  const { tracks, samples } = await loadMedia(file);
  return {
    tracks: tracks.filter(({ kind }) => kind === 'video'),
    samples: samples.filter(({ kind }) => kind === 'video'),
  };
}

/** Bytes of sound that Chromium has decoded. */
function decodedSound(page: Page): Promise<number> {
  return page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement & { webkitAudioDecodedByteCount?: number }>('video');
    return video?.webkitAudioDecodedByteCount ?? 0;
  });
}

/** Waits for a warning. @returns all there are then */
function warned(stream: Stream, code: HealthWarning['code']): Promise<StreamHealth['warnings']> {
  return until(
    async () => {
      const { warnings } = await server().api.health(stream.id);
      return warnings.some((warning) => warning.code === code) && warnings;
    },
    { what: `warning ${code}`, withinMs: 15_000 },
  );
}

function later(sample: CodedSample, byMs: number): CodedSample {
  return { ...sample, dtsMs: sample.dtsMs + byMs, ptsMs: sample.ptsMs + byMs };
}
