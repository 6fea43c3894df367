import { analysis as analysisSchema } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { RealtimeAnalysis } from './session-analysis.js';
import { FakeDecoder, fakeMetrics, result } from './testing/fakes.js';

function make() {
  const decoder = new FakeDecoder(null);
  const { metrics, seen, dropped } = fakeMetrics();
  const analyses: Parameters<ConstructorParameters<typeof RealtimeAnalysis>[0]['onAnalysis']>[0][] = [];
  let closed = 0;
  const session = new RealtimeAnalysis({
    ...{ streamId: 'stream-1', sessionId: 'session-1', decoder, highScore: () => 0.3, metrics },
    levels: () => ({ sure: { score: 0.5, ageMs: 300 }, verySure: { score: 0.7, ageMs: 1000 } }),
    onAnalysis: (analysis) => void analyses.push(analysis),
    onClose: () => {
      closed += 1;
    },
  });
  return { session, decoder, seen, dropped, analyses, closed: () => closed };
}

describe('the realtime analysis of a session', () => {
  it('gives an object the same number on every frame, and says when it was seen and known', () => {
    const { session, analyses, seen } = make();
    for (let ms = 0; ms < 500; ms += 100) session.result(result(ms));
    expect(analyses).toHaveLength(5);
    for (const analysis of analyses) analysisSchema.parse(analysis);
    expect(analyses[0]).toMatchObject({
      streamId: 'stream-1',
      sessionId: 'session-1',
      status: 'provisional',
      ptsMs: 0,
    });
    const numbers = analyses.slice(1).map(({ detections }) => detections[0]!.trackId);
    expect(numbers[0]).toEqual(expect.any(Number));
    expect(new Set(numbers).size).toBe(1);
    expect(session.counts()).toMatchObject({ analysed: 5, captureToResult: { p50: 100, p95: 100, count: 5 } });
    session.report();
    expect(seen).toMatchObject({ sampled: 5, analysed: 5, captureToResult: [0.1, 0.1, 0.1, 0.1, 0.1] });
  });

  it('takes objects after a discontinuity for new ones', () => {
    const { session, analyses, decoder } = make();
    for (let ms = 0; ms < 500; ms += 100) session.result(result(ms));
    session.discontinuity();
    for (let ms = 500; ms < 1000; ms += 100) session.result(result(ms));
    expect(decoder.discontinuities).toBe(1);
    const before = analyses[4]!.detections[0]!.trackId;
    const after = analyses[9]!.detections[0]!.trackId;
    expect(after).toEqual(expect.any(Number));
    expect(after).not.toBe(before);
  });

  it('counts what the decoder and the vision process dropped, each reason once', () => {
    const { session, decoder, dropped, seen } = make();
    decoder.counts = { ...decoder.counts, sampled: 20, dropped: { link_busy: 2, overload: 1 } };
    session.dropped('superseded', 3);
    session.dropped('superseded', 1);
    session.dropped('overload', 5);
    expect(session.counts()).toMatchObject({ sampled: 20, dropped: { link_busy: 2, overload: 6, superseded: 4 } });
    session.report();
    session.report();
    decoder.counts = { ...decoder.counts, sampled: 25, dropped: { link_busy: 3, overload: 1 } };
    session.report();
    expect(dropped).toEqual({ link_busy: 3, overload: 6, superseded: 4 });
    expect(seen.sampled).toBe(25);
  });

  it('takes clocks that disagree for no time at all', () => {
    const { session, seen } = make();
    session.result(result(0, { capturedAt: 2_000, completedAt: 1_999.4 }));
    expect(seen.captureToResult).toEqual([0]);
  });

  it('is over also when its decoder cannot be stopped', async () => {
    const { session, decoder, closed } = make();
    decoder.stop = async () => {
      throw new Error('stuck');
    };
    await expect(session.close()).rejects.toThrow('stuck');
    expect(closed()).toBe(1);
  });
});
