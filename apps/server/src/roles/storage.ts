import path from 'node:path';
import type { Config } from '../config/index.js';
import type { Logger } from '../log.js';
import {
  AnalysisRepository,
  AnalysisWriter,
  AppearanceRepository,
  FolderObjectStore,
  NoticeRepository,
  openDatabase,
  PictureRepository,
  SeenRepository,
  SegmentRepository,
  SessionRepository,
  SettingRepository,
  StreamRepository,
} from '../storage/index.js';
import type { Closing } from './closing.js';
import { openMediaObjects } from './media-objects.js';

/** Records of media are gathered for this long, ms: two statements a second, however many streams are on air. */
const GATHER_MS = 500;

/** What is kept, and who keeps it. */
export type Storage = Awaited<ReturnType<typeof openStorage>>;

/**
 * Opens the database and the object store, and closes the sessions that a crash left open.
 *
 * @param dataDir held by this process
 * @throws CodedError `database_unreachable`, `database_incompatible`; the reason of
 * `starting`, which breaks it off
 */
export async function openStorage(
  { storage: { databaseUrl, ...config } }: Config,
  dataDir: string,
  log: Logger,
  closing: Closing,
  starting: AbortSignal,
) {
  const database = await openDatabase({ url: databaseUrl, dataDir, log, starting });
  closing.add('database', () => database.close());
  starting.throwIfAborted();
  const store = await FolderObjectStore.open({
    folder: path.join(dataDir, 'objects'),
    reserveBytes: config.diskReserveBytes,
  });
  const streams = new StreamRepository(database);
  const sessions = new SessionRepository(database);
  const segments = new SegmentRepository(database, { gatherMs: GATHER_MS });
  const analyses = new AnalysisRepository(database);
  const settings = new SettingRepository(database);
  const noticeRows = new NoticeRepository(database);
  const pictures = new PictureRepository(database, { gatherMs: GATHER_MS });
  const seen = new SeenRepository(database);
  const appearances = new AppearanceRepository(database);
  const interrupted = await sessions.closeInterrupted();
  if (interrupted.length > 0)
    log.warn({ sessions: interrupted.length }, 'sessions closed that were on air when the server died');
  const writer = new AnalysisWriter({ sink: analyses, log });
  closing.add('analysis writer', () => writer.close());
  return {
    database,
    store,
    objects: await openMediaObjects(store),
    streams,
    sessions,
    segments,
    analyses,
    pictures,
    seen,
    settings,
    noticeRows,
    appearances,
    writer,
    /** The server stops: records of media are written as they come. */
    hurry: () => {
      segments.hurry();
      pictures.hurry();
    },
  };
}
