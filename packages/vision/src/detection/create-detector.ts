import { type Box, CodedError, describeError, type ModelEntry } from '@media-analyzer/protocol';
import {
  type LinkFrame,
  type LoadedModel,
  type PictureTurn,
  type RawDetection,
  UPRIGHT,
} from '@media-analyzer/protocol/process';
import { deimv2 } from './deimv2/index.js';
import type { Detector, DetectorOptions } from './detector.js';
import type { Family, FamilyModel } from './family.js';
import { nanodet } from './nanodet/index.js';
import { Candidates, suppress } from './nms.js';
import { OnnxSession } from './onnx-session.js';
import { blankFrame, TensorMismatch } from './tensor.js';
import { yolox } from './yolox/index.js';

const FAMILIES: Readonly<Record<ModelEntry['family'], Family>> = { yolox, nanodet, deimv2 };

/** Frames of one call on a GPU: beyond it, latency grows faster than throughput. */
const GPU_BATCH = 8;

const DEFAULT_MAX_DETECTIONS = 100;

/**
 * Loads a model and runs it once, which both warms it up and shows what it really gives out.
 *
 * @throws CodedError `model_invalid` when the file is not an ONNX model or not one of the entry's family and size;
 * `execution_provider_unavailable` when the runtime has not got the provider.
 */
export async function createDetector(loaded: LoadedModel, options: DetectorOptions): Promise<Detector> {
  const { entry } = loaded;
  const invalid = (problem: string, cause?: unknown) =>
    new CodedError('model_invalid', { model: entry.name, problem }, { cause });
  const session = await openSession(loaded, options, invalid);
  try {
    const model = FAMILIES[entry.family](session, { entry, classes: loaded.labels.length });
    const detector = new OnnxDetector({ loaded, options, session, model });
    await detector.detect([blankFrame(entry.input)]);
    return detector;
  } catch (error) {
    await session.close();
    if (error instanceof TensorMismatch) throw invalid(`${error.message} (file ${loaded.path})`, error);
    throw invalid(`its first run failed: ${describeError(error)}`, error);
  }
}

async function openSession(
  loaded: LoadedModel,
  options: DetectorOptions,
  invalid: (problem: string, cause?: unknown) => CodedError,
): Promise<OnnxSession> {
  const { executionProvider: provider, threads } = options;
  try {
    return await OnnxSession.open(loaded.path, { executionProvider: provider, threads });
  } catch (error) {
    if (provider === 'cpu') throw invalid(describeError(error), error);
    // The runtime says both "no such device" and "no such model" with one kind of error. The CPU tells them apart.
    const onCpu = await OnnxSession.open(loaded.path, { executionProvider: 'cpu', threads }).catch((cause: unknown) => {
      throw invalid(describeError(cause), cause);
    });
    await onCpu.close();
    throw new CodedError(
      'execution_provider_unavailable',
      { provider, problem: describeError(error) },
      { cause: error },
    );
  }
}

interface Parts {
  readonly loaded: LoadedModel;
  readonly options: DetectorOptions;
  readonly session: OnnxSession;
  readonly model: FamilyModel;
}

class OnnxDetector implements Detector {
  readonly model: string;
  readonly input;
  readonly executionProvider: string;
  readonly batch: number;
  private readonly candidates: Candidates;
  private busy = false;

  constructor(private readonly parts: Parts) {
    const { loaded, options, model } = parts;
    this.model = loaded.entry.name;
    this.input = loaded.entry.input;
    this.executionProvider = options.executionProvider;
    this.batch = options.executionProvider !== 'cpu' && model.dynamicBatch ? GPU_BATCH : 1;
    this.candidates = new Candidates(model.capacity);
  }

  async detect(frames: readonly LinkFrame[]): Promise<RawDetection[][]> {
    if (this.busy) throw new Error(`model "${this.model}" was asked for a second detection while one is running`);
    this.busy = true;
    try {
      const results: RawDetection[][] = [];
      for (let at = 0; at < frames.length; at += this.batch) {
        results.push(...(await this.detectBatch(frames.slice(at, at + this.batch))));
      }
      return results;
    } finally {
      this.busy = false;
    }
  }

  close(): Promise<void> {
    return this.parts.session.close();
  }

  private async detectBatch(frames: readonly LinkFrame[]): Promise<RawDetection[][]> {
    const { loaded, options, session, model } = this.parts;
    const { candidates } = this;
    const scoreThreshold = options.scoreThreshold ?? loaded.entry.scoreThreshold;
    const outputs = await session.run(model.preprocess(frames));
    return frames.map((frame, index) => {
      candidates.clear();
      model.postprocess(outputs, { index, frames: frames.length, scoreThreshold, candidates });
      const kept = suppress(candidates, loaded.entry.iouThreshold, options.maxDetections ?? DEFAULT_MAX_DETECTIONS);
      return kept.flatMap((candidate) => toDetection(candidates, candidate, frame, loaded.labels));
    });
  }
}

/** From pixels of the model's input to the source picture; a box that lies wholly in the padding is none. */
function toDetection(
  candidates: Candidates,
  index: number,
  frame: LinkFrame,
  labels: readonly string[],
): RawDetection[] {
  const at = index * 4;
  const { corners } = candidates;
  const left = clip(corners[at]! / frame.contentWidth);
  const top = clip(corners[at + 1]! / frame.contentHeight);
  const right = clip(corners[at + 2]! / frame.contentWidth);
  const bottom = clip(corners[at + 3]! / frame.contentHeight);
  if (right <= left || bottom <= top) return [];
  const box = turnedBack([left, top, right, bottom], frame.turn ?? UPRIGHT);
  return [{ label: labels[candidates.labels[index]!]!, score: Math.min(candidates.scores[index]!, 1), box }];
}

/** From the corners of a box on the upright picture to the box on the picture as it is stored. */
function turnedBack(
  [left, top, right, bottom]: readonly [number, number, number, number],
  { a, b, c, d }: PictureTurn,
): Box {
  const [fromX, fromY] = [a < 0 || b < 0 ? 1 : 0, c < 0 || d < 0 ? 1 : 0];
  const xs = [a * left + b * top + fromX, a * right + b * bottom + fromX];
  const ys = [c * left + d * top + fromY, c * right + d * bottom + fromY];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return [x, y, Math.max(...xs) - x, Math.max(...ys) - y];
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
