import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it, vi } from 'vitest';
import { makeStrategy, result } from './testing/fakes.js';

describe('the realtime strategy', () => {
  it('loads the model at the start and taps sessions once it is loaded', async () => {
    const { strategy, visions, decoders, open, problems } = makeStrategy();
    await strategy.start();
    open();
    expect(decoders[0]!.taps).toEqual([null]);
    visions[0]!.configured();
    const tap = {
      rate: 10,
      sampling: 'even',
      socketPath: '/run/vision.sock',
      input: expect.objectContaining({ width: 416 }),
    };
    expect(decoders[0]!.taps).toEqual([null, tap]);
    open('session-2');
    expect(decoders[1]!.taps).toEqual([tap]);
    expect(problems).toEqual([]);
    expect(strategy.blocked).toBeNull();
    await strategy.close();
  });

  it('says that the model is missing, and taps the session on air when it arrives', async () => {
    const { strategy, visions, decoders, open, problems, model, ready } = makeStrategy({ missing: true });
    await strategy.start();
    open();
    expect(problems).toEqual(['model_missing']);
    expect(strategy.blocked).toMatchObject({ code: 'model_missing' });
    expect(visions).toEqual([]);

    model.failure = null;
    ready('another-model');
    ready();
    await vi.waitUntil(() => visions.length === 1);
    visions[0]!.configured();
    expect(decoders[0]!.taps).toEqual([null, expect.objectContaining({ rate: 10 })]);
    expect(problems).toEqual(['model_missing', null]);
    expect(strategy.blocked).toBeNull();
    await strategy.close();
  });

  it('sees a model that arrives while it is being looked for', async () => {
    const { strategy, visions, model, ready } = makeStrategy({ missing: true });
    const started = strategy.start();
    model.failure = null;
    ready();
    await started;
    await vi.waitUntil(() => visions.length === 1);
    await strategy.close();
  });

  it('loads the model once, however often it is said to be ready', async () => {
    const { strategy, visions, ready } = makeStrategy();
    await strategy.start();
    for (let time = 0; time < 3; time++) ready();
    await strategy.start();
    expect(visions).toHaveLength(1);
    await strategy.close();
  });

  it('starts afresh with weights that were fetched anew after the old ones were refused', async () => {
    const { strategy, visions, problems, ready } = makeStrategy();
    await strategy.start();
    visions[0]!.events.onProblem(new CodedError('model_invalid', { model: 'tiny', problem: 'no ONNX file' }));
    expect(strategy.blocked).toMatchObject({ code: 'model_failed', message: expect.stringContaining('no ONNX file') });
    ready();
    await vi.waitUntil(() => visions.length === 2);
    expect(visions[0]!.stopped).toBe(true);
    visions[1]!.configured();
    expect(problems).toEqual(['model_invalid', null]);
    await strategy.close();
  });

  it('tells of a vision process that ended, and that it is back', async () => {
    const { strategy, visions, states } = makeStrategy();
    await strategy.start();
    const { events } = visions[0]!;
    events.onState('restarting', new CodedError('process_exited', { process: 'vision', how: 'signal SIGKILL' }));
    expect(strategy).toMatchObject({ visionState: 'restarting', blocked: { code: 'vision_process_restarting' } });
    events.onState('running', null);
    visions[0]!.configured();
    expect(strategy).toMatchObject({ visionState: 'running', blocked: null });
    expect(states).toEqual(['restarting', 'running']);
    await strategy.close();
  });

  it('has unsure detections reported to the tracker, and judges by the score of the model that was loaded', async () => {
    const { strategy, visions, analyses, open, model, ready } = makeStrategy({ missing: true });
    await strategy.start();
    open();
    model.failure = null;
    ready();
    await vi.waitUntil(() => visions.length === 1);
    visions[0]!.configured();
    expect(visions[0]!.scoreThreshold).toBe(0.1);
    const unsure = { label: 'person', score: 0.4, box: [0.1, 0.1, 0.2, 0.2] as [number, number, number, number] };
    visions[0]!.events.onResult(result(0, { detections: [unsure] }));
    visions[0]!.events.onResult(result(100, { detections: [{ ...unsure, score: 0.6 }] }));
    expect(analyses.map(({ detections }) => detections.length)).toEqual([0, 1]);
    await strategy.close();
  });

  it('takes the operator’s threshold over the model’s', async () => {
    const { strategy, visions, analyses, open } = makeStrategy({ scoreThreshold: 0.05 });
    await strategy.start();
    visions[0]!.configured();
    open();
    expect(visions[0]!.scoreThreshold).toBe(0.05);
    visions[0]!.events.onResult(result(0, { detections: [{ label: 'dog', score: 0.06, box: [0, 0, 1, 1] }] }));
    expect(analyses[0]!.detections).toHaveLength(1);
    await strategy.close();
  });

  it('takes results and drops to their own session, and none after its end', async () => {
    const { strategy, visions, analyses, open, decoders } = makeStrategy();
    await strategy.start();
    const { events } = visions[0]!;
    const first = open('session-1');
    const second = open('session-2', 'stream-2');
    events.onResult(result(0));
    events.onResult(result(0, { sessionId: 'session-2' }));
    events.onDropped({ sessionId: 'session-2', reason: 'superseded', count: 3 });
    expect(analyses.map(({ streamId }) => streamId)).toEqual(['stream-1', 'stream-2']);
    expect(second.counts().dropped).toEqual({ superseded: 3 });
    expect(first.counts().dropped).toEqual({});
    await first.close();
    events.onResult(result(100));
    events.onDropped({ sessionId: 'session-1', reason: 'superseded', count: 3 });
    expect(analyses).toHaveLength(2);
    expect(decoders[0]!.stopped).toBe(true);
    expect(visions[0]!.forgotten).toEqual(['session-1']);
    await strategy.close();
  });

  describe('changes the model', () => {
    async function running() {
      const scene = makeStrategy();
      await scene.strategy.start();
      const session = scene.open();
      const [vision] = scene.visions;
      vision!.running();
      vision!.configured();
      return { ...scene, session, vision: vision! };
    }

    it('under a session on air: it gets a new tap, and its objects new numbers', async () => {
      const { strategy, vision, visions, decoders, analyses, session } = await running();
      for (const ptsMs of [0, 100, 200]) vision.events.onResult(result(ptsMs));
      const changed = strategy.use('strict');
      await vi.waitUntil(() => vision.asked.length === 1);
      // Until it is loaded the old one goes on.
      vision.events.onResult(result(300));
      expect([strategy.model, analyses.length]).toEqual(['tiny', 4]);
      vision.configured('strict');
      await changed;
      expect([strategy.model, visions.length, decoders[0]!.taps.length]).toEqual(['strict', 1, 3]);
      // The frame that the old one was at.
      vision.events.onResult(result(400));
      expect(session.counts().dropped).toEqual({ wrong_size: 1 });
      for (const ptsMs of [500, 600, 700]) vision.events.onResult(result(ptsMs, { model: 'strict' }));
      const unsure = result(800, { model: 'strict' });
      vision.events.onResult({
        ...unsure,
        detections: unsure.detections.map((one) => ({ ...one, box: [0.7, 0, 0.1, 0.1], score: 0.7 })),
      });
      expect(analyses.map(({ model }) => model)).toEqual([...Array(4).fill('tiny'), ...Array(4).fill('strict')]);
      const numbers = (model: string) =>
        new Set(
          analyses.filter((one) => one.model === model).flatMap((one) => one.detections.map(({ trackId }) => trackId)),
        );
      expect([numbers('tiny'), numbers('strict')]).toEqual([new Set([null, 1]), new Set([null, 2])]);
      // The new model's own score counts.
      expect(analyses.at(-1)!.detections).toEqual([]);
      await strategy.close();
    });

    it('and keeps the old one when the new one is refused, with its process as it was', async () => {
      const { strategy, vision, visions, problems, analyses } = await running();
      const changed = strategy.use('broken');
      await vi.waitUntil(() => vision.asked.length === 1);
      vision.events.onProblem(new CodedError('model_invalid', { model: 'broken', problem: 'no ONNX file' }));
      await expect(changed).rejects.toMatchObject({
        code: 'model_switch_failed',
        details: { model: 'broken', kept: 'tiny', problem: expect.stringContaining('no ONNX file') },
      });
      vision.events.onResult(result(0));
      expect([strategy.model, strategy.blocked, visions.length, analyses.length]).toEqual(['tiny', null, 1, 1]);
      expect(problems).toEqual([]);
      await strategy.close();
    });

    it('and keeps the old one when the process dies of the new one', async () => {
      const { strategy, vision } = await running();
      const changed = strategy.use('huge');
      await vi.waitUntil(() => vision.asked.length === 1);
      vision.events.onState(
        'restarting',
        new CodedError('process_exited', { process: 'vision', how: 'signal SIGKILL' }),
      );
      await expect(changed).rejects.toMatchObject({ code: 'model_switch_failed' });
      vision.running();
      vision.configured();
      expect([strategy.model, strategy.blocked]).toEqual(['tiny', null]);
      await strategy.close();
    });

    it('to one that is here when the configured one is missing', async () => {
      const { strategy, visions, problems, model, open, decoders } = makeStrategy({ missing: true });
      await strategy.start();
      open();
      model.failure = null;
      const changed = strategy.use('other');
      await vi.waitUntil(() => visions.length === 1);
      visions[0]!.running();
      visions[0]!.configured('other');
      await changed;
      expect([visions[0]!.model, strategy.model, problems]).toEqual(['other', 'other', ['model_missing', null]]);
      expect(decoders[0]!.taps).toHaveLength(2);
      await strategy.close();
    });

    it('not to one that is unknown or not here', async () => {
      const { strategy, vision, model } = await running();
      model.failure = new CodedError('model_missing', { model: 'absent' });
      await expect(strategy.use('absent')).rejects.toMatchObject({ code: 'model_missing' });
      expect([strategy.model, vision.asked]).toEqual(['tiny', []]);
      await strategy.close();
    });

    it('one change after the other, and none any more when it is closed meanwhile', async () => {
      const { strategy, vision } = await running();
      const first = strategy.use('first');
      const second = strategy.use('second');
      await vi.waitUntil(() => vision.asked.length === 1);
      vision.configured('first');
      await first;
      await vi.waitUntil(() => vision.asked.length === 2);
      expect(vision.asked).toEqual(['first', 'second']);
      const closed = strategy.close();
      await expect(second).rejects.toMatchObject({ code: 'model_switch_failed' });
      await closed;
      expect(vision.stopped).toBe(true);
    });

    it('and tells how long each takes here', async () => {
      const { strategy, vision, seen } = await running();
      vision.events.onResult(result(0, { inferenceMs: 20 }));
      expect(strategy.inferenceTimes('tiny')).toEqual({ p50: 20, p95: 20, count: 1 });
      expect(strategy.inferenceTimes('other')).toBeNull();
      expect(seen.inference).toEqual([['tiny', 0.02]]);
      await strategy.close();
    });
  });

  it('gives alignment that players measured to the sessions of their stream', async () => {
    const { strategy, open, seen } = makeStrategy();
    const mine = open('session-1', 'stream-1');
    const other = open('session-2', 'stream-2');
    strategy.aligned('stream-1', [4, 8]);
    expect(mine.counts().overlayAlignment).toEqual({ p50: 4, p95: 8, count: 2 });
    expect(other.counts().overlayAlignment).toBeNull();
    expect(seen.alignment).toEqual([0.004, 0.008]);
    await strategy.close();
  });

  it('does not start a vision process once it is closed', async () => {
    const { strategy, visions, watchers } = makeStrategy();
    const started = strategy.start();
    await strategy.close();
    await started;
    await strategy.start();
    expect(visions).toEqual([]);
    expect(watchers.size).toBe(0);
  });
});

describe('a machine that is too slow', () => {
  it('is asked for fewer frames of every session alike, and for all of them again when there is room', async () => {
    vi.useFakeTimers({ now: 1_790_000_000_000 });
    try {
      const { strategy, visions, decoders, open } = makeStrategy();
      await strategy.start();
      visions[0]!.configured();
      open('session-1');
      open('session-2');
      let ms = 0;
      const second = (analysed: number, lost: number): void => {
        vi.advanceTimersByTime(1000);
        for (const sessionId of ['session-1', 'session-2']) {
          for (let n = 0; n < analysed; n += 1) {
            ms += 10;
            visions[0]!.events.onResult(result(ms, { sessionId }));
          }
          if (lost > 0) visions[0]!.events.onDropped({ sessionId, reason: 'superseded', count: lost });
        }
        strategy.report();
      };
      const rates = () => decoders.map(({ taps }) => taps.at(-1)?.rate);
      for (let n = 0; n < 3; n += 1) second(10, 0);
      expect(strategy.rate).toEqual({ wanted: 10, inForce: 10 });
      for (let n = 0; n < 3; n += 1) second(5, 5);
      expect(rates()).toEqual([5, 5]);
      expect(strategy.rate).toEqual({ wanted: 10, inForce: 5 });
      // Losses that are not for lack of speed lower nothing.
      visions[0]!.events.onDropped({ sessionId: 'session-1', reason: 'wrong_size', count: 50 });
      for (let n = 0; n < 120; n += 1) second(5, 0);
      expect(rates()).toEqual([10, 10]);
    } finally {
      vi.useRealTimers();
    }
  });
});
