import type { StreamHealth } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { testMedia } from './harness/paths.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedServer } from './harness/suite.js';
import { transcodeFile } from './harness/transcode.js';
import { until } from './harness/wait.js';

const server = sharedServer({ env: { RECONNECT_WINDOW_MS: '4000' } });

const lost = ({ frames }: StreamHealth): number => Object.values(frames.dropped).reduce((sum, count) => sum + count, 0);

describe('interlaced video on air', () => {
  it('is analysed from the start, in counts that hold at every moment, and ends with its media', async () => {
    const { api } = server();
    const clip = await transcodeFile(testMedia('video/woman_dog_ball_720p30.mp4'), 'live-1080i', [
      ...['-t', '12', '-an', '-vf', 'scale=1920:1080,tinterlace=interleave_top,fieldorder=tff'],
      ...['-flags', '+ilme+ildct', '-c:v', 'libx264', '-preset', 'veryfast', '-x264opts', 'tff=1', '-g', '15'],
    ]);
    const stream = await api.createStream({ name: 'Interlaced' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, clip);
    const readings: StreamHealth[] = [];
    try {
      await until(
        async () => {
          const health = await api.health(stream.id);
          readings.push(health);
          return health.frames.analysed > 60;
        },
        { what: '60 analyses', withinMs: 60_000, everyMs: 50 },
      );
    } finally {
      await publisher.stop();
    }
    for (const health of readings) {
      const { sampled, analysed } = health.frames;
      expect(analysed + lost(health)).toBeLessThanOrEqual(sampled);
      expect(sampled - analysed - lost(health)).toBeLessThan(20);
      expect(health.frames.dropped).not.toHaveProperty('media_down');
      expect(health.frames.dropped).not.toHaveProperty('undecodable');
    }
    expect((await api.stream(stream.id)).problem).toBeNull();

    const live = readings.at(-1)!;
    await until(async () => (await api.stream(stream.id)).state === 'ended', {
      what: 'the end of the session',
      withinMs: 20_000,
    });
    const { session } = await api.stream(stream.id);
    expect(session!.endReason).toBe('reconnect_window_passed');
    expect(Math.abs(session!.endedAt! - session!.epochAt - session!.durationMs)).toBeLessThan(1000);
    const health = await api.health(stream.id);
    expect(health).toMatchObject({ sessionId: session!.id, bitrate: 0, analysisRate: 0, captureToResult: null });
    expect(health.frames.analysed).toBeGreaterThanOrEqual(live.frames.analysed);
    expect(session!.frames).toEqual(health.frames);
  });
});
