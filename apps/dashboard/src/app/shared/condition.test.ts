import { describe, expect, it } from 'vitest';
import { conditionReason } from './condition';

describe('the reason of a condition', () => {
  it('is told in the dashboard’s words where it has some, else in the server’s', () => {
    expect(conditionReason({ word: 'good', code: null, reason: null })).toBeNull();
    expect(conditionReason({ word: 'bad', code: 'stalled', reason: 'server words' })).toMatch(/sends nothing/);
    expect(conditionReason({ word: 'fair', code: 'analysis_behind', reason: 'server words' })).toMatch(/analysed/);
    expect(conditionReason({ word: 'bad', code: 'from_the_future', reason: 'server words' })).toBe('server words');
  });
});
