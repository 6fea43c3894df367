import { DEFAULT_FILTER, type ViewerFilter, wantsLabel } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import {
  filterText,
  isOnly,
  NO_CLASS,
  namedClasses,
  onlyClass,
  parseFilter,
  sameFilter,
  toggleClass,
} from './viewer-filter';

const filter = (change: Partial<ViewerFilter>): ViewerFilter => ({ ...DEFAULT_FILTER, ...change });

describe('classes', () => {
  it('are all, none, all but some, or only some, also before they are seen', () => {
    const withoutDog = filter(toggleClass(DEFAULT_FILTER, 'dog'));
    expect([wantsLabel(withoutDog, 'dog'), wantsLabel(withoutDog, 'cat')]).toEqual([false, true]);
    expect(sameFilter(filter(toggleClass(withoutDog, 'dog')), DEFAULT_FILTER)).toBe(true);
    const dogOnly = filter(toggleClass(filter(NO_CLASS), 'dog'));
    expect([wantsLabel(dogOnly, 'dog'), wantsLabel(dogOnly, 'cat'), namedClasses(dogOnly)]).toEqual([
      true,
      false,
      ['dog'],
    ]);
    expect(wantsLabel(filter(toggleClass(dogOnly, 'dog')), 'dog')).toBe(false);
  });

  it('are one only, and all again when it was the only one already', () => {
    const dogOnly = { ...filter({ exceptLabels: ['cat'] }), ...onlyClass(DEFAULT_FILTER, 'dog') };
    expect([isOnly(dogOnly, 'dog'), wantsLabel(dogOnly, 'cat')]).toEqual([true, false]);
    expect(sameFilter({ ...dogOnly, ...onlyClass(dogOnly, 'dog') }, DEFAULT_FILTER)).toBe(true);
  });
});

describe('a filter', () => {
  it('comes back from the browser as it was kept', () => {
    for (const kept of [
      filter({ certainty: 'raw', minScore: 0.35, minStayMs: 2000, labels: ['dog', 'sports ball'] }),
      filter(NO_CLASS),
      filter({ exceptLabels: ['cat'] }),
    ])
      expect(parseFilter(filterText(kept))).toEqual(kept);
  });

  it.each([null, '', 'nonsense', '{"certainty":"raw"}', 'certainty=perhaps&minScore=7'])(
    'is the default where %s was kept',
    (text) => expect(parseFilter(text)).toEqual(DEFAULT_FILTER),
  );
});
