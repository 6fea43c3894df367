import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, type Stays, sumOf } from './stays.js';

const stays = (...pairs: readonly (readonly [number, number])[]): Stays => ({
  from: pairs.map(([from]) => from),
  to: pairs.map(([, to]) => to),
});
const columns = (of: Stays, count = 4) => columnsOf(of, { beginMs: 0, everyMs: 1000, columns: count });

describe('the stays of a class', () => {
  it('overlap where one comes at the moment at which another one goes', () => {
    expect(sumOf(stays([0, 1000], [1000, 3000]))).toEqual({ most: 2, lastingMs: 3000 });
    expect(sumOf(stays([0, 1000], [5000, 5000]))).toEqual({ most: 1, lastingMs: 1000 });
  });

  it('fill the columns in which nothing changes, up to the one in which they end', () => {
    expect(columns(stays([500, 2000], [700, 900])).most).toEqual([2, 1, 1, 0]);
    expect(columns(stays([500, 9000])).most).toEqual([1, 1, 1, 1]);
    expect(columns(stays([4000, 5000])).most).toEqual([0, 0, 0, 0]);
  });

  it('begin with what was there before the first column', () => {
    const of = columnsOf(stays([100, 5200], [200, 5100], [5400, 5500]), { beginMs: 5000, everyMs: 1000, columns: 2 });
    expect(of).toEqual({ most: [2, 0], comesMs: [] });
  });

  it('come in where none of the class was there for a while, of each column the first time', () => {
    expect(columns(stays([200, 900], [800, 2000], [3000, 3100])).comesMs).toEqual([200]);
    expect(columns(stays([200, 900], [2500, 2600])).comesMs).toEqual([200, 2500]);
    expect(columnsOf(stays([0, 0], [4000, 4000], [9000, 9000]), { beginMs: 0, everyMs: 8000, columns: 2 })).toEqual({
      most: [1, 1],
      comesMs: [0, 9000],
    });
  });

  it('are as many as one finds who looks at every moment', () => {
    const pair = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, stay]) => [from * 100, (from + stay) * 100] as const);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 12 }), (pairs) => {
        const here = (ms: number) => pairs.filter(([from, to]) => from <= ms && ms <= to).length;
        const moments = Array.from({ length: 100 }, (_, index) => index * 100);
        const expected = Array.from({ length: 10 }, (_, column) =>
          Math.max(...moments.filter((ms) => Math.floor(ms / 1000) === column).map(here)),
        );
        expect(columns(stays(...pairs), 10).most).toEqual(expected);
        expect(sumOf(stays(...pairs)).most).toBe(Math.max(...moments.map(here)));
      }),
    );
  });
});
