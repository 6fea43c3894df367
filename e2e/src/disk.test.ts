import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveClip } from './harness/clips.js';
import { fetchPlaylist, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { makeTemporaryFolder } from './harness/paths.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { TestServer } from './harness/server.js';
import { showLogOnFailure } from './harness/suite.js';
import { until } from './harness/wait.js';

const MIB = 1024 * 1024;
const DISK_BYTES = 400 * MIB;
const RESERVE_BYTES = 32 * MIB;

let disk: Awaited<ReturnType<typeof makeTemporaryFolder>>;

beforeAll(async () => {
  disk = await makeTemporaryFolder('disk');
  // Needs the right to mount, as containers that run tests as root have it; elsewhere this fails and says so.
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk.path]);
});

afterAll(async () => {
  execFileSync('umount', [disk.path]);
  await disk.remove();
});

describe('a full disk', () => {
  it('stops storing, keeps the stream on air, says so once, and is over when there is room again', async () => {
    const server = await TestServer.start({
      dataDir: path.join(disk.path, 'data'),
      env: { DISK_RESERVE_BYTES: String(RESERVE_BYTES) },
    });
    showLogOnFailure(server);
    try {
      const { api, baseUrl } = server;
      const stream = await api.createStream({ name: 'Disk' });
      const client = await LiveClient.subscribe(baseUrl, stream.id);
      const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
      const first = await client.next('analysis', { withinMs: 60_000 });
      await client.next('analysis', { withinMs: 30_000, accept: ({ ptsMs }) => ptsMs > first.ptsMs + 4000 });
      const early = { from: first.ptsMs, to: first.ptsMs + 2000 };
      const playlistUrl = await variantUrl(baseUrl + stream.playbackUrl);
      const stored = (await fetchPlaylist(playlistUrl)).segments[0];
      const analyses = await api.analyses(stream.id, early);

      const filler = path.join(disk.path, 'filler');
      const { bavail, bsize } = await statfs(disk.path);
      await writeFile(filler, Buffer.alloc(bavail * bsize - RESERVE_BYTES / 2));
      const notice = await until(async () => (await api.system()).notices.find(({ code }) => code === 'storage_full'), {
        what: 'notice about the full disk',
        withinMs: 20_000,
      });
      expect(notice.message).toContain(disk.path);
      expect((await api.health(stream.id)).warnings.map(({ code }) => code)).toContain('storage_full');

      // On air: live analyses go on, and so does the live edge of the playlist.
      const edge = (await fetchPlaylist(playlistUrl)).segments.length;
      await client.next('analysis', { withinMs: 5000 });
      await until(async () => (await fetchPlaylist(playlistUrl)).segments.length > edge, {
        what: 'newer segment',
        withinMs: 10_000,
      });
      expect((await api.stream(stream.id)).state).toBe('live');
      expect((await api.system()).notices.filter(({ code }) => code === 'storage_full')).toHaveLength(1);

      await rm(filler);
      await until(async () => (await api.system()).notices.every(({ code }) => code !== 'storage_full'), {
        what: 'end of the notice',
        withinMs: 20_000,
      });
      // Nothing that was stored is lost.
      expect((await fetch(stored?.url ?? '')).status).toBe(200);
      expect(await api.analyses(stream.id, early)).toEqual(analyses);
      await publisher.stop();
      client.close();
    } finally {
      await server.stop();
    }
  });
});
