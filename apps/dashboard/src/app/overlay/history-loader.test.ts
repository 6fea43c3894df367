import { describe, expect, it } from 'vitest';
import { HistoryLoader } from './history-loader';
import { analysisAt } from './testing';

function loaderOf(
  answer: (from: number) => Promise<ReturnType<typeof analysisAt>[]> = async (from) => [analysisAt(from)],
) {
  const asked: number[] = [];
  const inserted: number[] = [];
  const loader = new HistoryLoader(
    (from) => {
      asked.push(from);
      return answer(from);
    },
    (analysis) => inserted.push(analysis.ptsMs),
  );
  const followUntilQuiet = async (ptsMs: number, edgeMs: number, now = 0) => {
    for (let before = -1; before !== asked.length; ) {
      before = asked.length;
      await loader.follow({ ptsMs, edgeMs, now });
    }
  };
  return { loader, asked, inserted, followUntilQuiet };
}

describe('the history loader', () => {
  it('fetches the minute before the playhead once, the playhead first', async () => {
    const { loader, asked, inserted, followUntilQuiet } = loaderOf();
    loader.liveFrom(65_000);
    await followUntilQuiet(65_000, 65_000);
    expect(asked).toEqual([60_000, 50_000, 40_000, 30_000, 20_000, 10_000, 0]);
    expect(inserted).toEqual(asked);
  });

  it('fetches nothing that comes live', async () => {
    const { loader, asked, followUntilQuiet } = loaderOf();
    loader.liveFrom(0);
    await followUntilQuiet(100_000, 100_000);
    expect(asked).toEqual([]);
  });

  it('looks ahead while the viewer is back in time', async () => {
    const { loader, asked, followUntilQuiet } = loaderOf();
    loader.liveFrom(600_000);
    await followUntilQuiet(8000, 600_000);
    expect(asked).toEqual([0, 10_000]);
  });

  it('asks again after a failure, not at once', async () => {
    let fail = true;
    const { loader, asked, followUntilQuiet } = loaderOf(async () => {
      if (fail) throw new Error('no server');
      return [];
    });
    loader.liveFrom(5000);
    await followUntilQuiet(4000, 5000);
    await followUntilQuiet(4000, 5000, 1000);
    expect(asked).toEqual([0]);
    fail = false;
    await followUntilQuiet(4000, 5000, 6000);
    expect(asked).toEqual([0, 0]);
  });

  it('fetches what was missed while the connection was lost', async () => {
    const { loader, asked, followUntilQuiet } = loaderOf();
    loader.liveFrom(0);
    loader.liveLost(12_000);
    await followUntilQuiet(15_000, 21_000);
    expect(asked).toContain(10_000);
  });

  it('inserts nothing after it was stopped', async () => {
    let answer = (_: ReturnType<typeof analysisAt>[]) => {};
    const { loader, inserted } = loaderOf(() => new Promise((resolve) => (answer = resolve)));
    const running = loader.follow({ ptsMs: 0, edgeMs: 0, now: 0 });
    loader.stop();
    answer([analysisAt(0)]);
    await running;
    expect(inserted).toEqual([]);
  });
});
