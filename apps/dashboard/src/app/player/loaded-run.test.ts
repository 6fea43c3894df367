import { describe, expect, it } from 'vitest';
import { LoadedRun } from './loaded-run';

function loaded(...stretches: readonly (readonly [number, number])[]): LoadedRun {
  const run = new LoadedRun();
  for (const [start, end] of stretches) {
    run.loading(start, end);
    run.loaded(end);
  }
  return run;
}

describe('what was loaded one after the other', () => {
  it('reaches to the end of the last piece, from everywhere in it', () => {
    const run = loaded([10, 12], [12.01, 14], [14, 14.25]);
    expect([9, 10, 13, 14.25, 15].map((time) => run.through(time))).toEqual([null, 14.25, 14.25, 14.25, null]);
  });

  it('is another after a seek, also to a place that had been loaded before', () => {
    const run = loaded([0, 2], [2, 4], [4, 6]);
    run.loading(1, 3);
    expect(run.through(1.5)).toBeNull();
    expect(run.through(5)).toBeNull();
    run.loaded(3);
    expect(run.through(1.5)).toBe(3);
  });

  it('has nothing of what is only asked for, and of a piece that comes when something else is wanted', () => {
    const run = loaded([10, 12]);
    run.loading(12, 14);
    expect(run.through(11)).toBe(12);
    run.loading(2, 4);
    run.loaded(14);
    expect(run.through(3)).toBeNull();
  });

  it('is none before anything is loaded', () => {
    expect(new LoadedRun().through(0)).toBeNull();
  });
});
