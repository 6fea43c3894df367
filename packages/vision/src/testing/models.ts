import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { ModelInput, ModelManifest } from '@media-analyzer/protocol';
import { type LinkFrame, type LoadedModel, pictureShape } from '@media-analyzer/protocol/process';
import sharp from 'sharp';
import { findModel } from '../models/index.js';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));
/** The manifest of this repository. */
export const MANIFEST_PATH = join(repository, 'models/manifest.json');
/** The weights that are committed. */
export const BUNDLED_DIR = join(repository, 'models/bundled');
/** Pictures and what an independent implementation sees in them. */
export const REFERENCE_DIR = join(repository, 'packages/vision/reference');
const MIRROR = process.env.MODELS_MIRROR ?? join(repository, '../shared/models');

/**
 * A model from the bundled folder or from the folder in `MODELS_MIRROR` (default: `shared/models` beside the repository).
 *
 * @throws Error that says where it was looked for.
 */
export function findWeights(manifest: ModelManifest, name: string): LoadedModel {
  const entry = findModel(manifest, name);
  const file = entry.files[0]!.name;
  const path = [BUNDLED_DIR, MIRROR].map((dir) => join(dir, name, file)).find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new Error(`${file} is in neither ${BUNDLED_DIR}/${name} nor ${MIRROR}/${name}; set MODELS_MIRROR`);
  return { entry, labels: manifest.labelSets[entry.labels]!, path };
}

/** A picture file as a frame of a model's input, fitted as the manifest says. */
export async function frameFromFile(path: string, input: ModelInput, sessionId = 'session'): Promise<LinkFrame> {
  const { width: sourceWidth, height: sourceHeight } = await sharp(path).metadata();
  const scale = Math.min(input.width / sourceWidth, input.height / sourceHeight);
  const letterbox = input.fit === 'letterbox-top-left';
  const contentWidth = letterbox ? Math.round(sourceWidth * scale) : input.width;
  const contentHeight = letterbox ? Math.round(sourceHeight * scale) : input.height;
  const source = await sharp(path).toColourspace('srgb').removeAlpha().raw().toBuffer();
  const { width, height } = input;
  const pixels = new Uint8Array(width * height * 3).fill(input.pad);
  resizeInto(pixels, width * 3, [contentWidth, contentHeight], source, [sourceWidth, sourceHeight]);
  return {
    sessionId,
    ptsMs: 0,
    capturedAt: 0,
    width,
    height,
    contentWidth,
    contentHeight,
    sourceWidth,
    sourceHeight,
    shape: pictureShape(input),
    pixels,
  };
}

/**
 * Bilinear resize with pixel centres at half coordinates and no smoothing: what OpenCV calls `INTER_LINEAR`, so that the
 * reference implementation and this one look at the same pixels.
 */
function resizeInto(
  out: Uint8Array,
  outStride: number,
  [width, height]: readonly [number, number],
  source: Uint8Array,
  [sourceWidth, sourceHeight]: readonly [number, number],
): void {
  const columns = taps(width, sourceWidth);
  const rows = taps(height, sourceHeight);
  rows.forEach(([top, bottom, down], y) => {
    columns.forEach(([left, right, across], x) => {
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number): number => source[(row * sourceWidth + column) * 3 + channel]!;
        const upper = at(top, left) * (1 - across) + at(top, right) * across;
        const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
        out[y * outStride + x * 3 + channel] = Math.round(upper * (1 - down) + lower * down);
      }
    });
  });
}

/** For each output position: its two neighbours in the source and the weight of the second. */
function taps(size: number, sourceSize: number): [number, number, number][] {
  return Array.from({ length: size }, (_, at) => {
    const position = Math.min(Math.max(((at + 0.5) * sourceSize) / size - 0.5, 0), sourceSize - 1);
    const first = Math.floor(position);
    return [first, Math.min(first + 1, sourceSize - 1), position - first];
  });
}
