import { describe, expect, it } from 'vitest';
import { LoadedRun } from './loaded-run';

function loaded(...stretches: readonly (readonly [number, number])[]): LoadedRun {
  const run = new LoadedRun();
  run.loading(stretches[0]?.[0] ?? 0);
  for (const [start, end] of stretches) run.loaded(start, end);
  return run;
}

describe('what was loaded one after the other', () => {
  it('reaches to the end of the last piece, from everywhere in it', () => {
    const run = loaded([10, 12], [12.01, 14], [14, 14.25]);
    expect([9, 9.8, 10, 13, 14.25, 15].map((time) => run.through(time))).toEqual([
      ...[null, 14.25, 14.25, 14.25],
      ...[14.25, null],
    ]);
  });

  it('goes on with what follows, asked for piece by piece or all at once', () => {
    const run = loaded([10, 12]);
    run.loading(12);
    expect(run.through(11)).toBe(12);
    run.loaded(12, 12.25);
    run.loaded(12.25, 12.5);
    expect(run.through(11)).toBe(12.5);
  });

  it('is another after a seek, also to a place that had been loaded before', () => {
    const run = loaded([0, 2], [2, 4], [4, 6]);
    run.loading(1);
    expect([run.through(1.5), run.through(5)]).toEqual([null, null]);
    // What had been asked for before comes late.
    run.loaded(6, 8);
    expect(run.through(1.5)).toBeNull();
    run.loaded(1, 3);
    expect([run.through(1.5), run.through(7)]).toEqual([3, null]);
  });

  it('is none before anything is loaded', () => {
    expect(new LoadedRun().through(0)).toBeNull();
  });
});
