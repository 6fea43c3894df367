import type { Stream, StreamState } from '@media-analyzer/protocol';

/** Orders that the list offers. */
export const SORT_ORDERS = { activity: 'Live first', name: 'Name', newest: 'Newest' } as const;
export type SortOrder = keyof typeof SORT_ORDERS;
export type StateFilter = 'all' | 'on-air' | 'off-air';

/** What the list shows, and in which order. */
export interface StreamFilter {
  readonly text: string;
  readonly state: StateFilter;
  readonly sort: SortOrder;
}

/** What needs eyes first: trouble, then what is on air. */
const RANK: Readonly<Record<StreamState, number>> = { reconnecting: 0, live: 1, connecting: 2, ended: 3, offline: 4 };

/** A session is running, one that waits for its publisher included. */
export function isOnAir(stream: Stream): boolean {
  return stream.state === 'live' || stream.state === 'reconnecting' || stream.state === 'connecting';
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
      return RANK[a.state] - RANK[b.state] || byName;
    case 'name':
      return byName;
    case 'newest':
      return b.createdAt - a.createdAt || byName;
  }
}
