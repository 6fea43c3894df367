import type { AppearanceLevels, Certainty, Detection } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CertaintyFold } from './certainty.js';
import { Tracker } from './tracker.js';

const LEVELS: AppearanceLevels = { sure: { score: 0.45, ageMs: 300 }, verySure: { score: 0.6, ageMs: 1000 } };
const ORDER: Readonly<Record<Certainty, number>> = { raw: 0, sure: 1, very_sure: 2 };

const seen = (score: number, label = 'car', trackId: number | null = 1): Detection => ({
  ...{ label, score, trackId },
  box: [0.1, 0.1, 0.2, 0.2],
});

interface Frame {
  readonly ptsMs: number;
  readonly detections: readonly Detection[];
}

function run(frames: readonly Frame[], fold = new CertaintyFold()) {
  return frames.map(({ ptsMs, detections }) => ({ ptsMs, detections: fold.update(ptsMs, detections, LEVELS) }));
}

/** An object seen at a steady rate for a time; scores by time. */
function steady(
  rate: number,
  lengthMs: number,
  score: (ptsMs: number) => number,
  label = (_: number) => 'car',
): Frame[] {
  return Array.from({ length: Math.floor((lengthMs * rate) / 1000) + 1 }, (_, index) => {
    const ptsMs = (index * 1000) / rate;
    return { ptsMs, detections: [seen(score(ptsMs), label(ptsMs))] };
  });
}

const firstAt = (frames: readonly Frame[], level: Certainty) =>
  frames.find(({ detections }) => detections.some(({ certainty }) => ORDER[certainty!] >= ORDER[level]))?.ptsMs;

/** Frames with gaps, several objects, changing labels and any scores. */
const anyFrames = fc
  .array(
    fc.record({
      stepMs: fc.constantFrom(33, 100, 200, 500, 1500, 4000),
      found: fc.uniqueArray(
        fc.record({
          trackId: fc.option(fc.integer({ min: 1, max: 3 })),
          score: fc.double({ min: 0.1, max: 1, noNaN: true }),
          label: fc.constantFrom('car', 'truck', 'bus'),
        }),
        { selector: ({ trackId }) => trackId, maxLength: 4 },
      ),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let ptsMs = 0;
    return steps.map(({ stepMs, found }): Frame => {
      ptsMs += stepMs;
      return { ptsMs, detections: found.map(({ score, label, trackId }) => seen(score, label, trackId)) };
    });
  });

describe('how sure an object is', () => {
  it('never goes down, nor do its confidence and age, and from sure on its label stays', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const last = new Map<number, Detection & { readonly ptsMs: number }>();
        for (const { ptsMs, detections } of run(frames)) {
          for (const detection of detections) {
            const { trackId, certainty, confidence, ageMs } = detection;
            if (trackId === null) {
              expect(certainty).toBe('raw');
              continue;
            }
            const before = last.get(trackId);
            // After ten seconds unseen a number is forgotten; the tracker never gives it out again.
            if (before && ptsMs - before.ptsMs <= 10_000) {
              expect(ORDER[certainty!]).toBeGreaterThanOrEqual(ORDER[before.certainty!]);
              expect(confidence).toBeGreaterThanOrEqual(before.confidence!);
              expect(ageMs).toBeGreaterThanOrEqual(before.ageMs!);
              if (before.certainty !== 'raw')
                expect(detection.shownAs ?? detection.label).toBe(before.shownAs ?? before.label);
            }
            last.set(trackId, { ...detection, ptsMs });
          }
        }
      }),
    );
  });

  it('says the facts of the frame as they came, in their order', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const facts = ({ label, score, box, trackId }: Detection) => ({ label, score, box, trackId });
        expect(run(frames).map(({ detections }) => detections.map(facts))).toEqual(
          frames.map(({ detections }) => detections.map(facts)),
        );
      }),
    );
  });

  it('is the same for a frame, whatever comes after it', () => {
    fc.assert(
      fc.property(anyFrames, fc.nat(60), (frames, cut) => {
        expect(run(frames).slice(0, cut)).toEqual(run(frames.slice(0, cut)));
      }),
    );
  });

  it('tells a late frame what was known at its time, and is not moved by it', () => {
    fc.assert(
      fc.property(anyFrames, fc.nat(59), (frames, at) => {
        const late = frames[at % frames.length]!;
        const fold = new CertaintyFold();
        const inTime = run(frames, fold);
        const again = fold.update(late.ptsMs, late.detections, LEVELS);
        const levels = (detections: readonly Detection[]) => detections.map(({ certainty }) => certainty);
        // What has left the memory meanwhile is unknown; what is still known is as sure as it was then.
        const then = inTime[at % frames.length]!.detections;
        for (const [index, level] of levels(again).entries()) expect([then[index]!.certainty, 'raw']).toContain(level);
        const next = { ptsMs: frames.at(-1)!.ptsMs + 100, detections: [seen(0.9)] };
        expect(run([next], fold)).toEqual(run([...frames, next]).slice(-1));
      }),
    );
  });

  it.each([30, 10, 5, 2])('comes with time, not with frames: %i analyses a second', (rate) => {
    const frames = run(steady(rate, 4000, () => 0.7));
    const period = 1000 / rate;
    // At least the age, at most a frame later; and never before the third sighting.
    const sure = Math.max(300, 2 * period);
    expect(firstAt(frames, 'sure')).toBeGreaterThanOrEqual(sure - 0.001);
    expect(firstAt(frames, 'sure')).toBeLessThan(sure + period);
    expect(firstAt(frames, 'very_sure')).toBeGreaterThanOrEqual(1000 - 0.001);
    expect(firstAt(frames, 'very_sure')).toBeLessThan(1000 + period);
  });

  it('is not reached by a flash, however bright, nor by what is dim for long', () => {
    expect(firstAt(run(steady(10, 200, () => 0.99)), 'sure')).toBeUndefined();
    expect(firstAt(run(steady(10, 60_000, () => 0.4)), 'sure')).toBeUndefined();
    const mostlyDim = steady(10, 20_000, (ptsMs) => (Math.round(ptsMs / 100) % 5 > 2 ? 0.9 : 0.2));
    expect(firstAt(run(mostlyDim), 'sure')).toBeUndefined();
  });

  it('comes to an object that becomes clear after having been dim for long', () => {
    const frames = run(steady(10, 20_000, (ptsMs) => (ptsMs < 10_000 ? 0.3 : 0.8)));
    expect(firstAt(frames, 'sure')).toBeGreaterThan(10_000);
    expect(firstAt(frames, 'sure')).toBeLessThan(13_000);
  });

  it('survives a gap: what was sure is sure when it returns', () => {
    const frames = [...steady(10, 1000, () => 0.5), { ptsMs: 2400, detections: [seen(0.12, 'truck')] }];
    expect(run(frames).at(-1)!.detections[0]).toMatchObject({
      certainty: 'sure',
      shownAs: 'car',
      label: 'truck',
      ageMs: 2400,
    });
  });

  it('calls an object what it was called most, and does not flicker with the model', () => {
    const frames = run(
      steady(
        10,
        3000,
        () => 0.6,
        (ptsMs) => (Math.round(ptsMs / 100) % 3 === 0 ? 'truck' : 'car'),
      ),
    );
    const shown = frames.flatMap(({ detections }) => detections.filter(({ certainty }) => certainty !== 'raw'));
    expect(new Set(shown.map((detection) => detection.shownAs ?? detection.label))).toEqual(new Set(['car']));
    expect(shown.some(({ label }) => label === 'truck')).toBe(true);
  });

  it('holds memory in bounds over a day of objects', () => {
    const fold = new CertaintyFold();
    let newest: Detection[] = [];
    for (let id = 1; id <= 20_000; id++) newest = fold.update(id * 1000, [seen(0.9, 'car', id)], LEVELS);
    expect(newest[0]).toMatchObject({ certainty: 'raw', ageMs: 0 });
    // The first ones are forgotten: the same number would be a new object.
    expect(fold.update(20_001_000, [seen(0.9, 'car', 1)], LEVELS)[0]).toMatchObject({ ageMs: 0, confidence: 0 });
  });
});

describe('tracker and certainty together', () => {
  it.each([10, 5, 2])('make one appearance of one object at %i analyses a second', (rate) => {
    const tracker = new Tracker();
    const fold = new CertaintyFold();
    const ids = new Set<number | null>();
    let level: Certainty | undefined;
    for (let ptsMs = 0; ptsMs <= 4000; ptsMs += 1000 / rate) {
      const found = [{ label: 'person', score: 0.8, box: [0.2 + ptsMs / 50_000, 0.2, 0.2, 0.5] as Detection['box'] }];
      const [detection] = fold.update(ptsMs, tracker.update(ptsMs, found), LEVELS);
      level = detection!.certainty;
      if (detection!.trackId !== null) ids.add(detection!.trackId);
    }
    expect(ids.size).toBe(1);
    expect(level).toBe('very_sure');
  });
});
