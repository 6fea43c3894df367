import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { FrameScaler, VideoDecoder } from '@media-analyzer/media/codec';
import type { ModelInput, VideoTrack } from '@media-analyzer/protocol';
import type { LinkFrame, LoadedModel, RawDetection } from '@media-analyzer/protocol/process';
import { createDetector, type Detector } from '@media-analyzer/vision/detection';
import { loadManifest, ModelStore } from '@media-analyzer/vision/models';
import { REPOSITORY } from '../../harness/paths.js';
import { loadMedia } from '../../harness/publish.js';

/** Below this nothing leaves the vision process of the server either. */
const LOW_SCORE = 0.1;
const CACHE = path.join(REPOSITORY, 'e2e/out/accuracy');

/** What a model said of one frame, before tracking. */
export interface RecordedFrame {
  readonly ptsMs: number;
  readonly detections: readonly RawDetection[];
}

/** A model at work on files, frame by frame as the server hands them to it: same decoder, same scaler, same detector. */
export interface Recorder {
  readonly loaded: LoadedModel;
  /** What it says of a file, at `rate` frames a second up to `lengthMs`; from the cache when it was asked before. */
  record(
    file: string,
    options: { readonly rate: number; readonly lengthMs?: number | undefined },
  ): Promise<RecordedFrame[]>;
  /** Cost of one frame of a file, from the scaled picture to its detections, on one thread. */
  cost(file: string): Promise<{
    /** CPU time, ms: other work on the machine does not count. */
    readonly inferenceMs: number;
    /** CPU time that ten frames a second take. */
    readonly cores: number;
  }>;
  close(): Promise<void>;
}

/**
 * Opens a model of the manifest from the bundled folder, the cache or `MODELS_MIRROR`.
 * @returns null when its weights are not on this machine
 */
export async function openRecorder(name: string): Promise<Recorder | null> {
  const store = new ModelStore({
    manifest: await loadManifest(path.join(REPOSITORY, 'models/manifest.json')),
    bundledDir: path.join(REPOSITORY, 'models/bundled'),
    cacheDir: process.env.MODELS_DIR ?? path.join(REPOSITORY, 'models/cache'),
    mirror: process.env.MODELS_MIRROR ?? path.join(REPOSITORY, '../shared/models'),
    log: () => {},
    policy: { attempts: 1 },
  });
  const loaded = await store.fetch(name).catch(() => null);
  if (!loaded) return null;
  let detector: Promise<Detector> | null = null;
  const open = () =>
    createDetector(loaded, { executionProvider: 'cpu', threads: 1, scoreThreshold: LOW_SCORE, maxDetections: 100 });
  return {
    loaded,
    async record(file, { rate, lengthMs }) {
      const sha = loaded.entry.files[0]!.sha256.slice(0, 12);
      const cached = path.join(CACHE, `${name}-${sha}`, `${path.basename(file)}-${rate}-${lengthMs ?? 'all'}.json`);
      if (existsSync(cached)) return JSON.parse(await readFile(cached, 'utf8')) as RecordedFrame[];
      detector ??= open();
      const frames = await analyse(await detector, file, { rate, lengthMs: lengthMs ?? Number.POSITIVE_INFINITY });
      await mkdir(path.dirname(cached), { recursive: true });
      await writeFile(cached, JSON.stringify(frames));
      return frames;
    },
    async cost(file) {
      detector ??= open();
      return costOf(await detector, file);
    },
    close: async () => (await detector)?.close(),
  };
}

/** Runs for the cost of a model, after ten that warm it up. */
const COST_RUNS = 100;

async function costOf(detector: Detector, file: string): Promise<{ inferenceMs: number; cores: number }> {
  const frames: LinkFrame[] = [];
  await eachFrame(file, { input: detector.input, rate: 10, lengthMs: 1000 }, async (frame) => void frames.push(frame));
  let cpu = process.cpuUsage();
  for (let run = -10; run < COST_RUNS; run++) {
    if (run === 0) cpu = process.cpuUsage();
    await detector.detect([frames[Math.abs(run) % frames.length]!]);
  }
  const used = process.cpuUsage(cpu);
  const inferenceMs = (used.user + used.system) / 1000 / COST_RUNS;
  return { inferenceMs, cores: inferenceMs / 100 };
}

async function analyse(
  detector: Detector,
  file: string,
  { rate, lengthMs }: { rate: number; lengthMs: number },
): Promise<RecordedFrame[]> {
  const found: RecordedFrame[] = [];
  await eachFrame(file, { input: detector.input, rate, lengthMs }, async (frame) => {
    const [detections = []] = await detector.detect([frame]);
    found.push({ ptsMs: frame.ptsMs, detections });
  });
  return found;
}

/** Hands on the frames of a file at a rate, scaled to a model's input. */
async function eachFrame(
  file: string,
  { input, rate, lengthMs }: { input: ModelInput; rate: number; lengthMs: number },
  take: (frame: LinkFrame) => Promise<void>,
): Promise<void> {
  const media = await loadMedia(file);
  const track = media.tracks.find((one): one is VideoTrack => one.kind === 'video');
  if (!track) throw new Error(`${file} has no video`);
  const decoder = await VideoDecoder.open(track);
  const scaler = new FrameScaler(input);
  let nextMs = 0;
  const handle: Parameters<VideoDecoder['decode']>[1] = async (frame) => {
    if (frame.ptsMs < nextMs - 1 || frame.ptsMs >= lengthMs) return;
    nextMs = (Math.floor((frame.ptsMs + 1) * (rate / 1000)) + 1) * (1000 / rate);
    const scaled = await scaler.scale(frame);
    const { ptsMs, capturedAt, width: sourceWidth, height: sourceHeight } = frame;
    await take({ sessionId: 'bench', ptsMs, capturedAt, sourceWidth, sourceHeight, ...scaled });
  };
  try {
    for (const sample of media.samples) if (sample.kind === 'video') await decoder.decode(sample, handle);
    await decoder.drain(handle);
  } finally {
    scaler.close();
    await decoder.close();
  }
}
