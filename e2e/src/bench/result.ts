/** One figure of the table. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** As the requirement says it: `<= 120`. null: reported without one. */
  readonly reach: string | null;
  readonly reached: boolean | null;
  /** How it was measured, and what stands beside it. */
  readonly note: string;
}

/** What one row of the bench needs from the command line. */
export interface BenchOptions {
  /** Length of a measuring window, seconds. */
  readonly seconds: number;
  /** Length of the memory row, minutes. */
  readonly minutes: number;
}

/** Measures, and returns the figures and whatever else is worth keeping in the JSON. */
export type Row = (options: BenchOptions, say: (text: string) => void) => Promise<RowResult>;

/** Outcome of a row. */
export interface RowResult {
  readonly figures: readonly Figure[];
  /** Raw data for the JSON. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A figure with an upper bound. */
export function atMost(limit: number, figure: Omit<Figure, 'reach' | 'reached'>): Figure {
  return { ...figure, reach: `<= ${limit}`, reached: figure.value <= limit };
}

/** A figure without one. */
export const noted = (figure: Omit<Figure, 'reach' | 'reached'>): Figure => ({ ...figure, reach: null, reached: null });

/** The figures as lines of a text table. */
export function formatTable(figures: readonly Figure[]): string {
  const cells = figures.map(({ what, value, unit, reach, reached, note }) => [
    what,
    `${formatNumber(value)} ${unit}`,
    reach ?? '',
    reached === null ? '' : reached ? 'yes' : 'NO',
    note,
  ]);
  const head = ['What', 'Measured', 'Reach', 'Reached', 'How'];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(column === 4 ? 0 : (widths[column] ?? 0))).join(' | ')} |`;
  return [
    line(head),
    `|${widths.map((width, i) => '-'.repeat(i === 4 ? 5 : width + 2)).join('|')}|`,
    ...cells.map(line),
  ].join('\n');
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
