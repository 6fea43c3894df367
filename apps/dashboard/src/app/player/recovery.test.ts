import { describe, expect, it } from 'vitest';
import { RecoveryPolicy, type Trouble } from './recovery';
import type { EngineError } from './stream-engine';

const trouble = (kind: EngineError['kind'], change: Partial<Trouble> = {}) => ({
  error: { kind, message: kind, codecs: '' },
  now: 0,
  placeAt: null,
  loaded: true,
  moving: true,
  ...change,
});

const AT_ONCE = { kind: 'reopen', afterMs: 0, skipSeconds: 0 };

describe('the recovery policy', () => {
  it('asks quietly for what is not there yet', () => {
    const policy = new RecoveryPolicy();
    for (let i = 0; i < 20; i++)
      expect(policy.decide(trouble('not-ready'))).toEqual({ kind: 'reopen', afterMs: 2000, skipSeconds: 0 });
  });

  it('goes on loading after network errors, with growing pauses, then opens anew, and never stops', () => {
    const policy = new RecoveryPolicy();
    const kinds = Array.from({ length: 20 }, () => policy.decide(trouble('network')));
    expect(kinds.slice(0, 6).every(({ kind }) => kind === 'resume')).toBe(true);
    expect(kinds.slice(6).every(({ kind }) => kind === 'reopen')).toBe(true);
    expect(kinds.map((recovery) => ('afterMs' in recovery ? recovery.afterMs : 0)).slice(0, 6)).toEqual([
      500, 1000, 2000, 4000, 8000, 8000,
    ]);
    policy.hope();
    expect(policy.decide(trouble('network'))).toEqual({ kind: 'resume', afterMs: 500 });
  });

  it('opens anew what was never read', () => {
    expect(new RecoveryPolicy().decide(trouble('network', { loaded: false }))).toMatchObject({ kind: 'reopen' });
  });

  it('opens anew at once for a new decoder, a few times within half a minute', () => {
    const policy = new RecoveryPolicy();
    // Minutes of media apart: each is another trouble.
    const decide = (index: number) => policy.decide(trouble('decoder', { now: index * 1000, placeAt: index * 60_000 }));
    expect([0, 1, 2, 3].map(decide).map((recovery) => recovery.afterMs)).toEqual([0, 0, 0, 500]);
    expect(policy.decide(trouble('decoder', { now: 60_000, placeAt: 600_000 }))).toEqual(AT_ONCE);
  });

  it('loads media anew that a new decoder refuses too, then jumps over them, further each time', () => {
    const policy = new RecoveryPolicy();
    const at = (placeAt: number) => policy.decide(trouble('decoder', { placeAt, now: placeAt }));
    expect([at(10_000), at(10_100)]).toEqual([AT_ONCE, AT_ONCE]);
    expect(at(10_200)).toMatchObject({ kind: 'reopen', skipSeconds: 2 });
    expect(at(12_200)).toMatchObject({ kind: 'reopen', skipSeconds: 4 });
    expect(at(60_000)).toEqual(AT_ONCE);
  });

  it('takes nobody who is paused away from their picture', () => {
    const policy = new RecoveryPolicy();
    const skips = [0, 1, 2, 3, 4, 5].map((now) =>
      policy.decide(trouble('decoder', { placeAt: 10_000, now, moving: false })),
    );
    expect(skips.every((recovery) => !('skipSeconds' in recovery) || recovery.skipSeconds === 0)).toBe(true);
  });

  it('moves who plays on after many failures of a paused picture no further than after the first ones', () => {
    const policy = new RecoveryPolicy();
    for (let now = 0; now < 9; now++) policy.decide(trouble('decoder', { placeAt: 10_000, now, moving: false }));
    expect(policy.repeats).toBe(true);
    const skips = [9, 10, 11].map((now) => policy.decide(trouble('decoder', { placeAt: 10_000, now })));
    expect(skips.map((recovery) => 'skipSeconds' in recovery && recovery.skipSeconds)).toEqual([2, 4, 8]);
  });

  it('tries again what the browser has no decoder for, less and less often, and passes it in the past', () => {
    const policy = new RecoveryPolicy();
    const tried = [1, 2, 3].map(() => policy.decide(trouble('codec', { placeAt: 1000 })));
    expect(tried).toEqual([
      { kind: 'reopen', afterMs: 500, skipSeconds: 0 },
      { kind: 'reopen', afterMs: 1000, skipSeconds: 0 },
      { kind: 'reopen', afterMs: 2000, skipSeconds: 2 },
    ]);
    policy.hope();
    expect(policy.decide(trouble('codec', { placeAt: 1000 }))).toMatchObject({ afterMs: 500 });
  });

  it('learns nothing about the next source', () => {
    const policy = new RecoveryPolicy();
    for (let i = 0; i < 5; i++) policy.decide(trouble('decoder', { placeAt: 1000 }));
    policy.reset();
    expect(policy.decide(trouble('decoder', { placeAt: 1000 }))).toEqual(AT_ONCE);
  });
});
