import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Child } from './harness/child.js';
import { liveClip } from './harness/clips.js';
import { fetchPlaylist, variantUrl } from './harness/hls.js';
import { makeTemporaryFolder, REPOSITORY } from './harness/paths.js';
import { freePort } from './harness/ports.js';
import { publishWithFfmpeg } from './harness/publish.js';
import { START_WITHIN_MS, spawnServer, TestServer } from './harness/server.js';
import { showLogOnFailure } from './harness/suite.js';
import { until } from './harness/wait.js';

describe('a start that cannot work ends with one clear error', () => {
  for (const variable of ['PORT', 'RTMP_PORT'] as const) {
    it(`when the port of ${variable} is taken`, async () => {
      const data = await makeTemporaryFolder('port');
      const taken = createServer();
      const port = await new Promise<number>((resolve) =>
        taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
      );
      const env = {
        PORT: String(await freePort()),
        RTMP_PORT: String(await freePort()),
        DATA_DIR: data.path,
        [variable]: String(port),
      };
      await expectRefusal(
        spawnServer({ HOST: '127.0.0.1', ...env }),
        'port_in_use',
        new RegExp(`${port}.*set ${variable}`),
      );
      taken.close();
      await data.remove();
    });
  }

  it('when the data folder cannot be written', async () => {
    const data = await makeTemporaryFolder('unwritable');
    const env = { HOST: '127.0.0.1', PORT: '0', RTMP_PORT: '0' };
    // Root may write anywhere that modes forbid, so that a file stands where the folder should be.
    const file = path.join(data.path, 'file');
    await writeFile(file, '');
    await expectRefusal(
      spawnServer({ ...env, DATA_DIR: path.join(file, 'data') }),
      'data_dir_unwritable',
      /set DATA_DIR/,
    );
    if (process.getuid?.() !== 0) {
      const closed = path.join(data.path, 'closed');
      await mkdir(closed);
      await chmod(closed, 0o500);
      await expectRefusal(spawnServer({ ...env, DATA_DIR: closed }), 'data_dir_unwritable', /set DATA_DIR/);
    }
    await data.remove();
  });

  it('when another server uses the data folder', async () => {
    const first = await TestServer.start();
    const second = spawnServer({ HOST: '127.0.0.1', PORT: '0', RTMP_PORT: '0', DATA_DIR: first.dataDir });
    await expectRefusal(second, 'data_dir_locked', new RegExp(String(first.pid)));
    expect((await first.api.get('/readyz')).status).toBe(200);
    await first.stop();
  });

  it('when the configuration is wrong, naming every problem at once', async () => {
    const child = spawnServer({ PORT: 'eighty', SEGMENT_TARGET_MS: '1', DATA_DIR: '/nonexistent' });
    await expectRefusal(child, 'config_invalid', /PORT is "eighty".*SEGMENT_TARGET_MS is "1"/s);
  });
});

describe('with a port of 0', () => {
  it('the server takes free ones and prints where to go', async () => {
    const data = await makeTemporaryFolder('free-port');
    const child = spawnServer({
      HOST: '127.0.0.1',
      PORT: '0',
      RTMP_PORT: '0',
      DATA_DIR: data.path,
      LOG_FORMAT: 'pretty',
    });
    try {
      const [url] = await child.line(/http:\/\/127\.0\.0\.1:[1-9]\d*/, START_WITHIN_MS);
      await child.line(/rtmp:\/\/127\.0\.0\.1:[1-9]\d*/, 5000);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
    } finally {
      expect((await child.stop({ signal: 'SIGINT' })).code).toBe(0);
    }
    await data.remove();
  });
});

describe('without usable weights everything but analysis works, and the server says what to do', () => {
  it('when the model is not on this machine', async () => {
    const cache = await makeTemporaryFolder('models');
    await expectPlaybackWithoutModel(
      { DETECTION_MODEL: 'yolox-tiny', MODELS_DIR: cache.path, MODELS_MIRROR: undefined },
      'model_missing',
      /npm run models -- yolox-tiny/,
      'model_missing',
    );
    await cache.remove();
  });

  it('when the file is not what the manifest says', async () => {
    const cache = await makeTemporaryFolder('models');
    const weights = await weightsOf('yolox-tiny');
    const file = path.join(cache.path, 'yolox-tiny', weights.name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.alloc(weights.bytes, 1));
    await expectPlaybackWithoutModel(
      { DETECTION_MODEL: 'yolox-tiny', MODELS_DIR: cache.path, MODELS_MIRROR: undefined },
      'model_hash_mismatch',
      /refused/,
      'model_failed',
    );
    await cache.remove();
  });
});

async function expectRefusal(child: Child, code: string, text: RegExp): Promise<void> {
  const end = await child.ended;
  const output = child.lines.join('\n');
  expect(end.code, output).toBe(1);
  expect(output).toContain(code);
  expect(output).toMatch(text);
  // For people: an error that they can act on, not a stack of ours.
  expect(output).not.toMatch(/^\s+at .*\.js:\d+/m);
}

async function expectPlaybackWithoutModel(
  env: Record<string, string | undefined>,
  code: string,
  advice: RegExp,
  warning: 'model_missing' | 'model_failed',
): Promise<void> {
  const server = await TestServer.start({ env });
  showLogOnFailure(server);
  try {
    const stream = await server.api.createStream({ name: 'No model' });
    const publisher = publishWithFfmpeg(stream.ingestUrl, await liveClip());
    const notice = await until(async () => (await server.api.system()).notices.find((one) => one.code === code), {
      what: `notice ${code}`,
      withinMs: 20_000,
    });
    expect(notice.message).toMatch(advice);
    await server.api.inState(stream.id, 'live');
    await until(
      async () => (await fetchPlaylist(await variantUrl(server.baseUrl + stream.playbackUrl))).segments.length > 1,
      { what: 'segments', withinMs: 20_000 },
    );
    expect((await server.api.health(stream.id)).warnings.map((warning) => warning.code)).toContain(warning);
    await publisher.stop();
  } finally {
    await server.stop();
  }
}

async function weightsOf(name: string): Promise<{ name: string; bytes: number }> {
  const manifest: { models: { name: string; files: { name: string; bytes: number }[] }[] } = JSON.parse(
    await readFile(path.join(REPOSITORY, 'models/manifest.json'), 'utf8'),
  );
  const file = manifest.models.find((model) => model.name === name)?.files[0];
  if (!file) throw new Error(`the manifest has no model ${name}`);
  return file;
}
