import { describe, expect, it } from 'vitest';
import { FrameTimes } from './frame-times';

const u32 = (...values: number[]) => values.flatMap((value) => [24, 16, 8, 0].map((bits) => (value >>> bits) & 255));
const box = (type: string, ...body: number[]) => [
  ...u32(body.length + 8),
  ...[...type].map((c) => c.charCodeAt(0)),
  ...body,
];
const text = (four: string) => [...four].map((c) => c.charCodeAt(0));
const track = (id: number, kind: string, timescale: number) =>
  box(
    'trak',
    ...box('tkhd', ...u32(0, 0, 0, id)),
    ...box('mdia', ...box('mdhd', ...u32(0, 0, 0, timescale)), ...box('hdlr', ...u32(0, 0), ...text(kind))),
  );
const init = Uint8Array.from(box('moov', ...track(1, 'vide', 90_000), ...track(2, 'soun', 48_000)));
/** Samples of a duration each and a composition offset, as our packager writes them. */
const fragment = (trackId: number, ticks: number, samples: readonly (readonly [number, number])[]) =>
  Uint8Array.from(
    box(
      'moof',
      ...box(
        'traf',
        ...box('tfhd', ...u32(0x20000, trackId)),
        ...box('tfdt', ...u32(0x01000000, 0, ticks)),
        ...box('trun', ...u32(0x01000901, samples.length, 0), ...samples.flatMap(([d, c]) => u32(d, c))),
      ),
    ),
  );

describe('the times of frames', () => {
  it('are read from fragments, in order of presentation, whatever the frame rate says', () => {
    const times = new FrameTimes();
    times.read(init);
    // Decoded I P B B, at 0, 10, 33 and 100 ms.
    times.read(
      fragment(1, 0, [
        [900, 0],
        [2070, 8100],
        [6030, -2070],
        [0, -6030],
      ]),
    );
    times.read(fragment(2, 480, [[1024, 0]]));
    const forward: number[] = [];
    for (let at: number | null = -5; at !== null; at = times.neighbour(at, 1)) forward.push(at);
    expect(forward).toEqual([-5, 0, 10, 33, 100].map((ms) => expect.closeTo(ms, 5)));
    expect(times.neighbour(33.0004, -1)).toBeCloseTo(10, 5);
    expect(times.neighbour(0, -1)).toBeNull();
    expect(times.neighbour(100, 1)).toBeNull();
  });

  it('keep a frame once that is loaded again, and survive what is no media', () => {
    const times = new FrameTimes();
    times.read(fragment(1, 0, [[900, 0]]));
    expect(times.neighbour(-5, 1)).toBeNull();
    times.read(init);
    for (let i = 0; i < 3; i++)
      times.read(
        fragment(1, 9000, [
          [900, 0],
          [900, 0],
        ]),
      );
    expect(times.neighbour(100, 1)).toBeCloseTo(110, 5);
    expect(times.neighbour(110, 1)).toBeNull();
    times.read(Uint8Array.of(0, 0, 0, 3, 1, 2, 3, 4, 5));
    times.read(fragment(1, 18_000, [[900, 0]]).subarray(0, 40));
    expect(times.neighbour(110, 1)).toBeNull();
  });
});
