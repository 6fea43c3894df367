import path from 'node:path';
import { type DecodedFrame, FrameScaler, isSample, readCodedSamples, VideoDecoder } from '@media-analyzer/media/codec';
import type { VideoTrack } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import { createDetector, type Detector } from '@media-analyzer/vision/detection';
import { findModel, loadManifest } from '@media-analyzer/vision/models';
import { REPOSITORY } from '../harness/paths.js';

/** What the model saw on one frame of a file. */
export interface Seen {
  /** Since the file's first picture, ms. */
  readonly timeMs: number;
  /** The picture as it was shown to the model, pixels. */
  readonly shown: { readonly width: number; readonly height: number };
  readonly detections: readonly RawDetection[];
}

/** The bundled detector, run in this process. */
export async function openBundledDetector(name = 'yolox-nano'): Promise<Detector> {
  const manifest = await loadManifest(path.join(REPOSITORY, 'models/manifest.json'));
  const entry = findModel(manifest, name);
  const file = path.join(REPOSITORY, 'models/bundled', name, entry.files[0]!.name);
  const labels = manifest.labelSets[entry.labels]!;
  return createDetector({ entry, labels, path: file }, { executionProvider: 'cpu', threads: 1 });
}

/** Decodes a file, scales every n-th frame as the media process does, and shows it to the model as the vision process does. */
export async function seeFile(
  detector: Detector,
  file: string,
  { everyNth = 1, limit }: { readonly everyNth?: number; readonly limit: number },
): Promise<Seen[]> {
  const scaler = new FrameScaler(detector.input);
  const seen: Seen[] = [];
  let decoder: VideoDecoder | null = null;
  let firstMs: number | null = null;
  let index = 0;
  const take = async (frame: DecodedFrame): Promise<void> => {
    firstMs ??= frame.ptsMs;
    if (index++ % everyNth !== 0 || seen.length >= limit) return;
    const scaled = await scaler.scale(frame);
    const link = { sessionId: 'test', capturedAt: 0, sourceWidth: frame.width, sourceHeight: frame.height, ...scaled };
    const [detections = []] = await detector.detect([{ ...link, ptsMs: frame.ptsMs }]);
    const shown = { width: scaled.contentWidth, height: scaled.contentHeight };
    seen.push({ timeMs: frame.ptsMs - firstMs, shown, detections });
  };
  try {
    for await (const item of readCodedSamples(file)) {
      if (seen.length >= limit) break;
      if (!isSample(item)) {
        const track = item.find((one): one is VideoTrack => one.kind === 'video');
        if (!track) throw new Error(`${file} has no video that can be carried`);
        decoder = await VideoDecoder.open(track);
      } else if (item.kind === 'video') await decoder?.decode(item, take);
    }
    await decoder?.drain(take);
  } finally {
    await decoder?.close();
    scaler.close();
  }
  return seen;
}
