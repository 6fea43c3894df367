import type { Detection } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { WhatIsSeen } from './seen-now.js';

let id = 0;
const some = (label: string, count: number, certainty: Detection['certainty'] = 'sure'): Detection[] =>
  Array.from({ length: count }, () => ({ label, score: 0.8, box: [0, 0, 1, 1], trackId: ++id, certainty }));

describe('what is seen right now', () => {
  it('is the most of each class at one time, not the sum of all frames', () => {
    const seen = new WhatIsSeen();
    seen.add(1000, some('person', 2));
    seen.add(1100, [...some('person', 3), ...some('dog', 1)]);
    seen.add(1200, some('person', 1));
    expect(seen.now(1300)).toEqual([
      { label: 'person', count: 3 },
      { label: 'dog', count: 1 },
    ]);
  });

  it('leaves out what only flickered, and what is gone', () => {
    const seen = new WhatIsSeen();
    seen.add(1000, [...some('cat', 1, 'raw'), ...some('person', 1)]);
    expect(seen.now(1500)).toEqual([{ label: 'person', count: 1 }]);
    expect(seen.now(5000)).toEqual([]);
  });

  it('counts an object under the label that it is shown by', () => {
    const seen = new WhatIsSeen();
    seen.add(1000, [{ ...some('truck', 1)[0]!, shownAs: 'car' }]);
    expect(seen.now(1000)).toEqual([{ label: 'car', count: 1 }]);
  });

  it('is a few classes at most, however many there are', () => {
    const seen = new WhatIsSeen();
    for (let frame = 0; frame < 1000; frame++) seen.add(frame, some(`class ${frame % 80}`, 1));
    expect(seen.now(1000)).toHaveLength(6);
  });
});
