import { gunzipSync } from 'node:zlib';
import { CodedError } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptsGzip, matchesEtag, PlaylistGzip, parseRange } from './delivery.js';

describe('If-None-Match', () => {
  it.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"x", W/"a" , "y"', '"a"', true],
    ['*', '"a"', true],
    ['"b"', '"a"', false],
    ['a', '"a"', false],
    ['"a,b"', '"a"', false],
    [undefined, '"a"', false],
  ])('%s against %s is %s', (header, etag, expected) => {
    expect(matchesEtag(header, etag)).toBe(expected);
  });
});

describe('Range', () => {
  it.each([
    ['bytes=0-99', { start: 0, end: 99 }],
    ['bytes=900-', { start: 900, end: 999 }],
    ['bytes=-1', { start: 999, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['bytes=0-5000', { start: 0, end: 999 }],
    ['bytes= 5-7 ', { start: 5, end: 7 }],
  ])('%s of 1000 bytes is %o', (header, expected) => {
    expect(parseRange(header, 1000)).toEqual(expected);
  });

  it.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=5-3', 'bytes=0-1,5-6', 'items=0-1', 'bytes=0-1-2'])(
    '%s asks for the whole file',
    (header) => {
      expect(parseRange(header, 1000)).toBeNull();
    },
  );

  it.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0'])('%s of 1000 bytes cannot be satisfied', (header) => {
    expect(() => parseRange(header, 1000)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  });

  it('never leaves the file, whatever is sent', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.option(fc.nat(), { nil: '' }), fc.option(fc.nat(), { nil: '' })).map(([a, b]) => `bytes=${a}-${b}`),
    );
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 5000 }), (text, size) => {
        let range: ReturnType<typeof parseRange>;
        try {
          range = parseRange(text, size);
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError);
          return;
        }
        if (range === null) return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});

describe('Accept-Encoding', () => {
  it.each([
    ['gzip', true],
    ['br, GZIP;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['*, gzip;q=0', false],
    ['*;q=0', false],
    ['br', false],
    ['', false],
    [undefined, false],
  ])('%s admits gzip: %s', (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected);
  });
});

describe('compressing playlists', () => {
  const body = '#EXTINF:2.0,\n'.repeat(200);

  it('does the work once for all viewers of the same playlist', async () => {
    const gzip = new PlaylistGzip();
    const first = gzip.compress('a', body);
    expect(gzip.compress('a', body)).toBe(first);
    expect(gunzipSync((await first) as Buffer).toString()).toBe(body);
  });

  it('forgets the oldest, so that its memory is bounded', async () => {
    const gzip = new PlaylistGzip();
    const first = gzip.compress('0', body);
    for (let index = 1; index <= 64; index++) await gzip.compress(String(index), body);
    expect(gzip.compress('64', body)).toBe(gzip.compress('64', body));
    expect(gzip.compress('0', body)).not.toBe(first);
  });

  it('leaves alone what fits into one packet', () => {
    expect(new PlaylistGzip().compress('a', '#EXTM3U')).toBeNull();
  });
});
