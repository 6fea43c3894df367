/** One row matched with one column. */
export type Pair = readonly [row: number, column: number];

/**
 * Best one-to-one matching of rows and columns: the greatest sum of values, where pairs below `least` are never matched.
 * Shortest augmenting paths with potentials (the Hungarian method), at most O(n^3).
 *
 * @param value how well row and column fit, 0..1.
 */
export function assign(
  rows: number,
  columns: number,
  value: (row: number, column: number) => number,
  least: number,
): Pair[] {
  if (rows === 0 || columns === 0) return [];
  if (rows > columns)
    return assign(columns, rows, (row, column) => value(column, row), least).map(([row, column]) => [column, row]);
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const fit = value(row, column);
      values[row * columns + column] = fit >= least ? fit : 0;
    }
  }
  const columnOf = solve(values, rows, columns);
  const pairs: Pair[] = [];
  for (let row = 0; row < rows; row++) {
    const column = columnOf[row]!;
    // Rows without an allowed partner share the value 0 with everyone and come out matched with whatever is left.
    if (values[row * columns + column]! > 0) pairs.push([row, column]);
  }
  return pairs;
}

/** Column of each row; `rows <= columns`. Index 0 of the potentials stands for "no row" and "no column". */
function solve(values: Float64Array, rows: number, columns: number): Int32Array {
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  const shortest = new Float64Array(columns + 1);
  const visited = new Uint8Array(columns + 1);
  for (let start = 1; start <= rows; start++) {
    rowOf[0] = start;
    shortest.fill(Number.POSITIVE_INFINITY);
    visited.fill(0);
    let column = 0;
    while (rowOf[column] !== 0) {
      visited[column] = 1;
      const row = rowOf[column]!;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let other = 1; other <= columns; other++) {
        if (visited[other]) continue;
        const reduced = -values[(row - 1) * columns + other - 1]! - rowPotential[row]! - columnPotential[other]!;
        if (reduced < shortest[other]!) {
          shortest[other] = reduced;
          previous[other] = column;
        }
        if (shortest[other]! < step) {
          step = shortest[other]!;
          next = other;
        }
      }
      for (let other = 0; other <= columns; other++) {
        if (visited[other]) {
          rowPotential[rowOf[other]!]! += step;
          columnPotential[other]! -= step;
        } else {
          shortest[other]! -= step;
        }
      }
      column = next;
    }
    while (column !== 0) {
      const before = previous[column]!;
      rowOf[column] = rowOf[before]!;
      column = before;
    }
  }
  const columnOf = new Int32Array(rows);
  for (let column = 1; column <= columns; column++) if (rowOf[column] !== 0) columnOf[rowOf[column]! - 1] = column - 1;
  return columnOf;
}
