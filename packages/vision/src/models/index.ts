export type { LoadedModel } from '@media-analyzer/protocol/process';
export { DEFAULT_POLICY, type DownloadPolicy } from './download.js';
export { findModel, loadManifest, modelBytes } from './manifest.js';
export {
  type FetchOptions,
  type FetchProgress,
  type ModelState,
  ModelStore,
  type ModelStoreOptions,
} from './model-store.js';
