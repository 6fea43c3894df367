import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../models/index.js';
import { findWeights, frameFromFile, MANIFEST_PATH, REFERENCE_DIR } from '../testing/models.js';
import { createDetector } from './index.js';

/** Made by reference/make_reference.py. */
interface Reference {
  readonly scoreThreshold: number;
  readonly iouThreshold: number;
  readonly pictures: Readonly<Record<string, readonly RawDetection[]>>;
}

const manifest = await loadManifest(MANIFEST_PATH);

/** JPEG decoders and float sums differ in the last digits; a score this near the threshold may fall on either side. */
const SCORE_TOLERANCE = 0.02;

describe.each(['yolox-nano', 'nanodet-plus-m-1.5x-416', 'deimv2-atto', 'deimv2-femto'])('%s', (name) => {
  it('sees on real pictures what an independent implementation sees', async () => {
    const model = findWeights(manifest, name);
    const reference: Reference = JSON.parse(await readFile(join(REFERENCE_DIR, 'detections', `${name}.json`), 'utf8'));
    expect(model.entry.iouThreshold).toBe(reference.iouThreshold);
    const { scoreThreshold } = reference;
    const detector = await createDetector(model, { executionProvider: 'cpu', threads: 1, scoreThreshold });
    for (const [picture, expected] of Object.entries(reference.pictures)) {
      const frame = await frameFromFile(join(REFERENCE_DIR, 'pictures', picture), detector.input);
      const [found = []] = await detector.detect([frame]);
      const sure = (list: readonly RawDetection[]) =>
        list.filter(({ score }) => score >= scoreThreshold + SCORE_TOLERANCE);
      expect(sure(expected).length).toBeGreaterThan(0);
      for (const detection of sure(expected)) expectPartner(detection, found, picture);
      for (const detection of sure(found)) expectPartner(detection, expected, picture);
    }
    await detector.close();
  });
});

function expectPartner(detection: RawDetection, others: readonly RawDetection[], picture: string): void {
  const partner = others.find(
    (other) =>
      other.label === detection.label &&
      Math.abs(other.score - detection.score) < SCORE_TOLERANCE &&
      overlap(other.box, detection.box) > 0.95,
  );
  expect(partner, `${picture}: ${JSON.stringify(detection)}`).toBeDefined();
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (a[2] * a[3] + b[2] * b[3] - shared);
}
