import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, type Pair } from './assignment.js';

const byTable = (table: readonly (readonly number[])[], least = 0.01): Pair[] =>
  assign(table.length, table[0]?.length ?? 0, (row, column) => table[row]![column]!, least);

describe('assign', () => {
  it('prefers the best sum over the best single pair', () => {
    // Greedy would take 0.9 and leave 0.1.
    const table = [
      [0.9, 0.8],
      [0.8, 0.1],
    ];
    expect(byTable(table)).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('never matches below the least value', () => {
    expect(byTable([[0.2, 0.1]], 0.3)).toEqual([]);
    expect(byTable([[0.3, 0.1]], 0.3)).toEqual([[0, 0]]);
  });

  it('leaves rows or columns over when there are more of them', () => {
    expect(byTable([[0.5], [0.9], [0.7]])).toEqual([[1, 0]]);
    expect(byTable([[0.5, 0.9, 0.7]])).toEqual([[0, 1]]);
    expect(assign(0, 5, () => 1, 0.1)).toEqual([]);
    expect(assign(5, 0, () => 1, 0.1)).toEqual([]);
  });

  it('reaches the sum that trying everything reaches', () => {
    const cell = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true }));
    const shape = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    const tables = shape.chain(([rows, columns]) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
    fc.assert(
      fc.property(tables, (table) => {
        const pairs = byTable(table, 0.2);
        expect(new Set(pairs.map(([row]) => row)).size).toBe(pairs.length);
        expect(new Set(pairs.map(([, column]) => column)).size).toBe(pairs.length);
        const sum = pairs.reduce((total, [row, column]) => total + table[row]![column]!, 0);
        expect(pairs.every(([row, column]) => table[row]![column]! >= 0.2)).toBe(true);
        expect(sum).toBeCloseTo(bestSum(table, 0.2, 0, new Set()), 9);
      }),
    );
  });
});

function bestSum(table: readonly (readonly number[])[], least: number, row: number, used: Set<number>): number {
  if (row === table.length) return 0;
  let best = bestSum(table, least, row + 1, used);
  table[row]!.forEach((value, column) => {
    if (value < least || used.has(column)) return;
    best = Math.max(best, value + bestSum(table, least, row + 1, new Set([...used, column])));
  });
  return best;
}
