import { describe, expect, it } from 'vitest';
import { healthOf } from '../shared/testing';
import { droppedFrames } from './dropped-frames';

describe('dropped frames', () => {
  it('are counted over all reasons and explained, most frequent first', () => {
    const dropped = droppedFrames(healthOf({ dropped: { deadline: 2, superseded: 1011, overload: 0 } }));
    expect(dropped.total).toBe(1013);
    expect(dropped.text).toBe('Dropped: 1,011 a newer frame came first, 2 waited too long.');
  });

  it('are said to be none when there are none', () => {
    expect(droppedFrames(healthOf({ dropped: {} }))).toEqual({ total: 0, text: 'None dropped.' });
  });
});
