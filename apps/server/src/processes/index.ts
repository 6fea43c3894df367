export { type ChildEntry, resolveChildEntry } from './child-entry.js';
export { CpuMeter } from './cpu-meter.js';
export type { MediaCounts } from './media-counts.js';
export {
  DEFAULT_MEDIA_LIMITS,
  MediaProcess,
  type MediaProcessLimits,
  type MediaProcessOptions,
  type ThumbnailRequest,
} from './media-process.js';
export { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from './process-limits.js';
export type { ProcessLogger } from './process-logger.js';
export { type ChildStatus, ProcessTable } from './process-table.js';
export { SupervisedProcess, type SupervisedProcessOptions } from './supervised-process.js';
export {
  DEFAULT_VISION_LIMITS,
  type VisionConfigured,
  type VisionDrop,
  VisionProcess,
  type VisionProcessOptions,
  type VisionResult,
} from './vision-process.js';
