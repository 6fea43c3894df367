import type { HealthWarning } from '@media-analyzer/protocol';
import { healthWarning } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { type ConditionInput, conditionOf } from './condition.js';

const judge = (change: Partial<ConditionInput>) =>
  conditionOf({ state: 'live', warnings: [], problem: null, stalledMs: 0, ...change });
const warn = (...codes: HealthWarning['code'][]): HealthWarning[] =>
  codes.map((code) => ({ code, message: `about ${code}` }));

describe('the condition of a stream', () => {
  it('is good without a reason when nothing is wrong, with or without sound', () => {
    expect(judge({})).toEqual({ word: 'good', code: null, reason: null });
    expect(judge({ warnings: warn('no_audio') }).word).toBe('good');
  });

  it('is decided by the worst warning, whichever was first', () => {
    expect(judge({ warnings: warn('no_audio', 'analysis_behind') })).toMatchObject({
      word: 'fair',
      code: 'analysis_behind',
    });
    expect(judge({ warnings: warn('keyframe_interval_long', 'storage_full') })).toEqual({
      word: 'bad',
      code: 'storage_full',
      reason: 'about storage_full',
    });
  });

  it('is bad while a problem lasts, nothing arrives, or the encoder is gone', () => {
    const problem = { code: 'codec_unsupported', message: 'set H.264' } as const;
    expect(judge({ problem })).toEqual({ word: 'bad', code: 'codec_unsupported', reason: 'set H.264' });
    expect(judge({ stalledMs: 7400 })).toMatchObject({ word: 'bad', reason: 'Nothing has arrived for 7 s' });
    expect(judge({ state: 'reconnecting' })).toMatchObject({ word: 'bad', code: 'reconnecting' });
  });

  it('has no data while there is nothing to judge, whatever was said before', () => {
    for (const state of ['offline', 'ended', 'connecting'] as const)
      expect(judge({ state, warnings: warn('storage_full') })).toMatchObject({ word: 'no_data', code: state });
  });

  it('weighs every warning that there is', () => {
    for (const code of healthWarning.shape.code.options)
      expect(judge({ warnings: warn(code) }).word).toMatch(/^(good|fair|bad)$/);
  });
});
