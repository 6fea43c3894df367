/** Intervals as files: CSV for spreadsheets, JSON for programs, both of the whole session and never whole in memory. */
import type { Interval } from '@media-analyzer/protocol';
import type { SessionIntervals } from './services.js';

/** Rows read from the database at a time. */
const PAGE = 1000;

const COLUMNS: Readonly<Record<string, (interval: Interval, epochAt: number) => string | number | null>> = {
  from: ({ fromMs }, epochAt) => new Date(epochAt + fromMs).toISOString(),
  to: ({ toMs }, epochAt) => new Date(epochAt + toMs).toISOString(),
  kind: ({ kind }) => kind,
  label: ({ label }) => label,
  fromMs: ({ fromMs }) => fromMs,
  toMs: ({ toMs }) => toMs,
  score: ({ score }) => rounded(score),
  certainty: ({ certainty }) => certainty,
  sureMs: ({ sureMs }) => sureMs,
  verySureMs: ({ verySureMs }) => verySureMs,
  bestMs: ({ evidence }) => evidence[0]?.ptsMs ?? null,
  bestScore: ({ evidence }) => (evidence[0] ? rounded(evidence[0].score) : null),
  bestX: ({ evidence }) => rounded(evidence[0]?.box[0]),
  bestY: ({ evidence }) => rounded(evidence[0]?.box[1]),
  bestWidth: ({ evidence }) => rounded(evidence[0]?.box[2]),
  bestHeight: ({ evidence }) => rounded(evidence[0]?.box[3]),
  status: ({ status }) => status,
  model: ({ model }) => model,
  trackId: ({ trackId }) => trackId,
  sessionId: ({ sessionId }) => sessionId,
  id: ({ id }) => id,
};

/** Lines of a CSV file (RFC 4180) with a head; `from` and `to` are UTC, the rest as in the API. */
export async function* csvOf(intervals: SessionIntervals | null): AsyncGenerator<string> {
  yield csvLine(Object.keys(COLUMNS));
  if (!intervals) return;
  for await (const interval of all(intervals)) {
    yield csvLine(Object.values(COLUMNS).map((column) => column(interval, intervals.epochAt)));
  }
}

/** A page without an end: `{"items":[…],"nextCursor":null}`. */
export async function* jsonOf(intervals: SessionIntervals | null): AsyncGenerator<string> {
  let separator = '{"items":[\n';
  if (intervals) {
    for await (const interval of all(intervals)) {
      yield `${separator}${JSON.stringify(interval)}`;
      separator = ',\n';
    }
  }
  yield `${separator === ',\n' ? '' : separator}],"nextCursor":null}\n`;
}

async function* all(intervals: SessionIntervals): AsyncGenerator<Interval> {
  let cursor: string | undefined;
  do {
    const page = await intervals.page({ limit: PAGE, cursor });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(csvValue).join(',')}\r\n`;
}

/** Quoted where needed; a text that a spreadsheet would take for a formula is made plain text. */
function csvValue(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Single precision holds no more than six digits. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 1e6) / 1e6;
}
