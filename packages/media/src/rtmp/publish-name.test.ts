import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPublishName } from './publish-name.js';

const KEY = 'sk_Zq81-tests';

describe('a publish name leads to the key', () => {
  const forms: [what: string, app: string, name: string][] = [
    ['plain', 'live', KEY],
    ['a slash before it', 'live', `/${KEY}`],
    ['slashes everywhere', '/live//', `//${KEY}//`],
    ['a slash behind it', 'live', `${KEY}/`],
    ['blanks and a line end', 'live', ` ${KEY}\r\n`],
    ['a tab and a no-break space', 'live', `\t${KEY}\u00a0`],
    ['a zero-width space inside', 'live', `sk_Zq81\u200b-tests`],
    ['a byte order mark', 'live', `\ufeff${KEY}`],
    ['quotes around it', 'live', `"${KEY}"`],
    ['angle brackets around it', 'live', `<${KEY}>`],
    ['the default instance of Flash servers', 'live/_definst_', KEY],
    ['the same, in the name', 'live', `_definst_/${KEY}`],
    ['the key in the application', `live/${KEY}`, ''],
    ['the key in the application and as key', `live/${KEY}`, KEY],
    ['the key twice in the name', 'live', `${KEY}/${KEY}`],
    ['the whole address as key', 'live', `rtmp://example.com:1935/live/${KEY}`],
    ['the whole address as server and as key', `live/${KEY}`, `rtmp://[::1]:1935/live/${KEY}`],
    ['the application again in the name', 'live', `live/${KEY}`],
    ['no application, all in the name', '', `live/${KEY}`],
    ['another case of the application', 'Live', KEY],
    ['percent-encoding', 'live', '%73k_Zq81%2Dtests'],
    ['a percent-encoded slash', `live%2F${KEY}`, ''],
    ['a percent-encoded line end', 'live', `${KEY}%0D%0A`],
    ['the format of Flash encoders', 'live', `mp4:${KEY}`],
    ['a query behind it', 'live', `${KEY}?user=a&pass=b`],
    ['a slash, then a query', 'live', `${KEY}/?user=a`],
    ['a query on the application', 'live?token=1', KEY],
  ];
  for (const [what, app, name] of forms)
    it(what, () => expect(readPublishName('live', app, name)).toMatchObject({ known: true, streamKey: KEY }));

  it('and hands the query on by itself', () => {
    expect(readPublishName('live', 'live', `${KEY}?user=a?b`).query).toBe('user=a?b');
  });
});

describe('a publish name does not lead anywhere', () => {
  it('when the application is another one', () => {
    for (const app of ['vod', 'livestream', 'vod/live', 'x'])
      expect(readPublishName('live', app, KEY).known, app).toBe(false);
    expect(readPublishName('live', '', `vod/${KEY}`).known).toBe(false);
  });

  it('when it is empty', () => {
    for (const name of ['', '/', ' ', '""', 'live', '_definst_', '?x=y', 'rtmp://host', 'rtmp://host/live/'])
      expect(readPublishName('live', 'live', name), name).toMatchObject({ known: true, streamKey: '' });
  });

  it('to another key: inner characters stay as they are', () => {
    expect(readPublishName('live', 'live', 'a b').streamKey).toBe('a b');
    expect(readPublishName('live', 'live', 'a%zz').streamKey).toBe('a%zz');
    expect(readPublishName('live', 'live', 'one/two').streamKey).toBe('one/two');
  });
});

describe('hostile names', () => {
  it('are read without throwing, and reading the key again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (app, name) => {
        const { streamKey } = readPublishName('live', app, name);
        expect(streamKey.startsWith('/') || streamKey.endsWith('/')).toBe(false);
      }),
    );
  });
});
