import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { CodedSample, Track, UnsupportedTrack } from '@media-analyzer/protocol';
import { RtmpServer } from './server.js';
import type { MediaTrouble, PublishEndReason, PublishRequest, PublishSink, RtmpServerOptions } from './types.js';

/** The key that servers of the tests accept. Long and odd, so that a leak into logs is found by searching for it. */
export const GOOD_KEY = 'k3y-Zq81-tests';

/** Remembers everything that one publish brought. */
export class RecordingSink implements PublishSink {
  readonly tracks: (Track | UnsupportedTrack)[] = [];
  readonly samples: CodedSample[] = [];
  readonly metadata: Record<string, unknown>[] = [];
  readonly ends: PublishEndReason[] = [];
  readonly troubles: string[] = [];
  readonly ended: Promise<PublishEndReason>;
  #resolveEnd: (reason: PublishEndReason) => void = () => {};
  readonly #waiting = new Set<() => void>();

  constructor(readonly request: PublishRequest) {
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  onTrack(track: Track | UnsupportedTrack): void {
    this.tracks.push(track);
    this.#changed();
  }

  onSample(sample: CodedSample): void {
    this.samples.push(sample);
    this.#changed();
  }

  onTrouble(trouble: MediaTrouble, kind: Track['kind']): void {
    this.troubles.push(`${trouble} of ${kind}`);
    this.#changed();
  }

  onMetadata(metadata: Record<string, unknown>): void {
    this.metadata.push(metadata);
    this.#changed();
  }

  onEnd(reason: PublishEndReason): void {
    this.ends.push(reason);
    this.#resolveEnd(reason);
    this.#changed();
  }

  get video(): CodedSample[] {
    return this.samples.filter((sample) => sample.kind === 'video');
  }

  get audio(): CodedSample[] {
    return this.samples.filter((sample) => sample.kind === 'audio');
  }

  /** Resolves when the condition holds; it is looked at after each call of the server. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TestServer {
  readonly server: RtmpServer;
  readonly port: number;
  readonly url: string;
  readonly sinks: RecordingSink[];
  readonly logs: LogLine[];
  /** The next accepted publisher; one that is there already and was not asked for counts. */
  nextSink(): Promise<RecordingSink>;
  /** The next closing line that was not asked for. */
  nextClosing(): Promise<LogLine>;
  close(): Promise<void>;
}

/** A server on a free port that accepts `GOOD_KEY` and refuses every other key. */
export async function startServer(options: Partial<RtmpServerOptions> = {}): Promise<TestServer> {
  const sinks = new Mailbox<RecordingSink>();
  const closings = new Mailbox<LogLine>();
  const logs: LogLine[] = [];
  const server = new RtmpServer({
    host: '127.0.0.1',
    port: 0,
    authorize: (request) => {
      if (request.streamKey !== GOOD_KEY) return { accept: false, code: 'stream_key_unknown' };
      const sink = new RecordingSink(request);
      sinks.put(sink);
      return { accept: true, sink };
    },
    log: (level, text, fields) => {
      const line = { level, text, fields };
      logs.push(line);
      if (text === 'RTMP connection closed') closings.put(line);
    },
    ...options,
  });
  const { port } = await server.listen();
  return {
    server,
    port,
    url: `rtmp://127.0.0.1:${port}/live/${GOOD_KEY}`,
    sinks: sinks.all,
    logs,
    nextSink: () => sinks.take(),
    nextClosing: () => closings.take(),
    close: () => server.close(),
  };
}

/** Connects, sends the bytes in the given pieces, and collects what comes back until the socket closes. */
export async function sendRaw(port: number, pieces: readonly Uint8Array[], end = true): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  const closed = collect(socket);
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (!socket.destroyed) socket.write(piece);
    if (pieces.length > 1) await new Promise((next) => setImmediate(next)); // the server reads it before the next one
  }
  if (end) socket.end();
  return closed;
}

/** What a socket receives until it closes, however it closes. */
export function collect(socket: Socket): Promise<Buffer> {
  const received: Buffer[] = [];
  socket.on('data', (data) => received.push(data));
  socket.on('error', () => {}); // a reset is one of the ways to close
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(received))));
}

class Mailbox<T> {
  readonly all: T[] = [];
  readonly #takers: ((value: T) => void)[] = [];
  #taken = 0;

  put(value: T): void {
    this.all.push(value);
    const taker = this.#takers.shift();
    if (taker) {
      this.#taken++;
      taker(value);
    }
  }

  take(): Promise<T> {
    if (this.#taken < this.all.length) return Promise.resolve(this.all[this.#taken++]!);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}
