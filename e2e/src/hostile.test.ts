import { request } from 'node:http';
import { connect } from 'node:net';
import { MAX_CLIENT_MESSAGE_BYTES } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { liveClip } from './harness/clips.js';
import { untilSegments, variantUrl } from './harness/hls.js';
import { LiveClient } from './harness/live-client.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { sharedServer } from './harness/suite.js';

const server = sharedServer();
const FOREIGN = 'https://evil.example';

describe('a web page elsewhere', () => {
  it('can neither read nor change anything over REST', async () => {
    const { api, baseUrl } = server();
    for (const init of [
      { method: 'GET' },
      { method: 'POST', body: '{"name":"x"}', headers: { 'content-type': 'application/json' } },
    ]) {
      const refused = await api.refusal('/api/streams', { ...init, headers: { ...init.headers, origin: FOREIGN } });
      expect(refused).toMatchObject({ status: 403, error: { code: 'origin_refused' } });
    }
    const simple = await fetch(`${baseUrl}/api/streams`, {
      method: 'POST',
      body: '{"name":"x"}',
      headers: { origin: FOREIGN, 'content-type': 'text/plain' },
    });
    expect(simple.status).toBe(403);
    expect(await api.streams()).toEqual([]);
  });

  it('cannot open a WebSocket', async () => {
    await expect(LiveClient.connect(server().baseUrl, { headers: { origin: FOREIGN } })).rejects.toThrow('403');
  });

  it('cannot get in by a name of its own that leads to this machine', async () => {
    const { httpPort } = server();
    const status = await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: httpPort,
        path: '/api/streams',
        headers: { host: `evil.example:${httpPort}` },
      };
      request(options, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
    await expect(LiveClient.connect(server().baseUrl, { headers: { host: 'evil.example' } })).rejects.toThrow('403');
  });
});

describe('a path of a playback URL', () => {
  it('never leads out of the media folder', async () => {
    const { api, baseUrl, httpPort } = server();
    const stream = await api.createStream({ name: 'Paths' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    await untilSegments(baseUrl + stream.playbackUrl, 1, 20_000);
    const playlist = new URL(await variantUrl(baseUrl + stream.playbackUrl)).pathname;
    const folder = playlist.slice(0, playlist.lastIndexOf('/'));
    for (const path of [
      `${folder}/../../../../../../etc/passwd`,
      `${folder}/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd`,
      `${folder}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd`,
      `${folder}/....//....//etc/passwd`,
      `${folder}/seg-0.m4s%00.png`,
      `${folder}/C:%5cwindows%5cwin.ini`,
      '/hls/../../../../etc/passwd',
      `/hls/${stream.id}/..%2f..%2fdb/PG_VERSION`,
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/package.json',
    ]) {
      const { status, body } = await rawGet(httpPort, path);
      // The dashboard answers unknown pages with itself; nothing else may come back with 200.
      if (status === 200) expect(body, path).toContain('<html');
      else expect([400, 403, 404], path).toContain(status);
      expect(body, path).not.toMatch(/root:x:|"workspaces"|^\d+\n$/);
      expect(body, path).not.toMatch(/\n\s+at /);
    }
    await publisher.stop();
  });
});

describe('a WebSocket client', () => {
  it('that sends garbage gets an error and keeps its connection', async () => {
    const client = await LiveClient.connect(server().baseUrl);
    for (const garbage of [
      '',
      '{',
      '[]',
      '{"type":"destroy"}',
      '{"type":"subscribe"}',
      '{"type":"subscribe","streamId":"../x"}',
    ]) {
      const answer = client.next('error', { withinMs: 3000 });
      client.sendRaw(garbage);
      expect((await answer).error.code, garbage).toBe('message_invalid');
    }
    const unknown = client.next('error', { withinMs: 3000 });
    client.send({ type: 'subscribe', streamId: 'nobody' });
    expect((await unknown).error.code).toBe('stream_not_found');
    const pong = client.next('pong', { withinMs: 3000 });
    client.send({ type: 'ping', at: 1 });
    expect((await pong).at).toBe(1);
    expect(client.violations).toEqual([]);
    client.close();
  });

  it('that sends too much is closed', async () => {
    const client = await LiveClient.connect(server().baseUrl);
    const closed = client.closed(5000);
    client.sendRaw('x'.repeat(MAX_CLIENT_MESSAGE_BYTES * 4));
    expect([1008, 1009]).toContain(await closed);
    expect((await server().api.get('/healthz')).status).toBe(200);
  });
});

describe('garbage on the RTMP port', () => {
  it('costs a connection and nothing else', async () => {
    const { api, rtmpPort } = server();
    const requests = ['GET / HTTP/1.1\r\n\r\n', '\x03'.repeat(3000), Buffer.alloc(100_000, 0xff)];
    for (const bytes of requests) {
      await new Promise<void>((resolve) => {
        const socket = connect(rtmpPort, '127.0.0.1', () => socket.write(bytes));
        socket.on('error', () => {});
        socket.once('close', () => resolve());
        socket.resume();
        // It may also wait for the rest of a handshake: what matters is what others see meanwhile.
        setTimeout(() => socket.destroy(), 1000);
      });
    }
    const stream = await api.createStream({ name: 'Still there' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    await api.inState(stream.id, 'live');
    await publisher.stop();
  });
});

/** A request with the path exactly as given: fetch and browsers would tidy it up first. */
function rawGet(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}
