import { describe, expect, it } from 'vitest';
import { liveClip } from './harness/clips.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedServer } from './harness/suite.js';
import { until } from './harness/wait.js';

/** Twice sixty analyses a second are more than one thread of any processor that we know of does. */
const server = sharedServer({ env: { ANALYSIS_RATE: '60', VISION_THREADS: '1' } });

describe('a machine that is too slow for what is wanted', () => {
  it('analyses less often, of all streams alike, with the losses counted and a latency that stays', async () => {
    const { api } = server();
    const clip = await liveClip({ frameRate: [60, 1], seconds: 20, keyframeInterval: 60 });
    const streams = [await api.createStream({ name: 'One' }), await api.createStream({ name: 'Other' })];
    const publishers = streams.map(({ ingestUrl }) => publishWithFfmpeg(ingestUrl, clip));
    try {
      const healths = () => Promise.all(streams.map(({ id }) => api.health(id)));
      await until(async () => (await healths()).every(({ rate }) => rate !== undefined && rate.inForce < rate.wanted), {
        what: 'a lower rate in force',
        withinMs: 60_000,
      });
      const [one, other] = await healths();
      expect(one!.rate).toEqual(other!.rate);
      expect(one!.rate!.wanted).toBe(60);
      for (const { frames } of [one!, other!]) {
        const lost = Object.values(frames.dropped).reduce((sum, count) => sum + count, 0);
        expect(lost).toBeGreaterThan(0);
        expect(frames.analysed + lost).toBeLessThanOrEqual(frames.sampled);
      }
    } finally {
      for (const publisher of publishers) await publisher.stop();
    }
  });
});
