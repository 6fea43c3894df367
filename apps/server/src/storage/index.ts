export {
  AnalysisRepository,
  type AnalysisRequest,
  type AppendResult,
} from './analysis-repository.js';
export {
  type AnalysisSink,
  AnalysisWriter,
  type AnalysisWriterCounts,
  type AnalysisWriterOptions,
} from './analysis-writer.js';
export { AppearanceRepository, type AppearanceRequest } from './appearance-repository.js';
export { type DataDir, type DataDirOptions, openDataDir } from './data-dir.js';
export { type Database, type DatabaseOptions, openDatabase } from './database.js';
export { FolderObjectStore, type FolderObjectStoreOptions } from './folder-object-store.js';
export { IdMaker, newStreamKey } from './ids.js';
export { NoticeRepository } from './notice-repository.js';
export { checkKey, MEDIA_ROOT, mediaKey, mediaPrefix, sessionPrefix } from './object-keys.js';
export type { ByteRange, ObjectStat, ObjectStore } from './object-store.js';
export { type PictureRecord, PictureRepository, pictureName } from './picture-repository.js';
export { RetentionJob, type RetentionOptions, type RetentionReport } from './retention.js';
export { type PresenceRequest, SeenRepository } from './seen-repository.js';
export {
  type AgedSegment,
  type InitRecord,
  type NewInit,
  type NewSegment,
  type SegmentRecord,
  SegmentRepository,
  type TimeRange,
} from './segment-repository.js';
export { type NewSession, type SessionChange, type SessionEnd, SessionRepository } from './session-repository.js';
export { SettingRepository } from './setting-repository.js';
export {
  type NewStream,
  type PageRequest,
  type StreamChange,
  type StreamRecord,
  StreamRepository,
} from './stream-repository.js';
export { type SweepOptions, type SweepReport, sweepOrphans } from './sweep.js';
