import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelManifest } from '@media-analyzer/protocol';
import type { LoadedModel } from '@media-analyzer/protocol/process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadManifest } from '../models/index.js';
import { findWeights, frameFromFile, MANIFEST_PATH, REFERENCE_DIR } from '../testing/models.js';
import { createDetector, type Detector } from './index.js';
import { blankFrame } from './tensor.js';

const cpu = { executionProvider: 'cpu', threads: 1 };
let manifest: ModelManifest;
let nano: LoadedModel;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'detector-'));
  manifest = await loadManifest(MANIFEST_PATH);
  nano = findWeights(manifest, 'yolox-nano');
});
afterAll(() => rm(dir, { recursive: true }));

describe('createDetector refuses', () => {
  const rejects = (model: LoadedModel, hint: string) =>
    expect(createDetector(model, cpu)).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringContaining(hint),
    });

  it('a file that is no ONNX model', async () => {
    const path = join(dir, 'text.onnx');
    await writeFile(path, 'hello');
    await rejects({ ...nano, path }, 'yolox-nano');
  });

  it('a file that was cut off', async () => {
    const path = join(dir, 'cut.onnx');
    await writeFile(path, await readFile(nano.path));
    await truncate(path, 1_000_000);
    await rejects({ ...nano, path }, 'yolox-nano');
  });

  it('a file that is not there', () => rejects({ ...nano, path: join(dir, 'absent.onnx') }, 'absent.onnx'));

  it('a model of another input size, with both sizes', () =>
    rejects(
      { ...nano, entry: { ...nano.entry, input: { ...nano.entry.input, width: 640, height: 640 } } },
      '1x3x416x416, not ?x3x640x640',
    ));

  it('a model of another number of classes', () =>
    rejects({ ...nano, labels: nano.labels.slice(0, 79) }, '1x3549x85, not ?x3549x84'));

  it('a model of another family', async () => {
    await rejects(
      { ...nano, entry: { ...nano.entry, family: 'deimv2' } },
      '"orig_target_sizes" is missing; it has images',
    );
    await rejects({ ...nano, entry: { ...nano.entry, family: 'nanodet' } }, '"boxes" is missing; it has output');
  });

  it('an execution provider that this machine does not have, but names a broken model as such', async () => {
    const there = await createDetector(nano, { ...cpu, executionProvider: 'cuda' }).catch((error: unknown) => error);
    // On a machine with CUDA the detector comes up; everywhere else the error says so.
    if (there instanceof Error) expect(there).toMatchObject({ code: 'execution_provider_unavailable' });
    else await (there as Detector).close();
    await expect(createDetector(nano, { ...cpu, executionProvider: 'no-such-thing' })).rejects.toMatchObject({
      code: 'execution_provider_unavailable',
    });
    const path = join(dir, 'text2.onnx');
    await writeFile(path, 'hello');
    await expect(
      createDetector({ ...nano, path }, { ...cpu, executionProvider: 'no-such-thing' }),
    ).rejects.toMatchObject({ code: 'model_invalid' });
  });
});

describe('a detector', () => {
  let detector: Detector;
  const picture = join(REFERENCE_DIR, 'pictures/000000000885.jpg');
  beforeAll(async () => {
    detector = await createDetector(nano, cpu);
  });
  afterAll(() => detector.close());

  it('finds nothing in an empty picture', async () => {
    expect(await detector.detect([blankFrame(detector.input)])).toEqual([[]]);
  });

  it('answers several frames in their order, each as if it were alone', async () => {
    const frame = await frameFromFile(picture, detector.input);
    const [alone] = await detector.detect([frame]);
    expect(alone!.length).toBeGreaterThan(0);
    expect(await detector.detect([blankFrame(detector.input), frame])).toEqual([[], alone]);
  });

  it('gives boxes within the picture, best score first', async () => {
    const [detections] = await detector.detect([await frameFromFile(picture, detector.input)]);
    for (const { box, score } of detections!) {
      expect(Math.min(...box, score)).toBeGreaterThanOrEqual(0);
      expect(Math.max(box[0] + box[2], box[1] + box[3], score)).toBeLessThanOrEqual(1 + 1e-9);
    }
    const scores = detections!.map((detection) => detection.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('takes threshold and limit from its options', async () => {
    const frame = await frameFromFile(picture, detector.input);
    const strict = await createDetector(nano, { ...cpu, scoreThreshold: 0.7 });
    const [sure] = await strict.detect([frame]);
    await strict.close();
    expect(sure!.every((detection) => detection.score >= 0.7)).toBe(true);
    const short = await createDetector(nano, { ...cpu, maxDetections: 1 });
    const [first] = await short.detect([frame]);
    await short.close();
    expect(first).toEqual(sure!.slice(0, 1));
  });

  it('refuses a frame of another size, and goes on', async () => {
    const frame = blankFrame({ ...detector.input, width: 320, height: 320 });
    await expect(detector.detect([frame])).rejects.toThrow('320x320');
    expect(await detector.detect([blankFrame(detector.input)])).toEqual([[]]);
  });
});
