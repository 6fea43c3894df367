import { interval, page } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { makeInterval } from '../testing/fixtures.js';
import { startTestServer } from './testing/server.js';

const LIST = '/api/streams/stream-1/intervals';

describe('intervals over HTTP', () => {
  it('come in pages', async () => {
    await using server = await startTestServer();
    server.streams.intervals.push(makeInterval({ id: 'session-1-8', trackId: 8 }));
    const first = await server.app.inject({ url: `${LIST}?limit=1&certainty=raw&labels=person,dog` });
    expect(first.statusCode).toBe(200);
    const { items, nextCursor } = page(interval).parse(first.json());
    expect(items).toEqual([makeInterval()]);
    const rest = await server.app.inject({ url: `${LIST}?limit=1&cursor=${nextCursor}` });
    expect(rest.json()).toMatchObject({ items: [{ trackId: 8 }], nextCursor: null });
  });

  it('come whole as a file, page after page, CSV and JSON with the same content', async () => {
    await using server = await startTestServer();
    server.streams.intervals.length = 0;
    for (let trackId = 1; trackId <= 2500; trackId++)
      server.streams.intervals.push(makeInterval({ id: `session-1-${trackId}`, trackId, fromMs: trackId }));
    const json = await server.app.inject({ url: `${LIST}.json` });
    expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(page(interval).parse(json.json())).toEqual({ items: server.streams.intervals, nextCursor: null });
    const csv = await server.app.inject({ url: `${LIST}.csv` });
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="appearances-2026-09-21-141320.csv"',
      'cache-control': 'no-store',
    });
    const lines = csv.body.split('\r\n');
    expect(lines).toHaveLength(2502);
    const [head = [], first = []] = lines.slice(0, 2).map((line) => line.split(','));
    const row = Object.fromEntries(head.map((name, index) => [name, first[index]]));
    expect(row).toMatchObject({
      from: '2026-09-21T14:13:20.001Z',
      label: 'person',
      fromMs: '1',
      score: '0.7',
      trackId: '1',
    });
    expect(row).toMatchObject({
      certainty: 'very_sure',
      sureMs: '1300',
      bestMs: '2500',
      bestX: '0.1',
      bestHeight: '0.4',
    });
  });

  it('quote what CSV would take apart, and defuse what a spreadsheet would run', async () => {
    await using server = await startTestServer();
    server.streams.intervals.splice(
      0,
      1,
      makeInterval({ label: 'a "b", c' }),
      makeInterval({ label: '=HYPERLINK("x")' }),
    );
    const { body } = await server.app.inject({ url: `${LIST}.csv` });
    expect(body).toContain('"a ""b"", c"');
    expect(body).toContain(`"'=HYPERLINK(""x"")"`);
  });

  it('are an empty file where nothing passes', async () => {
    await using server = await startTestServer();
    server.streams.intervals.length = 0;
    expect((await server.app.inject({ url: `${LIST}.json` })).json()).toEqual({ items: [], nextCursor: null });
    expect((await server.app.inject({ url: `${LIST}.csv` })).body.trim().split('\r\n')).toHaveLength(1);
  });

  it.each([
    ['?certainty=perhaps', 400, 'validation_failed'],
    ['?minScore=1.5', 400, 'validation_failed'],
    ['?session=session-9', 404, 'session_not_found'],
    ['.csv?session=session-9', 404, 'session_not_found'],
    ['.json?kind=alarm', 400, 'validation_failed'],
    ['?cursor=x', 400, 'cursor_invalid'],
  ])('refuse %s', async (query, status, code) => {
    await using server = await startTestServer();
    const answer = await server.app.inject({ url: LIST + query });
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
  });
});
