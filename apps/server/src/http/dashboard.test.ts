import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from './testing/server.js';

let dashboardDir = '';
beforeAll(async () => {
  dashboardDir = await mkdtemp(join(tmpdir(), 'dashboard-'));
  await mkdir(join(dashboardDir, 'media'));
  await writeFile(join(dashboardDir, 'index.html'), '<!doctype html><title>app</title><script>boot()</script>');
  await writeFile(join(dashboardDir, 'main-ABCD1234.js'), 'main()');
  await writeFile(join(dashboardDir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(dashboardDir, 'media', 'font-WXYZ5678.woff2'), 'font');
  await writeFile(join(dashboardDir, '.env'), 'SECRET=1');
});
afterAll(() => rm(dashboardDir, { recursive: true }));

describe('the dashboard', () => {
  it('is sent for every page that a person may have bookmarked, never from a cache', async () => {
    await using server = await startTestServer({ dashboardDir });
    for (const url of ['/', '/index.html', '/streams/stream-1', '/system?tab=models', '/docs']) {
      const response = await server.app.inject({ url, headers: { accept: 'text/html,*/*;q=0.8' } });
      expect([url, response.statusCode, response.headers['cache-control']]).toEqual([url, 200, 'no-cache']);
      expect(response.body).toContain('<title>app</title>');
      expect(response.headers['content-security-policy']).toContain("'sha256-");
    }
  });

  it('keeps files with a hash in their name for ever, others for as long as they do not change', async () => {
    await using server = await startTestServer({ dashboardDir });
    for (const url of ['/main-ABCD1234.js', '/media/font-WXYZ5678.woff2']) {
      expect((await server.app.inject(url)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
    const icon = await server.app.inject('/favicon.svg');
    expect([icon.headers['cache-control'], icon.headers['content-type']]).toEqual(['no-cache', 'image/svg+xml']);
    const again = await server.app.inject({ url: '/favicon.svg', headers: { 'if-none-match': icon.headers.etag } });
    expect(again.statusCode).toBe(304);
  });

  it('leaves the policies of documents away where there is none, and nowhere else', async () => {
    await using server = await startTestServer({ dashboardDir });
    for (const url of ['/main-ABCD1234.js', '/media/font-WXYZ5678.woff2']) {
      const { headers } = await server.app.inject(url);
      expect([url, headers['content-security-policy'], headers['x-content-type-options']]).toEqual([
        url,
        undefined,
        'nosniff',
      ]);
    }
    // A picture of this kind can be opened as a page, and may have scripts.
    for (const url of ['/favicon.svg', '/main-00000000.js', '/api/streams'])
      expect([url, (await server.app.inject(url)).headers['content-security-policy']]).toEqual([
        url,
        expect.stringContaining("default-src 'self'"),
      ]);
  });

  it('does not stand in for missing files, for the API, or for what wants no page', async () => {
    await using server = await startTestServer({ dashboardDir });
    for (const url of ['/main-00000000.js', '/api/nothing', '/api', '/hls/nothing', '/ws']) {
      const response = await server.app.inject({ url, headers: { accept: 'text/html' } });
      expect([url, response.statusCode, response.json().error.code]).toEqual([url, 404, 'route_not_found']);
    }
    const script = await server.app.inject({ url: '/streams', headers: { accept: 'application/json' } });
    expect(script.json().error.code).toBe('route_not_found');
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5cpackage.json',
    '/.env',
    '/media/',
  ])('does not give out %s', async (url) => {
    await using server = await startTestServer({ dashboardDir });
    const response = await server.app.inject({ url, headers: { accept: 'application/json' } });
    expect(response.statusCode).toBe(404);
    expect(response.json().error.code).toBe('route_not_found');
  });

  it('says how to build it when it is not there, and appears without a restart', async () => {
    const dir = join(dashboardDir, 'later');
    await using server = await startTestServer({ dashboardDir: dir });
    const before = await server.app.inject('/');
    expect(before.statusCode).toBe(503);
    expect(before.body).toContain('npm run build');
    expect(server.log.filter((line) => /"level":[456]0/.test(line) && !line.includes('must exist'))).toEqual([]);
    await mkdir(dir);
    await writeFile(join(dir, 'index.html'), '<title>built</title>');
    await writeFile(join(dir, 'main-ABCD1234.js'), 'main()');
    expect((await server.app.inject('/')).body).toContain('built');
    expect((await server.app.inject('/main-ABCD1234.js')).body).toBe('main()');
  });
});
