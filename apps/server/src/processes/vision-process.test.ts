import type { CodedError, ModelEntry } from '@media-analyzer/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { resolveChildEntry } from './child-entry.js';
import { type VisionConfigured, type VisionDrop, VisionProcess, type VisionResult } from './vision-process.js';

const WAIT = { timeout: 20_000, interval: 5 };

const ENTRY: ModelEntry = {
  ...{
    name: 'tiny',
    task: 'object-detection',
    family: 'yolox',
    title: 'Tiny',
    licence: 'MIT',
    homepage: 'https://example.org',
  },
  ...{ bundled: true, files: [{ name: 'tiny.onnx', sha256: '0'.repeat(64), bytes: 1, sources: [] }] },
  input: {
    ...{ width: 64, height: 32, fit: 'letterbox-top-left', pad: 114, channels: 'bgr' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  },
  ...{ scoreThreshold: 0.3, iouThreshold: 0.5, labels: 'coco', cost: null, obtain: null },
  appearance: { sure: { score: 0.4, ageMs: 300 }, verySure: { score: 0.6, ageMs: 1000 } },
};

let running: VisionProcess | null = null;
afterEach(async () => {
  await running?.stop();
});

test('configures each process that starts, and hands on what it says', async () => {
  const configured: VisionConfigured[] = [];
  const drops: VisionDrop[] = [];
  const results: VisionResult[] = [];
  const problems: CodedError[] = [];
  const quiet = (): void => {};
  const vision = new VisionProcess({
    ...{
      socketPath: '/run/vision.sock',
      executionProvider: 'cpu',
      threads: 1,
      deadlineMs: 250,
      scoreThreshold: null,
      maxDetections: 50,
    },
    model: { entry: ENTRY, labels: ['dog'], path: '/models/tiny.onnx' },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    limits: { restartMinMs: 10 },
    entry: resolveChildEntry(new URL('./fixtures/vision.mjs', import.meta.url).href),
    onConfigured: (one) => void configured.push(one),
    onDropped: (one) => void drops.push(one),
    onResult: (one) => void results.push(one),
    onProblem: (one) => void problems.push(one),
    onState: quiet,
  });
  running = vision;
  expect(vision.input).toBeNull();
  vision.start();
  await vi.waitUntil(() => configured.length === 1 && problems.length === 1, WAIT);
  expect(configured[0]).toEqual({ model: 'tiny', input: ENTRY.input, executionProvider: 'cpu', loadMs: 1 });
  expect(drops).toEqual([{ sessionId: '/run/vision.sock', reason: 'deadline', count: 250 }]);
  expect(problems[0]).toMatchObject({ code: 'model_invalid', details: { model: 'tiny' } });

  vision.forgetSession('s9');
  await vi.waitUntil(() => results.length === 1, WAIT);
  expect(results[0]).toMatchObject({ sessionId: 's9', ptsMs: 40, detections: [{ label: 'dog' }] });

  process.kill(vision.pid!, 'SIGKILL');
  await vi.waitUntil(() => vision.state !== 'running', WAIT);
  expect(vision.input).toEqual(ENTRY.input);
  await vi.waitUntil(() => configured.length === 2, WAIT);
});
