import { connect, type Socket } from 'node:net';
import { CodedError, type CodedSample, describeError, type Track } from '@media-analyzer/protocol';
import { type AmfObject, type AmfValue, isAmfObject } from './amf0.js';
import { ChunkReader } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';
import { type Command, commandMessage, metadataMessage, readCommand, type Status } from './commands.js';
import { type FlvForm, writeSampleTag, writeTrackTag } from './flv-writer.js';
import { finishHandshake, HANDSHAKE_BYTES, type HandshakeForm, openHandshake } from './handshake.js';
import { DEFAULT_RTMP_LIMITS } from './limits.js';
import {
  ChunkStream,
  controlMessage,
  MessageType,
  type RtmpMessage,
  UserControlEvent,
  userControl,
} from './messages.js';

export interface RtmpPublisherOptions {
  /** ms for each step: TCP and handshake, connect, createStream, publish. 10 s: what the server gives a handshake. */
  readonly timeoutMs?: number;
  /** `simple` when not given; the numbers are the digest schemes. */
  readonly handshake?: HandshakeForm;
  /** Chunk size announced, bytes; 60000 when not given: most frames in one chunk, as ffmpeg does. */
  readonly chunkSize?: number;
  /** `legacy` when not given. HEVC, AV1 and Opus are always enhanced. */
  readonly form?: FlvForm;
  /** Every `onStatus` of the server, warnings among them. */
  readonly onStatus?: (status: Status) => void;
}

interface Waiting {
  readonly matches: (command: Command) => boolean;
  readonly resolve: (command: Command) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Publishes coded samples to any RTMP server:
 * `connect(url)`, `publish()`, `writeTrack` for each track, `writeSample` in decode order, `close()`.
 *
 * Writes resolve when the socket has room again, so awaiting them keeps memory bounded. After the connection is lost every
 * call rejects with the reason. Texts of errors do not contain the stream key.
 */
export class RtmpPublisher {
  readonly #options: Required<Omit<RtmpPublisherOptions, 'onStatus'>> & Pick<RtmpPublisherOptions, 'onStatus'>;
  readonly #reader = new ChunkReader(DEFAULT_RTMP_LIMITS);
  readonly #writer = new ChunkWriter();
  readonly #waiting = new Set<Waiting>();
  readonly #codecs: { video: Track['codec'] | null; audio: Track['codec'] | null } = { video: null, audio: null };
  #socket: Socket | null = null;
  #target = { host: '', port: 0, app: '', key: '' };
  /** S0, S1 and S2 while they arrive; null once the handshake is done. */
  #handshake: Buffer | null = Buffer.alloc(0);
  #onHandshake: (() => void) | null = null;
  #lastTransaction = 0;
  #streamId = 0;
  #failure: Error | null = null;
  #closing = false;

  constructor(options: RtmpPublisherOptions = {}) {
    this.#options = { timeoutMs: 10_000, handshake: 'simple', chunkSize: 60_000, form: 'legacy', ...options };
  }

  /**
   * Opens the connection and the application.
   *
   * @param url `rtmp://host[:port]/app/key`; the key may have slashes and a query string
   * @throws CodedError `rtmp_publish_refused`, `rtmp_connection_lost` or `rtmp_timeout`
   */
  async connect(url: string): Promise<void> {
    this.#target = parseUrl(url);
    const { host, port, app } = this.#target;
    const socket = connect({ host, port });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', (error) => this.#lose(describeError(error)));
    socket.on('close', () => this.#lose('the server closed it'));
    await this.#within<void>('the handshake', (resolve, reject) => {
      this.#onHandshake = () => resolve();
      this.#waiting.add({ matches: () => false, resolve: () => {}, reject });
      socket.once('connect', () => socket.write(openHandshake(this.#options.handshake)));
    });
    this.#send(ChunkStream.Control, controlMessage(MessageType.SetChunkSize, this.#options.chunkSize));
    this.#writer.setChunkSize(this.#options.chunkSize);
    const address = host.includes(':') ? `[${host}]` : host;
    await this.#call('connect', {
      app,
      type: 'nonprivate',
      flashVer: 'FMLE/3.0 (compatible; MediaAnalyzer)',
      tcUrl: `rtmp://${address}:${port}/${app}`,
      fourCcList: ['avc1', 'hvc1', 'av01', 'mp4a', 'Opus'],
    });
  }

  /** Asks for the key; samples may follow when it resolves. @throws as `connect` */
  async publish(): Promise<void> {
    const { key } = this.#target;
    this.#invoke(0, 'releaseStream', ++this.#lastTransaction, null, key);
    this.#invoke(0, 'FCPublish', ++this.#lastTransaction, null, key);
    const created = await this.#call('createStream', null);
    const id = created.values[1];
    if (typeof id !== 'number') throw this.#refused('createStream gave no stream');
    this.#streamId = id;
    const started = this.#wait(
      'the publish command',
      (command) => command.name === 'onStatus' && readStatus(command)?.code === 'NetStream.Publish.Start',
    );
    this.#invoke(id, 'publish', ++this.#lastTransaction, null, key, 'live');
    await started;
  }

  /** Sends `onMetaData`. */
  async writeMetadata(metadata: AmfObject): Promise<void> {
    await this.#sendMedia(ChunkStream.Data, metadataMessage(this.#streamId, metadata));
  }

  /** Sends the sequence header of a track, before its samples; again when its configuration changes. */
  async writeTrack(track: Track, timestampMs = 0): Promise<void> {
    this.#codecs[track.kind] = track.codec;
    await this.#writeTag(track.kind, timestampMs, writeTrackTag(track, this.#options.form));
  }

  /** Says in which codec samples come of a track whose sequence header is not sent: its parameter sets are among them. */
  announceWithoutHeader({ kind, codec }: Track): void {
    this.#codecs[kind] = codec;
  }

  /** Sends a sample. Times are rounded to whole ms, and wrap as RTMP's do. */
  async writeSample(sample: CodedSample): Promise<void> {
    const codec = this.#codecs[sample.kind];
    if (codec === null) throw new TypeError(`writeTrack must come before the first ${sample.kind} sample`);
    const dtsMs = Math.round(sample.dtsMs);
    const tag = writeSampleTag(sample, codec, Math.round(sample.ptsMs) - dtsMs, this.#options.form);
    await this.#writeTag(sample.kind, dtsMs, tag);
  }

  /** Ends the publish in good order and closes. Never rejects; safe to call at any time. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket || socket.destroyed) return;
    this.#closing = true;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    if (this.#streamId !== 0 && this.#failure === null) {
      this.#invoke(0, 'FCUnpublish', ++this.#lastTransaction, null, this.#target.key);
      this.#invoke(0, 'deleteStream', ++this.#lastTransaction, null, this.#streamId);
    }
    socket.end();
    const timer = setTimeout(() => socket.destroy(), this.#options.timeoutMs);
    await closed;
    clearTimeout(timer);
  }

  /** Drops the connection without a word, as a crash or a lost network does. */
  destroy(): void {
    this.#closing = true;
    this.#socket?.destroy();
  }

  #writeTag(kind: 'video' | 'audio', timestampMs: number, body: Buffer): Promise<void> {
    const type = kind === 'video' ? MessageType.Video : MessageType.Audio;
    const chunkStream = kind === 'video' ? ChunkStream.Video : ChunkStream.Audio;
    return this.#sendMedia(chunkStream, { type, timestamp: timestampMs >>> 0, streamId: this.#streamId, body });
  }

  async #sendMedia(chunkStreamId: number, message: RtmpMessage): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#send(chunkStreamId, message)) return;
    const socket = this.#socket!;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
    if (this.#failure) throw this.#failure;
  }

  /** @returns Whether the socket takes more. */
  #send(chunkStreamId: number, message: RtmpMessage): boolean {
    const socket = this.#socket;
    if (!socket || socket.destroyed) return true;
    socket.cork();
    let room = true;
    for (const { header, payload } of this.#writer.chunks(chunkStreamId, message)) {
      socket.write(header);
      room = socket.write(payload);
    }
    socket.uncork();
    return room;
  }

  #invoke(streamId: number, ...values: AmfValue[]): void {
    this.#send(ChunkStream.Command, commandMessage(streamId, ...values));
  }

  async #call(name: string, argument: AmfValue): Promise<Command> {
    const transactionId = ++this.#lastTransaction;
    const answer = this.#wait(`the ${name} command`, (command) => command.transactionId === transactionId);
    this.#invoke(0, name, transactionId, argument);
    const command = await answer;
    if (command.name === '_result') return command;
    const status = readStatus(command);
    throw this.#refused(status ? `${status.code}: ${status.description}` : `${name} failed`);
  }

  #wait(what: string, matches: (command: Command) => boolean): Promise<Command> {
    return this.#within(what, (resolve, reject) => this.#waiting.add({ matches, resolve, reject }));
  }

  /** Races a step against its deadline and the loss of the connection. */
  async #within<T>(
    what: string,
    start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    const limitMs = this.#options.timeoutMs;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        if (this.#failure) reject(this.#failure);
        timer = setTimeout(() => reject(new CodedError('rtmp_timeout', { what, limitMs })), limitMs);
        start(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.clear(); // steps follow each other; there is one at a time
    }
  }

  #receive(data: Buffer): void {
    try {
      if (this.#handshake === null) this.#reader.push(data);
      else if (!this.#shakeHands(data)) return;
      for (let message = this.#reader.read(); message; message = this.#reader.read()) this.#dispatch(message);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #shakeHands(data: Buffer): boolean {
    const answer = Buffer.concat([this.#handshake ?? Buffer.alloc(0), data]);
    this.#handshake = answer;
    if (answer.length < 1 + 2 * HANDSHAKE_BYTES) return false;
    this.#socket?.write(finishHandshake(this.#options.handshake, answer));
    this.#handshake = null;
    this.#reader.push(answer.subarray(1 + 2 * HANDSHAKE_BYTES));
    this.#onHandshake?.();
    return true;
  }

  #dispatch(message: RtmpMessage): void {
    const { type, body } = message;
    if (type === MessageType.SetChunkSize && body.length >= 4) this.#reader.setChunkSize(body.readUInt32BE(0));
    else if (type === MessageType.UserControl && body.length >= 6) {
      if (body.readUInt16BE(0) === UserControlEvent.PingRequest)
        this.#send(ChunkStream.Control, userControl(UserControlEvent.PingResponse, body.readUInt32BE(2)));
    } else if (type === MessageType.CommandAmf0 || type === MessageType.CommandAmf3)
      this.#command(readCommand(message, DEFAULT_RTMP_LIMITS));
  }

  #command(command: Command): void {
    for (const waiting of this.#waiting) if (waiting.matches(command)) waiting.resolve(command);
    if (command.name !== 'onStatus') return;
    const status = readStatus(command);
    if (!status) return;
    this.#options.onStatus?.(status);
    if (status.level === 'error') this.#fail(this.#refused(`${status.code}: ${status.description}`));
  }

  #refused(problem: string): CodedError {
    return new CodedError('rtmp_publish_refused', { problem: this.#withoutKey(problem) });
  }

  #lose(problem: string): void {
    const { host, port } = this.#target;
    this.#fail(
      new CodedError('rtmp_connection_lost', { host, port, problem: this.#closing ? 'it was closed' : problem }),
    );
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting) waiting.reject(this.#failure);
    this.#waiting.clear();
    if (!this.#closing) this.#socket?.destroy();
  }

  #withoutKey(text: string): string {
    return this.#target.key === '' ? text : text.replaceAll(this.#target.key, '(key)');
  }
}

function readStatus(command: Command): Status | null {
  const info = command.values[1];
  if (!isAmfObject(info)) return null;
  const { level, code, description } = info;
  return {
    level: level === 'error' || level === 'warning' ? level : 'status',
    code: typeof code === 'string' ? code : '',
    description: typeof description === 'string' ? description : '',
  };
}

function parseUrl(url: string): { host: string; port: number; app: string; key: string } {
  const parts = /^rtmp:\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?\/([^/?]+)\/(.+)$/.exec(url);
  if (!parts) throw new TypeError('an RTMP address has the form rtmp://host[:port]/app/key');
  return { host: parts[1]!.replace(/^\[|\]$/g, ''), port: Number(parts[2] ?? 1935), app: parts[3]!, key: parts[4]! };
}
