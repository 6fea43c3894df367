import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ParsedPlaylist, parsePlaylist, playlistProblems, updateProblems } from './testing/playlist-validator.js';
import { AUDIO, program, VIDEO } from './testing/samples.js';
import { codeOf, settled, setUp } from './testing/setup.js';

describe('playlist requests', () => {
  it('are held until the first segment is there', async () => {
    const { packager, feed } = setUp();
    expect(packager.multivariantPlaylist()).toBeNull();
    const first = packager.mediaPlaylist({});
    feed(program({ toMs: 990 }));
    await settled();
    expect(packager.playable).toBe(false);
    feed(program({ fromMs: 1000, toMs: 1100 }));
    expect(parsePlaylist((await first).body).segments[0]!.uri).toBe('seg-0.m4s');
    expect(packager.playable).toBe(true);
  });

  it('for a segment wait for all of it, for a part beyond its end for the next one', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 1500 }));
    let segment: ParsedPlaylist | null = null;
    let beyond: ParsedPlaylist | null = null;
    void packager.mediaPlaylist({ msn: 1 }).then(({ body }) => {
      segment = parsePlaylist(body);
    });
    void packager.mediaPlaylist({ msn: 1, part: 12 }).then(({ body }) => {
      beyond = parsePlaylist(body);
    });
    feed(
      program({ fromMs: 1500, toMs: 3000, keyframeEveryMs: 500 }).filter(
        (s) => s.kind === 'audio' || !s.keyframe || s.dtsMs !== 1500,
      ),
    );
    await settled();
    expect([segment, beyond]).toEqual([null, null]);
    feed(program({ fromMs: 3000, toMs: 3100 }));
    await settled();
    expect(segment!.segments[1]!.uri).toBe('seg-1.m4s');
    expect(beyond).toBeNull();
    feed(
      program({ fromMs: 3100, toMs: 3400, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })),
    );
    await settled();
    expect(beyond!.segments.at(-1)!.parts[0]!.uri).toBe('part-2.0.m4s');
  });

  it('are refused when they make no sense or lie too far ahead', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 3500 }));
    expect(await codeOf(packager.mediaPlaylist({ part: 1 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: -1 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: Number.NaN }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: 1, part: 0.5 }))).toBe('playlist_request_invalid');
    expect(await codeOf(packager.mediaPlaylist({ msn: 4 }))).toBe('playlist_too_far_ahead');
    expect(await codeOf(packager.mediaPlaylist({ msn: 2, part: 40 }))).toBe('playlist_too_far_ahead');
  });

  it('are refused beyond the number that may wait', async () => {
    const { packager, feed } = setUp([VIDEO, AUDIO], { maxWaiters: 2 });
    feed(program({ toMs: 1200 }));
    const held = [packager.mediaPlaylist({ msn: 1, part: 0 }), packager.mediaPlaylist({ msn: 1 })];
    expect(await codeOf(packager.mediaPlaylist({ msn: 2, part: 0 }))).toBe('too_many_requests');
    await packager.end();
    await Promise.all(held);
  });

  describe('that have waited three target durations', () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    it('are told so when nothing can be played yet', async () => {
      vi.useFakeTimers();
      const { packager, feed } = setUp();
      feed(program({ toMs: 300 }));
      const refused = codeOf(packager.mediaPlaylist({}));
      await vi.advanceTimersByTimeAsync(5990);
      expect(packager.stats().waiters).toBe(1);
      await vi.advanceTimersByTimeAsync(20);
      expect(await refused).toBe('playlist_timeout');
      expect(packager.stats().waiters).toBe(0);
    });

    it('are told so when the publisher sends but nothing comes of it', async () => {
      vi.useFakeTimers();
      const { packager, feed } = setUp();
      feed(program({ toMs: 1500 }));
      const refused = codeOf(packager.mediaPlaylist({ msn: 2 }));
      await vi.advanceTimersByTimeAsync(5000);
      feed([{ kind: 'audio', dtsMs: 1500, ptsMs: 1500, keyframe: true, data: new Uint8Array(1), capturedAt: 0 }]);
      await vi.advanceTimersByTimeAsync(1010);
      expect(await refused).toBe('playlist_timeout');
    });

    it('get the playlist as it is while the publisher is away, so that no player gives up', async () => {
      vi.useFakeTimers();
      const { packager, feed } = setUp();
      feed(program({ toMs: 1500 }));
      const held = packager.mediaPlaylist({ msn: 1, part: 3 });
      await vi.advanceTimersByTimeAsync(6010);
      expect(parsePlaylist((await held).body).hint).toBe('part-1.2.m4s');
    });

    it('for the hinted part end without it', async () => {
      vi.useFakeTimers();
      const { packager, feed } = setUp();
      feed(program({ toMs: 1500 }));
      const hinted = packager.resource('part-1.2.m4s');
      await vi.advanceTimersByTimeAsync(6010);
      expect(await hinted).toBeNull();
    });
  });

  it('get only what is new with a delta, with the same result', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 40_500 }));
    const full = parsePlaylist((await packager.mediaPlaylist({})).body);
    const response = await packager.mediaPlaylist({ skip: true });
    const delta = parsePlaylist(response.body);
    expect(playlistProblems(delta)).toEqual([]);
    expect(delta.skipped).toBe(14);
    expect(delta.segments).toEqual(full.segments.slice(delta.skipped));
    const last = Number(full.serverControl['CAN-SKIP-UNTIL']);
    const kept = delta.segments.reduce(
      (sum, { duration, parts }) => sum + (duration || parts.reduce((s, p) => s + p.duration, 0)),
      0,
    );
    expect(kept).toBeGreaterThanOrEqual(last);
  });

  it('with the same content have the same tag, with another a new one', async () => {
    const { packager, feed } = setUp();
    feed(program({ toMs: 1500 }));
    const [a, b, delta] = await Promise.all([
      packager.mediaPlaylist({}),
      packager.mediaPlaylist({}),
      packager.mediaPlaylist({ skip: 'v2' }),
    ]);
    expect(a.etag).toBe(b.etag);
    expect(delta.etag).not.toBe(a.etag);
    feed(
      program({ fromMs: 1500, toMs: 1800, keyframeEveryMs: 1e9 }).map((s) => ({ ...s, keyframe: s.kind === 'audio' })),
    );
    const c = await packager.mediaPlaylist({});
    expect(c.etag).not.toBe(a.etag);
    expect(c.etag).toMatch(/^"[\w-]+"$/);
  });

  it('list only the window, and count the discontinuities that left it', async () => {
    const { packager, feed, playlist } = setUp([VIDEO, AUDIO], { windowMs: 10_000 });
    let before: ParsedPlaylist | null = null;
    for (let start = 0; start < 60_000; start += 7500) {
      packager.discontinuity();
      feed(program({ fromMs: start, toMs: start + 7400 }));
      const now = await playlist();
      expect(playlistProblems(now)).toEqual([]);
      if (before) expect(updateProblems(before, now)).toEqual([]);
      before = now;
    }
    expect(before!.mediaSequence).toBeGreaterThan(20);
    expect(before!.discontinuitySequence).toBeGreaterThan(4);
    const listed = before!.segments.filter(({ uri }) => uri).reduce((sum, { duration }) => sum + duration, 0);
    expect(listed).toBeGreaterThanOrEqual(10);
    expect(listed).toBeLessThan(14);
  });
});
