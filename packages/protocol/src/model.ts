import { z } from 'zod';

/** Entry of `models/manifest.json`. */
export const modelFile = z.object({
  name: z.string().regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  /** Public addresses, tried in order after `MODELS_MIRROR`. */
  sources: z.array(z.url()),
});
export type ModelFile = z.infer<typeof modelFile>;

export const modelInput = z.object({
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** `letterbox-top-left`: aspect kept, padding right and below; `stretch`: plain resize. */
  fit: z.enum(['letterbox-top-left', 'stretch']),
  /** Grey level of the padding, 0..255. */
  pad: z.number().int().min(0).max(255).default(114),
  channels: z.enum(['rgb', 'bgr']),
  /** Per channel, in the order of `channels`: value = (pixel - mean) / std. */
  mean: z.tuple([z.number(), z.number(), z.number()]).default([0, 0, 0]),
  std: z.tuple([z.number(), z.number(), z.number()]).default([1, 1, 1]),
});
export type ModelInput = z.infer<typeof modelInput>;

export const modelEntry = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
    task: z.enum(['object-detection']),
    family: z.enum(['yolox', 'nanodet', 'deimv2']),
    title: z.string(),
    licence: z.string(),
    homepage: z.url(),
    bundled: z.boolean(),
    files: z.array(modelFile).min(1),
    input: modelInput,
    /** Default thresholds; an operator may raise or lower them by configuration. */
    scoreThreshold: z.number().min(0).max(1),
    iouThreshold: z.number().min(0).max(1),
    /** Name of a label set in the manifest. */
    labels: z.string(),
  })
  .meta({ id: 'ModelEntry' });
export type ModelEntry = z.infer<typeof modelEntry>;

export const modelManifest = z.object({
  version: z.literal(1),
  labelSets: z.record(z.string(), z.array(z.string()).min(1)),
  models: z.array(modelEntry),
});
export type ModelManifest = z.infer<typeof modelManifest>;

export const modelStatus = z
  .object({
    name: z.string(),
    title: z.string(),
    task: z.string(),
    licence: z.string(),
    bytes: z.number().int(),
    state: z.enum(['ready', 'missing', 'fetching', 'failed']),
    /** Bytes on this machine, while fetching. */
    fetchedBytes: z.number().int(),
    /** Used by the running configuration. */
    active: z.boolean(),
    problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'ModelStatus' });
export type ModelStatus = z.infer<typeof modelStatus>;
