import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeAnalysis } from '../testing/fixtures.js';
import { AnalysisMessage } from './messages.js';
import { Outbox } from './outbox.js';

/** A socket that takes what it is given and lets go of it when told to. */
class FakeSink {
  readonly sent: string[] = [];
  readonly #waiting: { bytes: number; done: (error?: Error) => void }[] = [];
  bufferedAmount = 0;

  send(data: Buffer, done: (error?: Error) => void): void {
    this.sent.push(data.toString());
    this.bufferedAmount += data.byteLength;
    this.#waiting.push({ bytes: data.byteLength, done });
  }

  /** The kernel takes the oldest message. */
  drainOne(error?: Error): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    this.bufferedAmount -= next.bytes;
    next.done(error);
    return true;
  }

  drain(): void {
    while (this.drainOne()) {
      // Draining sends more, which is drained too.
    }
  }
}

function makeOutbox({ maxBufferedBytes = 100, maxHeldBytes = 100_000 } = {}) {
  const sink = new FakeSink();
  const seen = { missed: 0, overflows: 0 };
  const outbox = new Outbox({
    sink,
    maxBufferedBytes,
    maxHeldBytes,
    onMissed: () => {
      seen.missed += 1;
    },
    onOverflow: () => {
      seen.overflows += 1;
    },
  });
  return { outbox, sink, seen };
}

const filler = Buffer.from('x'.repeat(100));
const analysis = (ptsMs: number, streamId = 'stream-1') =>
  new AnalysisMessage(makeAnalysis({ ptsMs, streamId, detections: [] }));

describe('an outbox', () => {
  it('passes everything on, in order, while the client keeps up', () => {
    const { outbox, sink } = makeOutbox({ maxBufferedBytes: 100_000 });
    outbox.reply(Buffer.from('hello'));
    outbox.analysis(analysis(1));
    outbox.state('a', Buffer.from('one'));
    outbox.state('a', Buffer.from('two'));
    expect(sink.sent).toEqual(['hello', expect.stringContaining('"missed":0'), 'one', 'two']);
    expect(outbox.heldBytes).toBe(0);
  });

  it('keeps only the newest analysis of each stream for a slow client, and says how many it missed', () => {
    const { outbox, sink, seen } = makeOutbox();
    outbox.reply(filler);
    for (let ptsMs = 1; ptsMs <= 5; ptsMs++) outbox.analysis(analysis(ptsMs));
    outbox.analysis(analysis(9, 'stream-2'));
    expect(sink.sent).toHaveLength(1);
    sink.drain();
    expect(sink.sent.slice(1).map((text) => JSON.parse(text))).toMatchObject([
      { streamId: 'stream-1', ptsMs: 5, missed: 4 },
      { streamId: 'stream-2', ptsMs: 9, missed: 0 },
    ]);
    expect(seen.missed).toBe(4);
    outbox.analysis(analysis(6));
    expect(JSON.parse(sink.sent.at(-1) ?? '')).toMatchObject({ ptsMs: 6, missed: 0 });
  });

  it('keeps only the newest state of a key, behind what was put before it changed', () => {
    const { outbox, sink } = makeOutbox();
    outbox.reply(filler);
    outbox.state('stream', Buffer.from('old state'));
    outbox.reply(Buffer.from('snapshot'));
    outbox.state('stream', Buffer.from('new state'));
    sink.drain();
    expect(sink.sent.slice(1)).toEqual(['snapshot', 'new state']);
  });

  it('never overtakes what is held with what comes later', () => {
    const { outbox, sink } = makeOutbox({ maxBufferedBytes: 10 });
    outbox.reply(Buffer.from('first, long enough to fill the socket'));
    outbox.reply(Buffer.from('second'));
    outbox.reply(Buffer.from('third'));
    sink.drainOne();
    outbox.reply(Buffer.from('fourth'));
    sink.drain();
    expect(sink.sent.slice(1)).toEqual(['second', 'third', 'fourth']);
  });

  it('gives up a client for which too much is held', () => {
    const { outbox, sink, seen } = makeOutbox({ maxHeldBytes: 1000 });
    outbox.reply(filler);
    for (let index = 0; index < 50; index++) outbox.state(`key-${index}`, filler);
    expect([seen.overflows, outbox.heldBytes]).toEqual([1, 0]);
    sink.drain();
    expect(sink.sent).toHaveLength(1);
  });

  it('tells how long nothing has been taken, and wakes who waits when it flows again', async () => {
    const { outbox, sink } = makeOutbox();
    expect(outbox.stuckForMs).toBe(0);
    outbox.reply(filler);
    let woken = false;
    const idle = outbox.idle().then(() => {
      woken = true;
    });
    await Promise.resolve();
    expect(woken).toBe(false);
    sink.drain();
    await idle;
    expect(outbox.stuckForMs).toBe(0);
  });

  it('takes nothing more once a write has failed', () => {
    const { outbox, sink } = makeOutbox();
    outbox.reply(filler);
    outbox.reply(Buffer.from('never'));
    sink.drainOne(new Error('EPIPE'));
    outbox.reply(Buffer.from('neither'));
    outbox.state('a', Buffer.from('nor this'));
    outbox.analysis(analysis(1));
    expect([sink.sent.length, outbox.heldBytes]).toEqual([1, 0]);
  });

  it('loses no analysis uncounted, keeps their order, and holds no more than one for each stream', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('analysis' as const), stream: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('state' as const), key: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('drain' as const), count: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { outbox, sink } = makeOutbox({ maxBufferedBytes: 600 });
        const published = new Map<string, number>();
        const states = new Map<string, string>();
        let clock = 0;
        for (const item of steps) {
          clock += 1;
          if (item.kind === 'analysis') {
            const streamId = `stream-${item.stream}`;
            published.set(streamId, (published.get(streamId) ?? 0) + 1);
            outbox.analysis(analysis(clock, streamId));
          } else if (item.kind === 'state') {
            states.set(`key-${item.key}`, `${clock}`);
            outbox.state(`key-${item.key}`, Buffer.from(JSON.stringify({ key: `key-${item.key}`, value: `${clock}` })));
          } else {
            for (let count = 0; count < item.count; count++) sink.drainOne();
          }
          // Three analyses of about 230 bytes and three states of about 30.
          expect(outbox.heldBytes).toBeLessThan(1000);
        }
        sink.drain();
        expect(outbox.heldBytes).toBe(0);
        const messages = sink.sent.map((text) => JSON.parse(text));
        for (const [streamId, count] of published) {
          const got = messages.filter((message) => message.streamId === streamId);
          expect(got.length + got.reduce((sum, message) => sum + message.missed, 0)).toBe(count);
          const times = got.map((message) => message.ptsMs);
          expect(times).toEqual([...times].sort((a, b) => a - b));
        }
        for (const [key, value] of states)
          expect(messages.filter((message) => message.key === key).at(-1)?.value).toBe(value);
      }),
    );
  });
});

describe('an analysis message', () => {
  it('is written once for all who keep up', () => {
    const message = analysis(1);
    expect(message.encode(0)).toBe(message.encode(0));
    expect(JSON.parse(message.encode(3).toString())).toEqual({
      type: 'analysis',
      ...makeAnalysis({ ptsMs: 1, detections: [] }),
      missed: 3,
    });
  });
});
