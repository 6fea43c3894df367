import { CodedError, stream as streamSchema } from '@media-analyzer/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { AnalysisRepository } from './analysis-repository.js';
import { SegmentRepository } from './segment-repository.js';
import { SessionRepository } from './session-repository.js';
import { StreamRepository } from './stream-repository.js';
import { onBothDatabases } from './testing/databases.js';
import { makeAnalysis, makeSegment, makeSession } from './testing/samples.js';

const RETENTION = { maxAgeMs: 3_600_000, maxBytes: null };

onBothDatabases('streams', (database) => {
  let streams: StreamRepository;
  beforeEach(() => {
    streams = new StreamRepository(database());
  });
  const create = (name = 'Main stage') => streams.create({ name, mode: 'realtime', retention: RETENTION });

  it('are read back as they were created', async () => {
    const created = await create('Bühne "Süd"; drop table streams --');
    expect(await streams.get(created.id)).toEqual(created);
    expect(created).toMatchObject({
      name: 'Bühne "Süd"; drop table streams --',
      mode: 'realtime',
      retention: RETENTION,
    });
    expect(streamSchema.shape.id.safeParse(created.id).success).toBe(true);
  });

  it('are found by their key alone', async () => {
    const [first, second] = [await create(), await create()];
    expect(first.streamKey).not.toBe(second.streamKey);
    expect(await streams.findByKey(second.streamKey)).toEqual(second);
    expect(await streams.findByKey(second.streamKey.slice(0, -1))).toBeNull();
    expect(await streams.findByKey(`${second.streamKey}\0`)).toBeNull();
    expect(await streams.findByKey('')).toBeNull();
  });

  it('take a key that is given, once', async () => {
    await streams.create({ name: 'a', streamKey: 'given-key', mode: 'realtime', retention: RETENTION });
    const again = streams.create({ name: 'b', streamKey: 'given-key', mode: 'realtime', retention: RETENTION });
    await expect(again).rejects.toMatchObject({ code: '23505' });
    await again.catch((error: Error) => expect(error.message).not.toContain('given-key'));
  });

  it('forget their old key when it is rotated', async () => {
    const created = await create();
    const rotated = await streams.rotateKey(created.id);
    expect(rotated.streamKey).not.toBe(created.streamKey);
    expect(await streams.findByKey(created.streamKey)).toBeNull();
    expect(await streams.findByKey(rotated.streamKey)).toEqual(rotated);
  });

  it('change only what an update names', async () => {
    const created = await create();
    const updated = await streams.update(created.id, { mode: 'batch', retention: { maxBytes: 5_000_000 } });
    expect(updated).toMatchObject({
      name: created.name,
      mode: 'batch',
      retention: { maxAgeMs: 3_600_000, maxBytes: 5_000_000 },
    });
    const unlimited = await streams.update(created.id, { retention: { maxAgeMs: null } });
    expect(unlimited.retention).toEqual({ maxAgeMs: null, maxBytes: 5_000_000 });
  });

  it('come in pages, oldest first, each once, while others are added and removed', async () => {
    const before = await streams.list({ limit: 1000 });
    const made = [];
    for (let index = 0; index < 5; index++) made.push(await create(`stream ${index}`));
    const cursor = before.items.length > 0 ? (await streams.list({ limit: before.items.length })).nextCursor : null;
    const first = await streams.list({ limit: 2, ...(cursor !== null && { cursor }) });
    expect(first.items).toEqual(made.slice(0, 2));
    await streams.remove(made[0]!.id);
    const added = await create('late');
    const second = await streams.list({ limit: 3, cursor: first.nextCursor! });
    expect(second.items).toEqual(made.slice(2));
    const last = await streams.list({ limit: 3, cursor: second.nextCursor! });
    expect(last).toEqual({ items: [added], nextCursor: null });
  });

  it.each(['', 'x', 'bnVsbA', 'MTIz', '%00'])('refuse the cursor "%s"', async (cursor) => {
    await expect(streams.list({ limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

  it('take their sessions, segments and analyses with them when they are removed', async () => {
    const ids = await makeSession(database());
    const segments = new SegmentRepository(database());
    const analyses = new AnalysisRepository(database());
    await segments.addInit({ sessionId: ids.sessionId, name: 'init-0.mp4', bytes: 10 });
    await segments.add(makeSegment(ids.sessionId, 0));
    await analyses.append([makeAnalysis(ids, 100)]);
    await streams.remove(ids.streamId);
    expect(await streams.find(ids.streamId)).toBeNull();
    expect(await new SessionRepository(database()).find(ids.sessionId)).toBeNull();
    expect(await segments.listForSession(ids.sessionId)).toEqual([]);
    expect((await analyses.query({ ...ids, limit: 10 })).items).toEqual([]);
  });

  describe('that do not exist', () => {
    it.each([
      ['get', (id: string) => streams.get(id)],
      ['update', (id: string) => streams.update(id, { name: 'x' })],
      ['rotateKey', (id: string) => streams.rotateKey(id)],
      ['remove', (id: string) => streams.remove(id)],
    ])('are refused by %s', async (_, call) => {
      const error = await call('nobody').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CodedError);
      expect(error).toMatchObject({ code: 'stream_not_found', details: { streamId: 'nobody' } });
    });
  });
});
