import type { CodedSample } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClockDiscontinuity, type MappedSample, SessionClock } from './index.js';

const EPOCH = 1_700_000_000_000;

interface Source {
  readonly kind?: 'video' | 'audio';
  readonly dtsMs: number;
  readonly ptsMs?: number;
  /** Arrival, ms after the epoch. */
  readonly at: number;
}

function sample({ kind = 'video', dtsMs, ptsMs = dtsMs, at }: Source): CodedSample {
  return { kind, dtsMs, ptsMs, keyframe: true, data: new Uint8Array(1), capturedAt: EPOCH + at };
}

/** Picture at 25 fps and sound at 50 frames per second, interleaved, as the source dates them. */
function program(fromMs: number, toMs: number, arrivesAt: (sourceMs: number) => number): CodedSample[] {
  const samples: CodedSample[] = [];
  for (let ms = fromMs; ms < toMs; ms += 20) {
    if ((ms - fromMs) % 40 === 0) samples.push(sample({ dtsMs: ms, ptsMs: ms + 80, at: arrivesAt(ms) }));
    samples.push(sample({ kind: 'audio', dtsMs: ms, at: arrivesAt(ms) }));
  }
  return samples;
}

const breaks = (mapped: readonly MappedSample[]): ClockDiscontinuity[] =>
  mapped.flatMap(({ discontinuity }) => discontinuity ?? []);
const newClock = (): SessionClock => new SessionClock({ epochAt: EPOCH });

describe('the session clock', () => {
  it('places the first sample at its arrival and keeps all distances', () => {
    const clock = newClock();
    const mapped = program(70_000, 71_000, (ms) => ms - 70_000).map((s) => clock.map(s));
    expect(breaks(mapped)).toEqual([]);
    expect(mapped[0]!.sample).toMatchObject({ dtsMs: 0, ptsMs: 80 });
    expect(mapped.map(({ sample: s }) => s.dtsMs)).toEqual(program(0, 1000, (ms) => ms).map((s) => s.dtsMs));
    expect(clock.endMs).toBe(1080);
  });

  it('does not go below the epoch for a source that starts before zero', () => {
    const clock = newClock();
    expect(clock.map(sample({ dtsMs: -80, ptsMs: 0, at: 0 })).sample).toMatchObject({ dtsMs: 0, ptsMs: 80 });
    const late = clock.map(sample({ kind: 'audio', dtsMs: -100, at: 1 })).sample;
    expect(late.ptsMs).toBeGreaterThanOrEqual(0);
    expect(newClock().map(sample({ dtsMs: 0, ptsMs: -40, at: 0 })).sample).toMatchObject({ dtsMs: 40, ptsMs: 0 });
  });

  it.each([
    ['32 bits', 2 ** 32],
    ['31 bits', 2 ** 31],
    ['24 bits', 2 ** 24],
  ])('goes on over a wrap-around of %s, sound and picture at different times', (_, wrap) => {
    const clock = newClock();
    const mapped = program(wrap - 1000, wrap + 1000, (ms) => ms - wrap + 1000).map((s) => {
      // The sound's counter wraps 60 ms later than the picture's: it is interleaved after it.
      const limit = s.kind === 'video' ? wrap : wrap + 60;
      const back = s.dtsMs >= limit ? wrap : 0;
      return clock.map({ ...s, dtsMs: s.dtsMs - back, ptsMs: s.ptsMs - back });
    });
    expect(breaks(mapped)).toEqual([]);
    expect(mapped.map(({ sample: s }) => s.dtsMs)).toEqual(program(0, 2000, (ms) => ms).map((s) => s.dtsMs));
  });

  it('breaks once when the clock jumps forward, and keeps sound and picture together', () => {
    const clock = newClock();
    const first = program(0, 1000, (ms) => ms).map((s) => clock.map(s));
    const second = program(3_600_000, 3_601_000, (ms) => ms - 3_599_000).map((s) => clock.map(s));
    expect(breaks(first)).toEqual([]);
    expect(breaks(second)).toEqual([{ reason: 'clock_jump', gap: null }]);
    expect(second[0]!.discontinuity).not.toBeNull();
    const offsets = new Set(
      second.map(({ sample: s }, i) => s.dtsMs - program(3_600_000, 3_601_000, () => 0)[i]!.dtsMs),
    );
    expect(offsets.size).toBe(1);
  });

  it('places samples that still carry the old clock by the old clock', () => {
    const clock = newClock();
    for (const s of program(500_000, 501_000, (ms) => ms - 500_000)) clock.map(s);
    const order = [
      sample({ kind: 'audio', dtsMs: 0, at: 1000 }),
      sample({ kind: 'video', dtsMs: 501_000, at: 1000 }),
      sample({ kind: 'audio', dtsMs: 20, at: 1020 }),
      sample({ kind: 'video', dtsMs: 40, at: 1040 }),
    ].map((s) => clock.map(s));
    expect(breaks(order)).toEqual([{ reason: 'encoder_restart', gap: null }]);
    const start = order[0]!.sample.dtsMs;
    expect(order[1]!.sample.dtsMs).toBeCloseTo(1000, 6);
    expect(order[2]!.sample.dtsMs).toBeCloseTo(start + 20, 6);
    expect(order[3]!.sample.dtsMs).toBeCloseTo(start + 40, 6);
  });

  it('records the time that a publisher was away', () => {
    const clock = newClock();
    for (const s of program(0, 1000, (ms) => ms)) clock.map(s);
    const endMs = clock.endMs;
    clock.startSource();
    const back = program(0, 1000, (ms) => ms + 9000).map((s) => clock.map(s));
    expect(breaks(back)).toEqual([{ reason: 'publisher_lost', gap: { fromMs: endMs, toMs: 9000 } }]);
    expect(back[0]!.sample.dtsMs).toBe(9000);
  });

  it('never places a returning publisher before the end of what exists', () => {
    const clock = newClock();
    // A publisher that sends faster than real time: 10 s of media in 1 s.
    for (const s of program(0, 10_000, (ms) => ms / 10)) clock.map(s);
    const endMs = clock.endMs;
    clock.startSource();
    const [first] = program(0, 100, () => 1500).map((s) => clock.map(s));
    expect(first!.discontinuity).toEqual({ reason: 'publisher_lost', gap: null });
    expect(first!.sample.dtsMs).toBe(endMs);
  });

  it('calls a silence that the timestamps confirm by its name, and keeps the clock', () => {
    const clock = newClock();
    for (const s of program(0, 1000, (ms) => ms)) clock.map(s);
    const endMs = clock.endMs;
    const after = program(8000, 9000, (ms) => ms + 40).map((s) => clock.map(s));
    expect(breaks(after)).toEqual([{ reason: 'publisher_lost', gap: { fromMs: endMs, toMs: 8000 } }]);
    expect(after[0]!.sample.dtsMs).toBe(8000);
  });

  it('takes loose interleaving, a late track and a slow picture for what they are', () => {
    const clock = newClock();
    const mapped: MappedSample[] = [];
    for (let ms = 0; ms < 20_000; ms += 20) {
      mapped.push(clock.map(sample({ kind: 'audio', dtsMs: ms, at: ms })));
      // One picture in five seconds, 900 ms late.
      if (ms >= 900 && (ms - 900) % 5000 === 0) mapped.push(clock.map(sample({ dtsMs: ms - 900, at: ms })));
    }
    expect(breaks(mapped)).toEqual([]);
    expect(mapped.filter(({ sample: s }) => s.kind === 'video').map(({ sample: s }) => s.dtsMs)).toEqual([
      0, 5000, 10_000, 15_000,
    ]);
  });

  describe('samples of one timestamp', () => {
    /** A minute of pictures with B-frames and of sound whose timestamps are whole multiples of so many ms. */
    const coarse = (everyMs: number, tickMs: number): MappedSample[] => {
      const clock = newClock();
      const newest = { video: -1, audio: -1 };
      return program(0, 60_000, (ms) => ms).map((s) => {
        const stamp = Math.floor(s.dtsMs / everyMs) * everyMs;
        const dtsMs = Math.max(stamp, newest[s.kind] + tickMs);
        newest[s.kind] = dtsMs;
        return clock.map({ ...s, dtsMs, ptsMs: dtsMs + s.ptsMs - s.dtsMs });
      });
    };

    it.each([
      [100, 0],
      [500, 0],
      [1000, 0],
      // So that no two are the same.
      [100, 1],
      [150, 0.01],
    ])('every %d ms (raised by %d) are spread as far apart as samples come', (everyMs, tickMs) => {
      const mapped = coarse(everyMs, tickMs);
      expect(breaks(mapped)).toEqual([]);
      const right = program(0, 60_000, (ms) => ms);
      const off = mapped.flatMap(({ sample: { dtsMs, ptsMs } }, i) => {
        // What is usual has to be learnt.
        if (right[i]!.dtsMs < 2 * everyMs) return [];
        expect(ptsMs - dtsMs).toBeCloseTo(right[i]!.ptsMs - right[i]!.dtsMs, 6);
        return Math.abs(dtsMs - right[i]!.dtsMs);
      });
      expect(Math.max(...off)).toBeLessThan(45);
    });

    it('are not spread without end where timestamps stand', () => {
      const clock = newClock();
      for (const s of program(0, 5000, (ms) => ms)) clock.map(s);
      const standing = program(5000, 65_000, (ms) => ms).map((s) => clock.map({ ...s, dtsMs: 5000, ptsMs: 5000 }));
      expect(breaks(standing)).toEqual([]);
      expect(Math.max(...standing.map(({ sample: s }) => s.dtsMs))).toBeLessThan(6050);
    });

    it('that are close together on purpose stay so', () => {
      const clock = newClock();
      const times = Array.from({ length: 50 }, (_, i) => Math.floor(i / 2) * 200 + (i % 2) * 3);
      expect(times.map((ms) => clock.map(sample({ dtsMs: ms, at: ms })).sample.dtsMs)).toEqual(times);
    });
  });

  it('keeps any input monotonic: decode times rise, composition offsets stay, breaks never overlap', () => {
    const step = fc.record({
      kind: fc.constantFrom<'video' | 'audio'>('video', 'audio'),
      dtsMs: fc.oneof(fc.nat(5000), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      composition: fc.integer({ min: -200, max: 200 }),
      waitMs: fc.nat(3000),
      reconnect: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = newClock();
        const last: Record<string, number> = { video: -1, audio: -1 };
        let at = 0;
        let endMs = 0;
        for (const { kind, dtsMs, composition, waitMs, reconnect } of steps) {
          at += waitMs;
          if (reconnect && waitMs > 2500) clock.startSource();
          const { sample: placed, discontinuity } = clock.map(sample({ kind, dtsMs, ptsMs: dtsMs + composition, at }));
          expect(placed.dtsMs).toBeGreaterThan(last[kind]!);
          expect(placed.ptsMs).toBeGreaterThanOrEqual(0);
          if (placed.ptsMs > 0) expect(placed.ptsMs - placed.dtsMs).toBeCloseTo(composition, 3);
          if (discontinuity) expect(Math.min(placed.dtsMs, placed.ptsMs)).toBeGreaterThanOrEqual(endMs - 1);
          if (discontinuity?.gap) expect(discontinuity.gap.toMs).toBeGreaterThan(discontinuity.gap.fromMs);
          expect(clock.endMs).toBeGreaterThanOrEqual(endMs);
          last[kind] = placed.dtsMs;
          endMs = clock.endMs;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('breaks exactly once for each jump of a whole programme, however far', () => {
    const jump = fc.oneof(fc.integer({ min: 3000, max: 2 ** 31 - 100_000 }), fc.integer({ min: -60_000, max: -300 }));
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 5 }), (jumps) => {
        const clock = newClock();
        let sourceMs = 100_000_000;
        let at = 0;
        let found = 0;
        const run = (): void => {
          const start = at;
          const from = sourceMs;
          const mapped = program(from, from + 1000, (ms) => start + ms - from).map((s) => clock.map(s));
          found += breaks(mapped).length;
          at += 1000;
          sourceMs += 1000;
        };
        run();
        for (const by of jumps) {
          sourceMs += by;
          run();
        }
        // A jump that happens to be a wrap-around of a counter is none; the generator does not hit one.
        expect(found).toBe(jumps.length);
      }),
      { numRuns: 200, examples: [[[-940, 3000]], [[3000, -940, -300]]] },
    );
  });
});
