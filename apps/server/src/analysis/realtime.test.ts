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
    const tap = { rate: 10, socketPath: '/run/vision.sock', input: expect.objectContaining({ width: 416 }) };
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
