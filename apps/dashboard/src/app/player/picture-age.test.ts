import { expect, it } from 'vitest';
import { pictureAge } from './picture-age';

const EPOCH = 1_790_000_000_000;
const clock = { wallClockOf: (ptsMs: number) => EPOCH + ptsMs };
const age = (shownPtsMs: number, now: number, analysed: { ptsMs: number; capturedAt: number } | null) =>
  pictureAge({ now: EPOCH + now, clock, ptsMs: shownPtsMs, analysed });

it('is the time since a frame came, for an encoder that keeps to its clock', () => {
  expect(age(10_000, 11_200, { ptsMs: 11_000, capturedAt: EPOCH + 11_000 })).toBe(1200);
});

it('counts from the arrival of frames that come earlier than their time says, as after the burst of a lookahead', () => {
  // Frames come 1.6 s early: the one on the screen is a second old and dated in the future.
  expect(age(12_000, 11_400, { ptsMs: 12_900, capturedAt: EPOCH + 11_300 })).toBe(1000);
});

it('is not known rather than negative while nothing was analysed', () => {
  expect(age(12_000, 11_400, null)).toBeNull();
  expect(age(10_000, 11_200, null)).toBe(1200);
});
