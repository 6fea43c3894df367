import { describe, expect, it } from 'vitest';
import { AlignmentReporter, alignmentError } from './alignment';

describe('the alignment error', () => {
  it('is the distance of shown and drawn PTS plus the time that the boxes came late', () => {
    expect(alignmentError(1000, 1000, 0)).toBe(0);
    expect(alignmentError(1000, 966, 0)).toBe(34);
    expect(alignmentError(966, 1000, 5)).toBe(39);
  });

  it('does not reward boxes that were drawn before their frame came on screen', () => {
    expect(alignmentError(1000, 1000, -12)).toBe(0);
  });
});

describe('the alignment reporter', () => {
  it('hands errors on in batches of about five seconds', () => {
    const sent: number[][] = [];
    const reporter = new AlignmentReporter((errors) => sent.push(errors));
    for (let now = 0; now <= 10_000; now += 100) reporter.add(1, now);
    // The second batch began at 5.1 s and is not full yet.
    expect(sent.map((batch) => batch.length)).toEqual([51]);
  });

  it('never sends an empty batch, nor more or larger errors than the protocol takes', () => {
    const sent: number[][] = [];
    const reporter = new AlignmentReporter((errors) => sent.push(errors));
    reporter.flush();
    expect(sent).toEqual([]);
    for (let i = 0; i < 1000; i++) reporter.add(1e9, 0);
    reporter.flush();
    expect(sent[0]).toHaveLength(600);
    expect(Math.max(...sent[0]!)).toBe(60_000);
  });
});
