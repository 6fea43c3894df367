import { describe, expect, it } from 'vitest';
import { type DecoderCounts, FrameLedger, type FrameTotals } from './frame-ledger.js';

function make() {
  let counts: DecoderCounts = { sampled: 0, sent: 0, dropped: {}, linkLosses: 0 };
  let now = 0;
  const ledger = new FrameLedger(
    () => counts,
    () => now,
  );
  return {
    ledger,
    told: (change: Partial<DecoderCounts>) => {
      counts = { ...counts, ...change };
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const underWay = ({ sampled, analysed, dropped }: FrameTotals): number =>
  sampled - analysed - Object.values(dropped).reduce((sum, count) => sum + count, 0);

describe('the ledger of frames', () => {
  it('never has more analysed than sampled, however late the decoder tells its counts', () => {
    const { ledger, told } = make();
    for (let frame = 0; frame < 7; frame += 1) ledger.analysed();
    ledger.dropped('superseded', 2);
    expect(ledger.totals()).toEqual({ sampled: 9, analysed: 7, dropped: { superseded: 2 } });
    told({ sampled: 10, sent: 10 });
    expect(underWay(ledger.totals())).toBe(1);
  });

  it('does not go back when the decoder starts anew and its last counts were never told', () => {
    const { ledger, told } = make();
    told({ sampled: 20, sent: 20 });
    for (let frame = 0; frame < 26; frame += 1) ledger.analysed();
    expect(ledger.totals().sampled).toBe(26);
    // The process ended: 6 frames that it never told of are in nobody's total but ours.
    told({ sampled: 23, sent: 20, dropped: { media_down: 3 } });
    expect(ledger.totals()).toEqual({ sampled: 29, analysed: 26, dropped: { media_down: 3 } });
  });

  it('counts what a vision process took with it as lost, once, and not what it still answered', () => {
    const { ledger, told, pass } = make();
    told({ sampled: 10, sent: 10 });
    for (let frame = 0; frame < 7; frame += 1) ledger.analysed();
    told({ linkLosses: 1 });
    expect(underWay(ledger.totals())).toBe(3);
    ledger.analysed();
    pass(500);
    expect(ledger.totals()).toEqual({ sampled: 10, analysed: 8, dropped: { vision_down: 2 } });
    pass(5000);
    expect(underWay(ledger.totals())).toBe(0);
  });

  it('holds at every moment of a random history', () => {
    const { ledger, told, pass } = make();
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let [sent, told_, waiting, losses] = [0, 0, 0, 0];
    let before: FrameTotals = { sampled: 0, analysed: 0, dropped: {} };
    for (let step = 0; step < 5_000; step += 1) {
      const what = random(10);
      if (what < 5) [sent, waiting] = [sent + 1, waiting + 1];
      else if (what < 8 && waiting > 0) {
        waiting -= 1;
        if (random(4) === 0) ledger.dropped('deadline', 1);
        else ledger.analysed();
      } else if (what === 8) told_ = sent;
      else if (random(20) === 0) [losses, waiting, told_] = [losses + 1, 0, sent];
      told({ sampled: told_, sent: told_, linkLosses: losses });
      pass(100);
      const totals = ledger.totals();
      expect(underWay(totals)).toBeGreaterThanOrEqual(0);
      expect(totals.sampled).toBeGreaterThanOrEqual(before.sampled);
      before = totals;
    }
    expect(before.analysed).toBeGreaterThan(500);
  });
});
