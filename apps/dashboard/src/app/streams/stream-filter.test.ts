import type { Stream } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { sessionOf, streamOf } from '../shared/testing';
import { filterStreams } from './stream-filter';

const streams: Stream[] = [
  streamOf({ id: 'a', name: 'Studio 10', state: 'offline', createdAt: 3 }),
  streamOf({ id: 'b', name: 'Studio 2', state: 'live', createdAt: 1 }),
  streamOf({ id: 'c', name: 'Main gate', state: 'reconnecting', createdAt: 2 }),
];
const names = (text: string, state: 'all' | 'on-air' | 'off-air', sort: 'activity' | 'name' | 'newest') =>
  filterStreams(streams, { text, state, sort }).map((stream) => stream.name);

describe('the list of streams', () => {
  it('puts what is in trouble first, then what is live', () => {
    expect(names('', 'all', 'activity')).toEqual(['Main gate', 'Studio 2', 'Studio 10']);
  });

  it('sorts numbers in names as numbers, and by age', () => {
    expect(names('', 'all', 'name')).toEqual(['Main gate', 'Studio 2', 'Studio 10']);
    expect(names('', 'all', 'newest')).toEqual(['Studio 10', 'Main gate', 'Studio 2']);
  });

  it('finds all words in any case', () => {
    expect(names('  10 STUDIO', 'all', 'name')).toEqual(['Studio 10']);
    expect(names('studio gate', 'all', 'name')).toEqual([]);
  });

  it('shows what ended last before what ended long ago, and the newest of those that were never used', () => {
    const ended = (name: string, endedAt: number) =>
      streamOf({ id: name, name, state: 'ended', session: sessionOf({ endedAt, endReason: 'publisher_ended' }) });
    const list = [
      ended('Anna', 1000),
      ended('Berta', 3000),
      ended('Clara', 2000),
      streamOf({ id: 'old', name: 'Old', createdAt: 1 }),
      streamOf({ id: 'new', name: 'New', createdAt: 2 }),
    ];
    const shown = filterStreams(list, { text: '', state: 'all', sort: 'activity' });
    expect(shown.map(({ name }) => name)).toEqual(['Berta', 'Clara', 'Anna', 'New', 'Old']);
  });

  it('counts a stream that waits for its publisher as on air', () => {
    expect(names('', 'on-air', 'name')).toEqual(['Main gate', 'Studio 2']);
    expect(names('', 'off-air', 'name')).toEqual(['Studio 10']);
  });
});
