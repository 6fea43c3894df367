import { describe, expect, it } from 'vitest';
import { parseRetention, retentionText } from './retention-fields';

describe('the retention fields', () => {
  it('read hours and gigabytes, and nothing as no limit', () => {
    expect(parseRetention({ hours: '24', gigabytes: '' })).toEqual({ maxAgeMs: 86_400_000, maxBytes: null });
    expect(parseRetention({ hours: ' ', gigabytes: '1,5' })).toEqual({ maxAgeMs: null, maxBytes: 1_500_000_000 });
  });

  it('say which rule was broken', () => {
    expect(parseRetention({ hours: 'soon', gigabytes: '' })).toMatch(/age/);
    expect(parseRetention({ hours: '0.001', gigabytes: '' })).toMatch(/one minute/);
    expect(parseRetention({ hours: '', gigabytes: '-3' })).toMatch(/size/);
  });

  it('give back what they read', () => {
    const retention = { maxAgeMs: 5_400_000, maxBytes: 250_000_000 };
    expect(parseRetention(retentionText(retention))).toEqual(retention);
  });
});
