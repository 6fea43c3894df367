import * as z from 'zod';

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

/** What makes a followed object an appearance: both at once, and then for good. */
export const appearanceLevel = z.object({
  /** Least running median of the scores, 0..1. */
  score: z.number().min(0).max(1),
  /** Least time since the object was first seen, ms. */
  ageMs: z.number().nonnegative(),
});
export const appearanceLevels = z
  .object({ sure: appearanceLevel, verySure: appearanceLevel })
  .refine(({ sure, verySure }) => verySure.score >= sure.score && verySure.ageMs >= sure.ageMs, {
    message: 'verySure must ask for no less than sure',
  });
export type AppearanceLevels = z.infer<typeof appearanceLevels>;

/** What a model costs where docs/accuracy.md measured it; to be compared with each other, not with other machines. */
export const modelCost = z
  .object({
    inferenceMs: z.number().positive().meta({ description: 'CPU time of one frame on one thread, ms' }),
    cores: z.number().positive().meta({ description: 'CPU of the vision process at ten frames a second, cores' }),
  })
  .meta({ id: 'ModelCost' });
export type ModelCost = z.infer<typeof modelCost>;

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
    /** Found by `npm run bench -- accuracy`; the default is for models that were not measured. */
    appearance: appearanceLevels.default({ sure: { score: 0.45, ageMs: 300 }, verySure: { score: 0.6, ageMs: 1000 } }),
    /** null: not measured. */
    cost: modelCost.nullable().default(null),
    /** How to get a file that no source has; null where the sources of all files work. */
    obtain: z.string().nullable().default(null),
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

/** How long one inference takes on this machine, by the last ones that were made. */
export const inferenceTimes = z
  .object({ p50: z.number(), p95: z.number(), count: z.number().int() })
  .meta({ id: 'InferenceTimes', description: 'One inference on this machine, ms, over the last ones' });
export type InferenceTimes = z.infer<typeof inferenceTimes>;

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
    inferenceMs: inferenceTimes
      .nullable()
      .optional()
      .meta({ description: 'What it costs here; null while it has not run since the server was started' }),
    problem: z.object({ code: z.string(), message: z.string() }).nullable(),
    cost: modelCost.nullable(),
    fetchable: z
      .boolean()
      .meta({ description: 'The server knows where to fetch it: a mirror is set, or it has public sources' }),
    ownFiles: z
      .object({
        how: z.string().meta({ description: 'Where a person gets the files' }),
        files: z.array(z.object({ path: z.string(), sha256: z.string(), bytes: z.number().int() })),
      })
      .nullable()
      .meta({ description: 'For models without public source: the files to put, and where on the server' }),
  })
  .meta({ id: 'ModelStatus' });
export type ModelStatus = z.infer<typeof modelStatus>;

export const modelLabels = z.object({ labels: z.array(z.string()) }).meta({ id: 'ModelLabels' });
/** What a model can find. */
export type ModelLabels = z.infer<typeof modelLabels>;
