import { describeError, type InferenceTimes, type ModelStatus } from '@media-analyzer/protocol';
import { loadManifest, ModelStore } from '@media-analyzer/vision/models';
import type { Config } from '../config/index.js';
import type { Logger } from '../log.js';
import { PATHS } from './paths.js';

/** What is known of models elsewhere: where they are used. */
export interface ModelUse {
  active(): string;
  inferenceTimes(model: string): InferenceTimes | null;
}

/** The models of this machine, with the one that is in use marked. */
export type Models = Awaited<ReturnType<typeof openModels>>;

/** @throws CodedError `manifest_invalid` */
export async function openModels({ models: { dir, mirror } }: Config, log: Logger, use: ModelUse) {
  const store = new ModelStore({
    manifest: await loadManifest(PATHS.manifest),
    bundledDir: PATHS.bundledModels,
    cacheDir: dir,
    mirror,
    log: (level, text, fields) => log[level](fields ?? {}, text),
  });
  const withActive = (state: Omit<ModelStatus, 'active'>): ModelStatus => ({
    ...state,
    active: state.name === use.active(),
    inferenceMs: use.inferenceTimes(state.name),
  });
  return {
    store,
    isKnown: (name: string) => store.list().some((model) => model.name === name),
    list: (): ModelStatus[] => store.list().map(withActive),
    /** Returns the undo. */
    watch: (listener: (model: ModelStatus) => void) => store.watch((state) => listener(withActive(state))),
    /** Starts a fetch or joins one; its progress and its end are told to those who watch. @throws CodedError `model_unknown` */
    fetch(name: string): ModelStatus {
      store.state(name);
      store
        .fetch(name)
        .catch((error: unknown) => log.warn({ model: name, problem: describeError(error) }, 'model not fetched'));
      return withActive(store.state(name));
    },
  };
}
