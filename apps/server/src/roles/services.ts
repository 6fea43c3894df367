import process from 'node:process';
import type { RtmpServer } from '@media-analyzer/media/rtmp';
import type { RealtimeStrategy } from '../analysis/index.js';
import type { Config } from '../config/index.js';
import type { HttpServices } from '../http/services.js';
import type { NoticeBoard } from '../notices.js';
import { Playback, type StreamService } from '../streams/index.js';
import type { Demo } from '../system/index.js';
import { asProblem } from './helpers.js';
import type { Models } from './models.js';
import { VERSION } from './paths.js';
import type { Storage } from './storage.js';

export interface ServiceParts {
  readonly config: Config;
  /** Unix ms. */
  readonly startedAt: number;
  readonly storage: Storage;
  readonly streams: StreamService;
  readonly models: Models;
  readonly realtime: RealtimeStrategy;
  readonly demo: Demo;
  readonly notices: NoticeBoard;
  readonly rtmp: RtmpServer;
  /** The RTMP port as it was bound. */
  readonly rtmpAddress: { readonly host: string; readonly port: number };
}

/** What the HTTP side asks for, answered by the parts of the product. */
export function httpServices(parts: ServiceParts): HttpServices {
  const { config, startedAt, storage, streams, models, realtime, demo, notices, rtmp, rtmpAddress } = parts;
  const { database, store, objects, segments, analyses, writer } = storage;
  return {
    streams,
    playback: new Playback({ sessions: streams, segments, objects }),
    analyses: {
      async query(streamId, { session, from, to, limit, cursor }) {
        const asked = session ? await streams.session(streamId, session) : await streams.currentSession(streamId);
        if (!asked) return { items: [], nextCursor: null };
        // What was seen a moment ago still waits for its batch.
        await writer.flush();
        return analyses.query({ streamId, sessionId: asked.id, fromMs: from, toMs: to, limit, cursor });
      },
    },
    models: {
      list: async () => models.list(),
      fetch: async (name) => models.fetch(name),
    },
    system: {
      status: async () => ({
        version: VERSION,
        role: config.role,
        startedAt,
        node: process.version,
        database: database.kind,
        rtmp: { ...rtmpAddress, connections: rtmp.stats().connections },
        model: config.models.detection,
        visionProcess: realtime.visionState,
        executionProvider: config.analysis.executionProvider,
        disk: { usedBytes: await segments.totalBytes(), freeBytes: await store.freeBytes() },
        notices: notices.all,
        demo: demo.status,
      }),
      async ready() {
        const problem = await database.ping().then(() => null, asProblem);
        return { ready: problem === null, problems: problem ? [problem] : [] };
      },
      startDemo: () => demo.start(),
      stopDemo: () => demo.stop(),
    },
  };
}
