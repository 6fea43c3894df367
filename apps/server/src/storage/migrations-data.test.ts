/** What the steps of the schema make of the rows that are there. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../log.js';
import { AppearanceRepository } from './appearance-repository.js';
import { type Orm, openDatabase } from './database.js';
import { MIGRATIONS } from './generated/migrations.js';
import { SeenRepository } from './seen-repository.js';
import { SessionRepository } from './session-repository.js';
import { onPostgres, postgresDatabase, type TestDatabase } from './testing/databases.js';
import { makeFolder } from './testing/folders.js';

/** The embedded database is made from nothing here. */
const TIMEOUT_MS = 120_000;
const EVERYTHING = { certainty: 'raw', minScore: 0, minStayMs: 0 } as const;

async function emptyFolder(): Promise<TestDatabase> {
  const folder = await makeFolder();
  return { url: null, dataDir: folder.path, remove: () => folder.remove() };
}

/**
 * A session as the first version kept it. Track 1 is a dog, once taken for a cat, whose newest frame is final; track 2 a
 * person that the model hardly believed in; what has no track was seen on one frame.
 */
const OLD_ROWS = [
  sql`insert into streams (id, name, stream_key, stream_key_hash, mode, created_at, updated_at)
    values ('stream', 'Studio', 'key', 'hash', 'realtime', 0, 0)`,
  sql`insert into sessions (id, stream_id, epoch_at, started_at) values ('session', 'stream', 0, 0)`,
  sql`insert into analyses (session_id, pts_ms, captured_at, completed_at, status, model)
    select 'session', pts, 0, 0, status, 'm' from (values (100, 'provisional'), (900, 'provisional'), (1100, 'provisional'),
      (3000, 'final')) as r (pts, status)`,
  sql`insert into detections (analysis_id, ordinal, label, score, x, y, width, height, track_id)
    select a.id, ordinal, label, score, x, 0, 1, 1, track from (values
      (100, 0, 'dog', 0.5, 0.125, 1), (900, 0, 'cat', 0.5, 0.25, 1), (900, 1, 'person', 0.25, 0, 2), (1100, 0, 'dog', 0.75, 0.5, 1),
      (1100, 1, 'bird', 0.5, 0, null), (3000, 0, 'dog', 0.75, 0.75, 1)
    ) as r (pts, ordinal, label, score, x, track) join analyses a on a.pts_ms = r.pts`,
];

function tests(make: () => Promise<TestDatabase>): void {
  let place: TestDatabase;
  beforeAll(async () => {
    place = await make();
  }, TIMEOUT_MS);
  afterAll(() => place.remove());

  /** Brings the schema as far as this number and looks at it. */
  async function at<T>(number: string, look: (orm: Orm) => Promise<T>): Promise<T> {
    const migrations = MIGRATIONS.filter(({ tag }) => tag.slice(0, 4) <= number);
    const database = await openDatabase({ ...place, log: silentLog, migrations });
    try {
      return await database.run(look);
    } finally {
      await database.close();
    }
  }

  it('carries the rows of the first version to the newest', { timeout: TIMEOUT_MS }, async () => {
    await at('0001', async (orm) => {
      for (const statement of OLD_ROWS) await orm.execute(statement);
    });
    const [seconds, classes] = await at('0002', async (orm) => [
      (await orm.execute(sql`select label, second, most, frames from seen_seconds order by 1, 2`)).rows,
      (await orm.execute(sql`select label, most, seconds from seen_classes order by 1`)).rows,
    ]);
    expect(seconds).toEqual([
      { label: '', second: 0, most: 0, frames: 2 },
      { label: '', second: 1, most: 0, frames: 1 },
      { label: '', second: 3, most: 0, frames: 1 },
      { label: 'bird', second: 1, most: 1, frames: 1 },
      { label: 'cat', second: 0, most: 1, frames: 1 },
      { label: 'dog', second: 0, most: 1, frames: 1 },
      { label: 'dog', second: 1, most: 1, frames: 1 },
      { label: 'dog', second: 3, most: 1, frames: 1 },
    ]);
    expect(classes).toEqual([
      { label: 'bird', most: 1, seconds: 1 },
      { label: 'cat', most: 1, seconds: 1 },
      { label: 'dog', most: 1, seconds: 3 },
    ]);

    const judged = await at('0003', (orm) => orm.execute(sql`select count(certainty) as judged from detections`));
    expect(judged.rows).toEqual([{ judged: '0' }]);

    const database = await openDatabase({ ...place, log: silentLog });
    try {
      expect((await new SessionRepository(database).get('stream', 'session'))?.frames).toBeNull();
      const { items } = await new AppearanceRepository(database).query({
        ...{ streamId: 'stream', sessionId: 'session', limit: 10, order: 'oldest', ...EVERYTHING },
      });
      // What was followed was drawn from its first frame on, so it counts as sure from there.
      expect(items).toMatchObject([
        {
          ...{ trackId: 1, label: 'dog', fromMs: 100, toMs: 3000, score: 0.75, status: 'provisional', model: 'm' },
          ...{ certainty: 'sure', sureMs: 100, verySureMs: null },
          evidence: [{ ptsMs: 1100, score: 0.75, box: [0.5, 0, 1, 1] }],
        },
        { trackId: 2, label: 'person', fromMs: 900, toMs: 900, score: 0.25, certainty: 'sure', sureMs: 900 },
      ]);
      const seen = new SeenRepository(database);
      const filter = { ...EVERYTHING, certainty: 'sure' as const };
      expect(await seen.presence({ sessionId: 'session', fromMs: 0, toMs: 4000, filter })).toMatchObject({
        analysed: [2, 1, 0, 1],
        classes: [
          { label: 'dog', most: [1, 1, 1, 1], comesMs: [100] },
          { label: 'person', most: [1, 0, 0, 0], comesMs: [900] },
        ],
      });
      expect((await seen.classesOf(['session'], filter)).get('session')).toEqual([
        { label: 'dog', most: 1, seconds: 3 },
        { label: 'person', most: 1, seconds: 1 },
      ]);
    } finally {
      await database.close();
    }
  });
}

describe('the migrations on the embedded database', () => tests(emptyFolder));
onPostgres('the migrations on PostgreSQL', () => tests(postgresDatabase));
