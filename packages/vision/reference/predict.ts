import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createDetector } from '../src/detection/index.js';
import { loadManifest } from '../src/models/index.js';
import { findWeights, frameFromFile, MANIFEST_PATH } from '../src/testing/models.js';

/**
 * Writes COCO results of this package's own pipeline for evaluate.py:
 *
 *     npx tsx --conditions=source packages/vision/reference/predict.ts COCO_FOLDER OUT_FOLDER MODEL...
 */
const [coco, out, ...names] = process.argv.slice(2);
if (!coco || !out || names.length === 0) throw new Error('usage: predict.ts COCO_FOLDER OUT_FOLDER MODEL...');

interface Annotations {
  readonly images: readonly {
    readonly id: number;
    readonly file_name: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

const folder = join(coco, 'annotations');
const file = (await readdir(folder)).find((name) => name.endsWith('.json'));
if (!file) throw new Error(`${folder} has no annotations`);
const annotations: Annotations = JSON.parse(await readFile(join(folder, file), 'utf8'));
const categories = new Map(annotations.categories.map((category) => [category.name, category.id]));
const manifest = await loadManifest(MANIFEST_PATH);
await mkdir(out, { recursive: true });

for (const name of names) {
  const model = findWeights(manifest, name);
  const detector = await createDetector(model, { executionProvider: 'cpu', threads: 1, scoreThreshold: 0.01 });
  const results: object[] = [];
  for (const image of annotations.images) {
    const path = [join(coco, 'val2017', image.file_name), join(coco, image.file_name)].find((candidate) =>
      existsSync(candidate),
    );
    if (!path) throw new Error(`${image.file_name} is not in ${coco}`);
    const [detections = []] = await detector.detect([await frameFromFile(path, detector.input)]);
    for (const { label, score, box } of detections) {
      const category_id = categories.get(label);
      const bbox = [box[0] * image.width, box[1] * image.height, box[2] * image.width, box[3] * image.height];
      if (category_id !== undefined) results.push({ image_id: image.id, category_id, score, bbox });
    }
  }
  await detector.close();
  await writeFile(join(out, `${name}.json`), JSON.stringify(results));
  console.log(`${name}: ${results.length} detections in ${annotations.images.length} pictures`);
}
