import path from 'node:path';
import type { Config } from '../config/index.js';
import type { Logger } from '../log.js';
import {
  AnalysisRepository,
  AnalysisWriter,
  FolderObjectStore,
  openDatabase,
  openDataDir,
  SegmentRepository,
  SessionRepository,
  StreamRepository,
} from '../storage/index.js';
import type { Closing } from './closing.js';
import { createMediaObjects } from './media-objects.js';

/** What is kept, and who keeps it. */
export type Storage = Awaited<ReturnType<typeof openStorage>>;

/**
 * Opens the data folder, the database and the object store, and closes the sessions that a crash left open.
 *
 * @throws CodedError `data_dir_unwritable`, `data_dir_locked`, `database_unreachable`, `database_incompatible`
 */
export async function openStorage({ storage: { databaseUrl, ...config } }: Config, log: Logger, closing: Closing) {
  const dataDir = await openDataDir({ path: config.dataDir, log });
  closing.add('data folder', () => dataDir.close());
  const database = await openDatabase({ url: databaseUrl, dataDir: dataDir.path, log });
  closing.add('database', () => database.close());
  const store = await FolderObjectStore.open({
    folder: path.join(dataDir.path, 'objects'),
    reserveBytes: config.diskReserveBytes,
  });
  const streams = new StreamRepository(database);
  const sessions = new SessionRepository(database);
  const segments = new SegmentRepository(database);
  const analyses = new AnalysisRepository(database);
  const interrupted = await sessions.closeInterrupted();
  if (interrupted.length > 0)
    log.warn({ sessions: interrupted.length }, 'sessions closed that were on air when the server died');
  const writer = new AnalysisWriter({ sink: analyses, log });
  closing.add('analysis writer', () => writer.close());
  return { database, store, objects: createMediaObjects(store), streams, sessions, segments, analyses, writer };
}
