import { describe, expect, it } from 'vitest';
import { liveClip } from '../harness/clips.js';
import { publishWithFfmpeg } from '../harness/publish.js';
import { startFfmpegPeer, startNginxPeer } from './peers.js';

describe('the peers of the bench', () => {
  for (const [name, start] of [
    ['ffmpeg', startFfmpegPeer],
    ['nginx-rtmp', startNginxPeer],
  ] as const) {
    it(`include ${name}, which does the work that it is compared in`, async () => {
      const peer = await start();
      const publisher = publishWithFfmpeg(peer.url, await liveClip());
      try {
        await expect.poll(() => peer.segments(), { timeout: 20_000 }).toBeGreaterThan(1);
        // The kernel counts in hundredths: a frugal peer needs a while to be seen.
        await expect.poll(() => peer.cpuSeconds(), { timeout: 20_000 }).toBeGreaterThan(0);
        expect(publisher.running).toBe(true);
      } finally {
        await publisher.stop();
        await peer.stop();
      }
    });
  }
});
