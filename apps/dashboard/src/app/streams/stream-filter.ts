import type { Stream } from '@media-analyzer/protocol';
import { compareUrgency, isOnAir, lastOnAirAt } from '../shared/stream-state';

/** Orders that the list offers. */
export const SORT_ORDERS = {
  activity: $localize`Live first`,
  name: $localize`:Sort by|:Name`,
  newest: $localize`:Sort by|:Newest`,
} as const;
export type SortOrder = keyof typeof SORT_ORDERS;
export type StateFilter = 'all' | 'on-air' | 'off-air';

/** What the list shows, and in which order. */
export interface StreamFilter {
  readonly text: string;
  readonly state: StateFilter;
  readonly sort: SortOrder;
}

/** The streams to show, in order. Every word of the text must be in the name. */
export function filterStreams(streams: readonly Stream[], filter: StreamFilter): Stream[] {
  const words = filter.text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return streams
    .filter((stream) => filter.state === 'all' || isOnAir(stream) === (filter.state === 'on-air'))
    .filter((stream) => words.every((word) => stream.name.toLocaleLowerCase().includes(word)))
    .sort((a, b) => compare(a, b, filter.sort));
}

function compare(a: Stream, b: Stream, sort: SortOrder): number {
  const byName = a.name.localeCompare(b.name, undefined, { numeric: true }) || a.id.localeCompare(b.id);
  switch (sort) {
    case 'activity':
      // Streams on air keep their places while they run; of those that are over, the last one to end comes first.
      return compareUrgency(a.state, b.state) || (isOnAir(a) ? 0 : recency(a, b)) || byName;
    case 'name':
      return byName;
    case 'newest':
      return b.createdAt - a.createdAt || byName;
  }
}

function recency(a: Stream, b: Stream): number {
  return (lastOnAirAt(b) ?? b.createdAt) - (lastOnAirAt(a) ?? a.createdAt);
}
