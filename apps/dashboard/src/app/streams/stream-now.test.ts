import type { StreamSummary } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../shared/testing';
import { currentSummary } from './stream-now';

const summary = (at: number): StreamSummary => ({
  streamId: 'stream',
  at,
  bitrate: 1000,
  condition: { word: 'good', code: null, reason: null },
  seen: [],
});

describe('the summary of a stream', () => {
  it('is the newest of what came with the stream and what was told of all', () => {
    const told = new Map([['stream', summary(2000)]]);
    expect(currentSummary(streamOf({ state: 'live', summary: summary(1000) }), told)?.at).toBe(2000);
    expect(currentSummary(streamOf({ state: 'live', summary: summary(3000) }), told)?.at).toBe(3000);
    expect(currentSummary(streamOf({ state: 'live', summary: summary(3000) }), new Map())?.at).toBe(3000);
  });

  it('is none of a stream that is not on air, whatever was told before', () => {
    expect(currentSummary(streamOf({ state: 'ended' }), new Map([['stream', summary(1)]]))).toBeNull();
  });
});
