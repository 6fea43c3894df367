import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOfPackets, type ExpectedMedia } from './fixtures/expected.js';
import { RtmpPublisher } from './publisher.js';
import { GOOD_KEY, type RecordingSink, sendRaw, startServer, type TestServer } from './test-support.js';
import { SAMPLE_DROP_REASONS } from './types.js';

const FOLDER = join(import.meta.dirname, 'fixtures');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.rtmp'));
const EXPECTED: Record<string, ExpectedMedia> = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));
/** ffmpeg's names of what we do not carry, to ours. */
const UNCARRIED: Readonly<Record<string, string>> = { flv1: 'Sorenson H.263', mp3: 'MP3', vp9: 'VP9' };

/** ffmpeg keeps AV1's temporal delimiters, which samples do not have, bytes. */
const DELIMITER_BYTES = 2;

const recording = (file: string): Buffer => readFileSync(join(FOLDER, file));

/** Numbers in 0..1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function describePackets(sink: RecordingSink, kind: 'video' | 'audio'): { count: number; sha256: string } {
  const samples = sink.samples.filter((sample) => sample.kind === kind);
  const extra = kind === 'video' && sink.tracks.some(({ codec }) => codec === 'av1') ? DELIMITER_BYTES : 0;
  return {
    count: samples.length,
    sha256: digestOfPackets(samples.map((sample) => ({ ...sample, bytes: sample.data.length + extra }))),
  };
}

let target: TestServer;
beforeAll(async () => {
  target = await startServer();
});
afterAll(() => target.close());

describe('a recorded publisher, replayed whole', () => {
  it.each(FILES)('%s gives what ffmpeg reads from the same bytes', async (file) => {
    const expected = EXPECTED[file]!;
    const [sink] = await Promise.all([target.nextSink(), sendRaw(target.port, [recording(file)])]);
    await sink.ended;
    await target.nextClosing();

    for (const kind of ['video', 'audio'] as const) {
      const codec = expected.codecs[kind]!;
      const uncarried = UNCARRIED[codec];
      expect(sink.tracks.filter((track) => track.kind === kind).map((track) => track.codec)).toEqual([
        uncarried ?? codec,
      ]);
      expect(describePackets(sink, kind)).toEqual(
        uncarried ? { count: 0, sha256: digestOfPackets([]) } : expected[kind],
      );
    }
    expect(sink.ends).toHaveLength(1);
  });

  it.each(FILES)('%s gives the same when it arrives in pieces of one to forty bytes', async (file) => {
    const random = seeded(7);
    const bytes = recording(file).subarray(0, 30_000);
    const pieces: Buffer[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      const size = 1 + Math.floor(random() * 40);
      pieces.push(bytes.subarray(offset, offset + size));
      offset += size;
    }
    const whole = await replay([bytes]);
    const cut = await replay(pieces);
    expect(cut.tracks).toEqual(whole.tracks);
    expect(cut.samples.map(withoutArrival)).toEqual(whole.samples.map(withoutArrival));
  });
});

describe('a recorded publisher, damaged', () => {
  it.each(FILES)('%s cut off anywhere ends with one reason', async (file) => {
    const random = seeded(11);
    const bytes = recording(file);
    await survives(
      Array.from({ length: 60 }, () => {
        // Half of the cuts in the first 6000 bytes: handshake and commands.
        const end = random() < 0.5 ? 6000 : bytes.length;
        return bytes.subarray(0, Math.floor(random() * end));
      }),
    );
  });

  it.each(FILES)('%s with flipped bits ends with one reason', async (file) => {
    const random = seeded(13);
    const bytes = recording(file);
    await survives(
      Array.from({ length: 60 }, () => {
        const damaged = Buffer.from(bytes);
        const flips = 1 + Math.floor(random() * 20);
        const span = random() < 0.5 ? Math.min(8000, bytes.length) : bytes.length;
        for (let flip = 0; flip < flips; flip++) {
          const at = Math.floor(random() * span);
          damaged[at] = damaged[at]! ^ (1 << Math.floor(random() * 8));
        }
        return damaged;
      }),
    );
  });

  it.each(FILES)('%s spliced with other recordings ends with one reason', async (file) => {
    const random = seeded(17);
    const bytes = recording(file);
    await survives(
      Array.from({ length: 40 }, () => {
        const other = recording(FILES[Math.floor(random() * FILES.length)]!);
        const from = Math.floor(random() * other.length);
        const cut = 3073 + Math.floor(random() * (bytes.length - 3073));
        return Buffer.concat([
          bytes.subarray(0, cut),
          other.subarray(from, from + Math.floor(random() * 5000)),
          bytes.subarray(Math.floor(random() * bytes.length)),
        ]);
      }),
    );
  });

  it('was found out in many ways, none of them an error of the server', () => {
    const { ends } = target.server.stats();
    expect(ends.rtmp_protocol_violation).toBeGreaterThan(50);
    expect(ends.rtmp_limit_exceeded).toBeGreaterThan(5);
    expect(ends.disconnected).toBeGreaterThan(50);
    expect(ends.internal).toBeUndefined();
  });

  it('leaves no trace of the key in any log line', () => {
    expect(target.logs.length).toBeGreaterThan(FILES.length);
    expect(JSON.stringify(target.logs)).not.toContain(GOOD_KEY);
  });
});

async function replay(pieces: readonly Buffer[]): Promise<RecordingSink> {
  const [sink] = await Promise.all([target.nextSink(), sendRaw(target.port, pieces)]);
  await sink.ended;
  await target.nextClosing();
  return sink;
}

function withoutArrival({ capturedAt, ...sample }: RecordingSink['samples'][number]): object {
  expect(capturedAt).toBeGreaterThan(0);
  return sample;
}

/** Sends each input on its own connection; none may take the server down, leak, or end more than once. */
async function survives(inputs: readonly Buffer[]): Promise<void> {
  const sinksBefore = target.sinks.length;
  for (const input of inputs) {
    const [closing] = await Promise.all([target.nextClosing(), sendRaw(target.port, [input])]);
    expect(closing.fields.code, 'an unexpected error').not.toBe('internal');
    expect(['disconnected', 'failed', 'refused']).toContain(closing.fields.reason);
  }
  for (const sink of target.sinks.slice(sinksBefore)) {
    expect(sink.ends).toHaveLength(1);
    for (const sample of sink.samples) expect(Number.isFinite(sample.ptsMs) && sample.data.length > 0).toBe(true);
  }
  await drainMailbox(sinksBefore);

  const publisher = new RtmpPublisher();
  await publisher.connect(target.url);
  await publisher.publish();
  const fresh = await target.nextSink();
  expect(target.server.stats().publishers).toBe(1);
  await publisher.close();
  await fresh.ended;
  await target.nextClosing();
  const { dropped } = target.server.stats();
  expect(Object.keys(dropped).sort()).toEqual([...SAMPLE_DROP_REASONS].sort());
}

/** Takes the sinks of damaged publishers that got as far as being accepted, so that the next one taken is the fresh one. */
async function drainMailbox(before: number): Promise<void> {
  for (let index = before; index < target.sinks.length; index++) await target.nextSink();
}
