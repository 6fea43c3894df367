import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelManifest } from '@media-analyzer/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLED_DIR, MANIFEST_PATH } from '../testing/models.js';
import { sha256File } from './hash.js';
import { findModel, loadManifest } from './manifest.js';

describe('models/manifest.json', () => {
  let manifest: ModelManifest;
  beforeAll(async () => {
    manifest = await loadManifest(MANIFEST_PATH);
  });

  it('gives the COCO models the 80 classes in the order of training', () => {
    const labels = manifest.labelSets['coco-80']!;
    expect(labels).toHaveLength(80);
    expect([labels[0], labels[2], labels[16], labels[79]]).toEqual(['person', 'car', 'dog', 'toothbrush']);
  });

  it('ships every bundled model with its exact weights and its licence', async () => {
    const bundled = manifest.models.filter((model) => model.bundled);
    expect(bundled.map((model) => model.name)).toContain('yolox-nano');
    for (const model of bundled) {
      const folder = join(BUNDLED_DIR, model.name);
      for (const file of model.files) expect(await sha256File(join(folder, file.name))).toBe(file.sha256);
      expect(await readdir(folder)).toContain('LICENSE');
    }
  });

  it('pins every public source to a version', () => {
    const urls = manifest.models.flatMap((model) => model.files.flatMap((file) => file.sources));
    for (const url of urls) expect(url).toMatch(/\/[0-9a-f]{40}\/|\/releases\/download\//);
  });

  it('says which models there are when asked for another', () => {
    expect(() => findModel(manifest, 'yolox-giant')).toThrow(
      expect.objectContaining({ code: 'model_unknown', message: expect.stringContaining('yolox-nano') }),
    );
  });
});

describe('loadManifest', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'manifest-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const load = async (text: string) => {
    const path = join(dir, 'manifest.json');
    await writeFile(path, text);
    return loadManifest(path);
  };
  const model = (name: string, labels: string) => ({
    ...{
      name,
      labels,
      task: 'object-detection',
      family: 'yolox',
      title: name,
      licence: 'MIT',
      homepage: 'https://example.org',
    },
    ...{
      bundled: false,
      files: [{ name: 'a.onnx', sha256: '0'.repeat(64), bytes: 1, sources: [] }],
      scoreThreshold: 0.3,
    },
    ...{ obtain: 'Ask for it.', iouThreshold: 0.5, input: { width: 32, height: 32, fit: 'stretch', channels: 'rgb' } },
  });
  const manifest = (...models: object[]) => JSON.stringify({ version: 1, labelSets: { things: ['thing'] }, models });

  it('wants to know how to get a file that has no source, unless it is bundled', async () => {
    const sourceless = { ...model('a', 'things'), obtain: null };
    await expect(load(manifest(sourceless))).rejects.toMatchObject({
      code: 'manifest_invalid',
      message: expect.stringContaining('obtain'),
    });
    expect((await load(manifest({ ...sourceless, bundled: true }))).models).toHaveLength(1);
  });

  it('wants the values of very sure above those of sure', async () => {
    const levels = { sure: { score: 0.5, ageMs: 300 }, verySure: { score: 0.4, ageMs: 1000 } };
    await expect(load(manifest({ ...model('a', 'things'), appearance: levels }))).rejects.toMatchObject({
      message: expect.stringContaining('verySure'),
    });
  });

  it('accepts a valid one and fills the defaults of the input', async () => {
    const { models } = await load(manifest(model('a', 'things')));
    expect(models[0]!.input).toMatchObject({ pad: 114, mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it.each([
    ['no file', null, 'ENOENT'],
    ['no JSON', '{', 'JSON'],
    ['a field of the wrong type', '{"version":1,"labelSets":{},"models":[{"name":3}]}', 'models.0'],
    ['a label set that is not there', manifest(model('a', 'others')), '"others"'],
    ['a name used twice', manifest(model('a', 'things'), model('a', 'things')), 'twice'],
  ])('refuses %s and says where', async (_, text, hint) => {
    const result = text === null ? loadManifest(join(dir, 'absent.json')) : load(text);
    await expect(result).rejects.toMatchObject({ code: 'manifest_invalid', message: expect.stringContaining(hint) });
  });
});
