import type { HttpServices } from '../http/services.js';
import { Recordings } from '../recordings/index.js';
import { mediaKey, pictureName } from '../storage/index.js';
import { Playback } from '../streams/index.js';
import { type SystemParts, systemService } from './system-service.js';

/** What the services are made of. */
export type ServiceParts = SystemParts;

/** What the HTTP side asks for, answered by the parts of the product. */
export function httpServices(parts: ServiceParts): HttpServices {
  const { storage, streams, models } = parts;
  const { store, objects, segments, analyses, appearances, pictures, seen, writer } = storage;
  return {
    streams,
    recordings: new Recordings({
      sessions: streams,
      rows: {
        classesOf: (ids, filter) => seen.classesOf(ids, filter),
        initCounts: (ids) => segments.initCounts(ids),
        listForSession: (sessionId) => segments.listForSession(sessionId),
        firstMediaOf: (ids) => segments.firstMediaOf(ids),
        presence: (request) => seen.presence(request),
        pictured: (sessionIds) => pictures.ofWhich(sessionIds),
        nearestPicture: (sessionId, atMs) => pictures.nearest(sessionId, atMs),
      },
      objects: {
        read: (streamId, sessionId, name) => store.get(mediaKey(streamId, sessionId, name)),
        openPicture: async (streamId, sessionId, ptsMs) =>
          (await store.open(mediaKey(streamId, sessionId, pictureName(ptsMs))))?.stream ?? null,
      },
      // What was seen a moment ago still waits for its batch.
      settle: () => writer.flush(),
    }),
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
    intervals: {
      async open(streamId, { session, kind: _, ...filter }) {
        const asked = session ? await streams.session(streamId, session) : await streams.currentSession(streamId);
        if (!asked) return null;
        await writer.flush();
        const of = { streamId, sessionId: asked.id, ...filter };
        return { epochAt: asked.epochAt, page: (page) => appearances.query({ ...of, ...page }) };
      },
    },
    models: {
      list: async () => models.list(),
      labels: async (name) => models.store.labels(name),
      fetch: async (name) => models.fetch(name),
    },
    system: systemService(parts),
  };
}
