import { type Analysis, CodedError } from '@media-analyzer/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLog } from '../log.js';
import { AnalysisWriter, type AnalysisWriterOptions } from './analysis-writer.js';
import { makeAnalysis } from './testing/samples.js';

const IDS = { streamId: 'stream', sessionId: 'session' };
const away = () => new CodedError('database_unreachable', { problem: 'connect ECONNREFUSED' });

/** A sink that takes batches, or fails as it is told. */
class FakeSink {
  readonly batches: number[][] = [];
  /** Asked before each batch; what it returns is thrown. */
  failure: (batch: readonly Analysis[]) => Error | null = () => null;
  /** While set, a batch waits for it. */
  gate: Promise<void> = Promise.resolve();
  tries = 0;

  async append(batch: readonly Analysis[]) {
    this.tries++;
    await this.gate;
    const error = this.failure(batch);
    if (error) throw error;
    this.batches.push(batch.map(({ ptsMs }) => ptsMs));
    return { written: batch.length, outranked: 0, orphaned: 0 };
  }
}

describe('the analysis writer', () => {
  let sink: FakeSink;
  beforeEach(() => {
    vi.useFakeTimers();
    sink = new FakeSink();
  });
  afterEach(() => void vi.useRealTimers());
  const make = (options: Partial<AnalysisWriterOptions> = {}) =>
    new AnalysisWriter({ sink, log: silentLog, retry: { firstMs: 100, longestMs: 400 }, ...options });
  const append = (writer: AnalysisWriter, ...times: number[]) => {
    for (const ptsMs of times) writer.append(makeAnalysis(IDS, ptsMs));
  };

  it('writes what came within half a second in one batch', async () => {
    const writer = make();
    append(writer, 0, 100, 200);
    await vi.advanceTimersByTimeAsync(499);
    expect(sink.batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    append(writer, 300);
    await vi.advanceTimersByTimeAsync(500);
    expect(sink.batches).toEqual([[0, 100, 200], [300]]);
    expect(writer.counts()).toMatchObject({ waiting: 0, written: 4, transactions: 2 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('writes a full batch at once, and what came while it was written after the interval', async () => {
    const writer = make({ batchSize: 3 });
    append(writer, 0, 1, 2, 3);
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.batches).toEqual([[0, 1, 2]]);
    await vi.advanceTimersByTimeAsync(500);
    expect(sink.batches).toEqual([[0, 1, 2], [3]]);
  });

  it('flushes what waits, in order, in batches of the bound', async () => {
    const writer = make({ batchSize: 2 });
    let open = () => {};
    sink.gate = new Promise((resolve) => {
      open = resolve;
    });
    append(writer, 0, 1, 2, 3, 4);
    const flushed = writer.flush();
    open();
    await flushed;
    expect(sink.batches).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('tries again until the database is back, ever more slowly, and loses nothing within its capacity', async () => {
    const writer = make();
    sink.failure = away;
    append(writer, 0, 1);
    await vi.advanceTimersByTimeAsync(500);
    expect(sink.tries).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(sink.tries).toBe(2);
    append(writer, 2);
    await vi.advanceTimersByTimeAsync(200 + 400 + 400);
    expect(sink.tries).toBe(5);
    sink.failure = () => null;
    await vi.advanceTimersByTimeAsync(400);
    expect(sink.batches).toEqual([[0, 1, 2]]);
    expect(writer.counts()).toMatchObject({ waiting: 0, written: 3, failedTries: 5, dropped: { overflow: 0 } });
  });

  it('drops the oldest when more wait than its capacity, counts them, and says so once at the start and once at the end', async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLog, warn: (fields, text) => void lines.push(`${text} ${JSON.stringify(fields)}`) };
    const writer = make({ capacity: 3, log });
    sink.failure = away;
    append(writer, 0, 1);
    await vi.advanceTimersByTimeAsync(500);
    append(writer, 2, 3, 4, 5);
    expect(writer.counts()).toMatchObject({ waiting: 3, dropped: { overflow: 3 } });
    sink.failure = () => null;
    await vi.advanceTimersByTimeAsync(1000);
    expect(sink.batches).toEqual([[3, 4, 5]]);
    expect(lines).toEqual([
      'analyses are dropped: the database does not take them {"capacity":3}',
      'the database takes analyses again {"dropped":3}',
    ]);
  });

  it('does not drop what is being written when the bound is reached meanwhile', async () => {
    const writer = make({ capacity: 3 });
    let open = () => {};
    sink.gate = new Promise((resolve) => {
      open = resolve;
    });
    append(writer, 0, 1);
    await vi.advanceTimersByTimeAsync(500);
    append(writer, 2, 3, 4);
    expect(writer.counts()).toMatchObject({ waiting: 3, dropped: { overflow: 2 } });
    open();
    await writer.flush();
    expect(sink.batches).toEqual([[0, 1], [4]]);
  });

  it('leaves out the one analysis that the database refuses, and writes the rest once', async () => {
    const writer = make();
    sink.failure = (batch) => (batch.some(({ ptsMs }) => ptsMs === 5) ? new Error('invalid byte sequence') : null);
    append(writer, 0, 1, 2, 3, 4, 5, 6, 7);
    await writer.flush();
    expect(sink.batches.flat()).toEqual([0, 1, 2, 3, 4, 6, 7]);
    expect(writer.counts()).toMatchObject({ waiting: 0, written: 7, dropped: { refused: 1 } });
  });

  it('goes on where it stopped when the database goes away between two halves', async () => {
    const writer = make();
    let refused = false;
    sink.failure = (batch) => {
      if (batch.length === 4) return new Error('invalid byte sequence');
      if (batch[0]?.ptsMs !== 2 || refused) return null;
      refused = true;
      return away();
    };
    append(writer, 0, 1, 2, 3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sink.batches).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(writer.counts()).toMatchObject({ waiting: 0, written: 4 });
  });

  it('writes what waits when it is closed, and counts what comes later', async () => {
    const writer = make();
    append(writer, 0);
    await writer.close();
    append(writer, 1);
    expect(sink.batches).toEqual([[0]]);
    expect(writer.counts()).toMatchObject({ written: 1, dropped: { closed: 1 } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['away', { failure: away }],
    ['silent', { gate: new Promise<void>(() => {}) }],
  ])('is closed within its deadline when the database is %s, and counts what it could not write', async (_, fault) => {
    const writer = make();
    Object.assign(sink, fault);
    append(writer, 0, 1);
    const closed = writer.close({ deadlineMs: 2000 });
    append(writer, 2);
    await vi.advanceTimersByTimeAsync(2000);
    await closed;
    expect(writer.counts()).toMatchObject({ waiting: 0, written: 0, dropped: { closed: 3 } });
  });
});
