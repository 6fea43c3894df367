import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openPage, playsFor } from './harness/browser.js';
import { liveClip } from './harness/clips.js';
import { fetchText, untilSegments, variantUrl } from './harness/hls.js';
import { type LoadedMedia, loadMedia, OwnPublisher, publishWithFfmpeg } from './harness/publish.js';
import { sharedBrowser, sharedServer } from './harness/suite.js';
import { transcodeFile } from './harness/transcode.js';
import { until } from './harness/wait.js';

const server = sharedServer({ env: { PUBLISHER_TAKEOVER_MS: '1500' } });
const browser = sharedBrowser();

describe('a publisher', () => {
  it('with an unknown key is refused and learns why, and the key is in no log line', async () => {
    const { api, rtmpPort, log } = server();
    const stream = await api.createStream({ name: 'Keys' });
    const key = 'sk_wrong_but_secret_0123456789';
    await expect(OwnPublisher.open(`rtmp://127.0.0.1:${rtmpPort}/live/${key}`)).rejects.toMatchObject({
      code: 'rtmp_publish_refused',
      message: expect.stringContaining('NetStream.Publish.BadName'),
    });
    const encoder = publishWithFfmpeg(`rtmp://127.0.0.1:${rtmpPort}/live/${key}`, await liveClip());
    expect((await encoder.ended).code).not.toBe(0);
    expect(log.join('\n')).not.toContain(key);
    expect(log.join('\n')).not.toContain(stream.streamKey);
  });

  it('that comes second is refused while the first one sends, and the first one does not notice', async () => {
    const { api } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Busy' });
    const first = await OwnPublisher.open(stream.ingestUrl);
    const run = first.play(media);
    const before = await api.inState(stream.id, 'live');
    await expect(OwnPublisher.open(stream.ingestUrl)).rejects.toMatchObject({ code: 'rtmp_publish_refused' });
    await delay(500); // Time for a server that would close the wrong one.
    expect(await api.stream(stream.id)).toMatchObject({ state: 'live', session: { id: before.session?.id } });
    await first.close();
    await expect(run).resolves.toBeUndefined();
  });

  it('takes over from one that fell silent without closing', async () => {
    const { api } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Half-open' });
    const silent = await OwnPublisher.open(stream.ingestUrl);
    const run = silent.play(media);
    const before = await api.inState(stream.id, 'live');
    await delay(1500);
    silent.fallSilent();
    await run;

    const second = await until(() => OwnPublisher.open(stream.ingestUrl), {
      what: 'takeover',
      withinMs: 8000,
      everyMs: 500,
    });
    const secondRun = second.play(media);
    const segments = (await untilSegments(server().baseUrl + stream.playbackUrl, 3, 20_000)).segments.length;
    expect(segments).toBeGreaterThanOrEqual(3);
    expect(await api.stream(stream.id)).toMatchObject({ state: 'live', session: { id: before.session?.id } });
    await second.close();
    await secondRun;
    silent.vanish();
  });

  it('may send video alone', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Silent film' });
    const publisher = await OwnPublisher.open(stream.ingestUrl, { only: 'video' });
    const run = publisher.play(media);
    const { page } = await openPage(browser(), `${baseUrl}/streams/${stream.id}`);
    await playsFor(page, 3, 40_000);
    expect((await api.stream(stream.id)).session).toMatchObject({ video: { codec: 'h264' }, audio: null });
    expect((await api.health(stream.id)).warnings.map(({ code }) => code)).toContain('no_audio');
    await publisher.close();
    await run;
    await page.close();
  });

  it('may send sound alone', async () => {
    const { api, baseUrl } = server();
    const media = await loadMedia(await liveClip());
    const stream = await api.createStream({ name: 'Radio' });
    const publisher = await OwnPublisher.open(stream.ingestUrl, { only: 'audio' });
    const run = publisher.play(media);
    const playlist = await untilSegments(baseUrl + stream.playbackUrl, 2, 40_000);
    expect(playlist.segments.length).toBeGreaterThanOrEqual(2);
    const multivariant = await fetchText(baseUrl + stream.playbackUrl);
    expect(multivariant).toMatch(/CODECS="mp4a\.40\.2"/);
    expect(multivariant).not.toContain('RESOLUTION');
    expect((await api.stream(stream.id)).session).toMatchObject({ video: null, audio: { codec: 'aac' } });
    expect((await api.health(stream.id)).warnings.map(({ code }) => code)).toContain('no_video');
    await publisher.close();
    await run;
  });

  it('with a codec that cannot be carried is told so, and so is whoever looks at the stream', async () => {
    const { api } = server();
    const stream = await api.createStream({ name: 'Legacy' });
    // Sorenson H.263 and MP3: what FLV began with.
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip(), {
      codec: ['-c:v', 'flv', '-s', '352x288', '-c:a', 'libmp3lame', '-ar', '44100'],
    });
    const { problem } = await until(
      async () => {
        const now = await api.stream(stream.id);
        return now.problem && now;
      },
      { what: 'problem on the stream', withinMs: 20_000 },
    );
    expect(problem).toMatchObject({ code: 'codec_unsupported', message: expect.stringMatching(/H\.264|h264/i) });
    await publisher.stop({ signal: 'SIGKILL' });
  });

  it('with HEVC is passed on, and the stream says what browsers cannot play and what to set', async () => {
    const { api, baseUrl } = server();
    const stream = await api.createStream({ name: 'HEVC' });
    const hevc = await hevcMedia();
    const publisher = await OwnPublisher.open(stream.ingestUrl);
    const run = publisher.play(hevc);
    const { warnings } = await until(
      async () => {
        const health = await api.health(stream.id);
        return health.warnings.length > 0 && health;
      },
      { what: 'warning about the codec', withinMs: 15_000 },
    );
    expect(warnings).toContainEqual(
      expect.objectContaining({ code: 'codec_not_playable_in_browsers', message: expect.stringMatching(/H\.264/) }),
    );
    expect(await fetchText(baseUrl + stream.playbackUrl)).toMatch(/CODECS="hvc1\./);
    expect(await fetchText(await variantUrl(baseUrl + stream.playbackUrl))).toContain('#EXT-X-PART');
    await publisher.close();
    await run;
  });
});

/** A few seconds of HEVC. */
async function hevcMedia(): Promise<LoadedMedia> {
  return loadMedia(
    await transcodeFile(await liveClip({ seconds: 10 }), 'hevc', [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=error:keyint=30',
      '-tag:v',
      'hvc1',
      '-c:a',
      'copy',
    ]),
  );
}
