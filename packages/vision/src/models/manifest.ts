import { readFile } from 'node:fs/promises';
import {
  CodedError,
  describeError,
  type ModelEntry,
  type ModelManifest,
  modelManifest,
} from '@media-analyzer/protocol';

/**
 * Reads and checks `models/manifest.json`.
 *
 * @throws CodedError `manifest_invalid` when the file cannot be read, is not of the schema, names a model twice, names a label set
 * that it does not have, or has a file without any way to get it.
 */
export async function loadManifest(path: string): Promise<ModelManifest> {
  const invalid = (problem: string, cause?: unknown) =>
    new CodedError('manifest_invalid', { path, problem }, { cause });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalid(describeError(error), error);
  }
  const parsed = modelManifest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(issue ? `${issue.path.join('.') || 'the file'}: ${issue.message}` : 'it is not of the schema');
  }
  const seen = new Set<string>();
  for (const model of parsed.data.models) {
    if (seen.has(model.name)) throw invalid(`model "${model.name}" is listed twice`);
    seen.add(model.name);
    if (!Object.hasOwn(parsed.data.labelSets, model.labels)) {
      throw invalid(`model "${model.name}" names the label set "${model.labels}", which is not in labelSets`);
    }
    const sourceless = model.files.find((file) => file.sources.length === 0);
    if (sourceless && !model.bundled && model.obtain === null) {
      throw invalid(`file "${sourceless.name}" of model "${model.name}" has no source; say in obtain where to get it`);
    }
  }
  return parsed.data;
}

/**
 * The entry of a name.
 *
 * @throws CodedError `model_unknown` with the names that there are.
 */
export function findModel(manifest: ModelManifest, name: string): ModelEntry {
  const entry = manifest.models.find((model) => model.name === name);
  if (entry) return entry;
  throw new CodedError('model_unknown', {
    model: name,
    available: manifest.models.map((model) => model.name).join(', '),
  });
}

/** Bytes of all files of a model. */
export function modelBytes(entry: ModelEntry): number {
  return entry.files.reduce((sum, file) => sum + file.bytes, 0);
}
