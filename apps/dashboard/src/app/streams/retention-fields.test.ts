import { describe, expect, it } from 'vitest';
import { parseDays, parseGigabytes, retentionText } from './retention-fields';

describe('the retention fields', () => {
  it('show days and gigabytes in round numbers', () => {
    expect(retentionText({ maxAgeMs: 604_800_000, maxBytes: 20_000_000_000 })).toEqual({ days: '7', gigabytes: '20' });
    expect(retentionText({ maxAgeMs: null, maxBytes: null })).toEqual({ days: '', gigabytes: '' });
  });

  it('read days and gigabytes, and nothing as no limit', () => {
    expect(parseDays('1', null)).toEqual({ value: 86_400_000 });
    expect(parseDays('0,5', null)).toEqual({ value: 43_200_000 });
    expect(parseDays(' ', 604_800_000)).toEqual({ value: null });
    expect(parseGigabytes('1,5', null)).toEqual({ value: 1_500_000_000 });
  });

  it('leave a limit alone that was not touched, whatever its digits', () => {
    for (const maxBytes of [21_474_836_480, 123_456_789_123]) {
      const { gigabytes } = retentionText({ maxAgeMs: null, maxBytes });
      expect(parseGigabytes(gigabytes, maxBytes)).toEqual({ value: maxBytes });
    }
    const { days } = retentionText({ maxAgeMs: 5_400_001, maxBytes: null });
    expect(parseDays(days, 5_400_001)).toEqual({ value: 5_400_001 });
  });

  it('say which rule was broken, each for itself', () => {
    expect(parseDays('soon', null)).toEqual({ error: expect.stringMatching(/number of days/) });
    expect(parseDays('0', null)).toEqual({ error: expect.stringMatching(/one minute/) });
    expect(parseDays('1e300', null)).toEqual({ error: expect.stringMatching(/number of days/) });
    expect(parseGigabytes('-3', null)).toEqual({ error: expect.stringMatching(/number of gigabytes/) });
    expect(parseGigabytes('0.0001', null)).toEqual({ error: expect.stringMatching(/0\.001/) });
  });
});
