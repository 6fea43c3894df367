import { CodedError, type Refusal } from '@media-analyzer/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from './log.js';
import { RefusalBoard } from './refusals.js';

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

function make() {
  const told: { all: Refusal[]; streamIds: string[] }[] = [];
  const lines: object[] = [];
  const counts: Record<string, number> = {};
  const board = new RefusalBoard({
    log: { ...silentLog, warn: (fields: object) => void lines.push(fields) } as typeof silentLog,
    metric: {
      inc: ({ code }) => {
        counts[code] = (counts[code] ?? 0) + 1;
      },
    },
    onChange: (all, streamIds) => void told.push({ all, streamIds: [...streamIds] }),
  });
  const busy = (address = '192.0.2.1', streamId: string | null = 'stream-1') =>
    board.record({ error: new CodedError('stream_key_busy'), address, encoder: 'OBS', streamId });
  const unknown = (address: string) =>
    board.record({ error: new CodedError('stream_key_unknown'), address, encoder: null, streamId: null });
  return { board, told, lines, counts, busy, unknown };
}

describe('the board of refusals', () => {
  it('makes one entry of an encoder that tries again and again, and counts every try', () => {
    const { board, busy, counts } = make();
    for (let i = 0; i < 20; i++) {
      busy();
      vi.advanceTimersByTime(2000);
    }
    expect(board.all).toEqual([
      {
        ...{ code: 'stream_key_busy', message: 'The stream already has a publisher that is sending' },
        ...{ address: '192.0.2.1', encoder: 'OBS', streamId: 'stream-1', count: 20 },
        ...{ firstAt: 1_790_000_000_000, lastAt: 1_790_000_038_000 },
      },
    ]);
    expect(counts).toEqual({ stream_key_busy: 20 });
  });

  it('writes one line at once, and then one a minute with the number of tries', () => {
    const { lines, busy } = make();
    for (let i = 0; i < 45; i++) {
      busy();
      vi.advanceTimersByTime(2000);
    }
    expect(lines).toMatchObject([
      { code: 'stream_key_busy', address: '192.0.2.1', encoder: 'OBS', streamId: 'stream-1', times: 1 },
      { times: 30 },
    ]);
  });

  it('has the newest first, and those of one stream by themselves', () => {
    const { board, busy, unknown } = make();
    busy('192.0.2.1');
    unknown('192.0.2.2');
    busy('192.0.2.3', 'stream-2');
    busy('192.0.2.1');
    expect(board.all.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.3', '192.0.2.2']);
    expect(board.of('stream-2').map(({ address }) => address)).toEqual(['192.0.2.3']);
  });

  it('tells of many at once, with the streams that they are about', () => {
    const { told, busy, unknown } = make();
    busy();
    busy('192.0.2.3', 'stream-2');
    unknown('192.0.2.2');
    vi.advanceTimersByTime(1000);
    expect(told).toHaveLength(1);
    expect(told[0]?.streamIds).toEqual(['stream-1', 'stream-2']);
    expect(told[0]?.all).toHaveLength(3);
  });

  it('forgets after an hour, and with the stream', () => {
    const { board, busy, unknown } = make();
    busy();
    vi.advanceTimersByTime(59 * 60_000);
    unknown('192.0.2.2');
    vi.advanceTimersByTime(2 * 60_000);
    expect(board.all.map(({ code }) => code)).toEqual(['stream_key_unknown']);
    busy();
    board.clearStream('stream-1');
    expect(board.of('stream-1')).toEqual([]);
  });

  it('stays small when somebody tries from ever new addresses, and keeps what is about a stream', () => {
    const { board, busy, unknown } = make();
    busy();
    for (let i = 0; i < 500; i++) unknown(`192.0.2.${i}`);
    expect(board.all).toHaveLength(50);
    expect(board.of('stream-1')).toHaveLength(1);
    expect(board.all[0]?.address).toBe('192.0.2.499');
  });
});
