import { describe, expect, it } from 'vitest';
import { formatBitrate, formatBytes, formatClock, formatDuration, formatMs, formatRate } from './format';

describe('figures as text', () => {
  it('show time on a clock', () => {
    expect([0, 7000, 754_000, 3_723_000].map(formatClock)).toEqual(['0:00', '0:07', '12:34', '1:02:03']);
  });

  it('show how long something has lasted', () => {
    expect([400, 45_000, 720_000, 12_000_000, 7_200_000, 187_200_000].map(formatDuration)).toEqual([
      '<1 s',
      '45 s',
      '12 min',
      '3 h 20 min',
      '2 h',
      '2 d 4 h',
    ]);
  });

  it('show latencies, sizes and rates', () => {
    expect([3.14, 84.4, 1840].map(formatMs)).toEqual(['3.1 ms', '84 ms', '1.8 s']);
    expect([512, 3_660_000, 12_400_000_000, 999_600].map(formatBytes)).toEqual([
      '512 B',
      '3.7 MB',
      '12.4 GB',
      '1.0 MB',
    ]);
    expect([820_000, 4_512_000].map(formatBitrate)).toEqual(['820 kbit/s', '4.5 Mbit/s']);
    expect([29.97002997, 25].map(formatRate)).toEqual(['29.97', '25']);
  });
});
