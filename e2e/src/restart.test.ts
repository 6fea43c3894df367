import { describe, expect, it } from 'vitest';
import { liveClip } from './harness/clips.js';
import { fetchPlaylist, untilSegments, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { makeDataFolder } from './harness/paths.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { TestServer } from './harness/server.js';
import { showLogOnFailure } from './harness/suite.js';

describe('a restart', () => {
  for (const [how, end, endReason] of [
    ['after an orderly stop', (server: TestServer) => server.stop(), 'server_stopped'],
    ['after a crash', (server: TestServer) => server.kill(), 'server_died'],
  ] as const) {
    it(`${how} keeps streams, keys, sessions, media and results, and closes what was live`, async () => {
      const data = await makeDataFolder('restart');
      let server = await TestServer.start({ dataDir: data.path });
      showLogOnFailure(server);
      const { httpPort, rtmpPort } = server;
      try {
        const quiet = await server.api.createStream({ name: 'Quiet' });
        const stream = await server.api.createStream({ name: 'Live' });
        const client = await LiveClient.subscribe(server.baseUrl, stream.id);
        const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
        const first = await client.next('analysis', { withinMs: 60_000 });
        await client.next('analysis', { withinMs: 30_000, accept: ({ ptsMs }) => ptsMs > first.ptsMs + 5000 });
        client.close();
        const live = await server.api.stream(stream.id);
        const early = { from: first.ptsMs, to: first.ptsMs + 3000 };
        const analyses = await server.api.analyses(stream.id, early);
        const { segments } = await untilSegments(server.baseUrl + stream.playbackUrl, 3, 10_000);
        expect(analyses.length).toBeGreaterThan(10);

        await end(server);
        await publisher.ended;
        server = await TestServer.start({ dataDir: data.path, httpPort, rtmpPort });
        showLogOnFailure(server);

        const [again, quietAgain] = [await server.api.stream(stream.id), await server.api.stream(quiet.id)];
        expect(quietAgain).toMatchObject({ name: 'Quiet', streamKey: quiet.streamKey, state: 'offline' });
        expect(again).toMatchObject({ streamKey: stream.streamKey, ingestUrl: stream.ingestUrl });
        expect(['ended', 'offline']).toContain(again.state);
        expect(again.session).toMatchObject({ id: live.session?.id, epochAt: live.session?.epochAt, endReason });
        expect(again.session?.endedAt).not.toBeNull();
        expect(await server.api.analyses(stream.id, early)).toEqual(analyses);

        const playlist = await fetchPlaylist(await variantUrl(server.baseUrl + stream.playbackUrl));
        expect(playlist.ended).toBe(true);
        expect(playlist.segments.slice(0, 2).map(({ programDateTime }) => programDateTime)).toEqual(
          segments.slice(0, 2).map(({ programDateTime }) => programDateTime),
        );
        for (const { url } of playlist.segments) expect((await fetch(url)).status).toBe(200);

        const back = publishWithFfmpeg(stream.ingestUrl, await liveClip());
        const next = await server.api.inState(stream.id, 'live');
        expect(next.session?.id).not.toBe(live.session?.id);
        expect(await server.api.sessions(stream.id)).toHaveLength(2);
        await back.stop();
      } finally {
        await server.dispose();
        await data.remove();
      }
    });
  }
});
