import type { Socket } from 'node:net';
import { CodedError, describeError, type ErrorCode, type ErrorDetails } from '@media-analyzer/protocol';
import { ChunkReader } from './chunk-reader.js';
import { ChunkWriter } from './chunk-writer.js';
import { ServerHandshake } from './handshake.js';
import type { RtmpLimits } from './limits.js';
import {
  ChunkStream,
  controlMessage,
  MessageType,
  type RtmpMessage,
  setPeerBandwidth,
  UserControlEvent,
  userControl,
} from './messages.js';
import { type SampleCounts, zeroSampleCounts } from './published-media.js';
import { type PublisherLink, Publishing, type PublishingOptions, publishEndReason } from './publishing.js';
import type { RtmpConnectionHandle, RtmpLog } from './types.js';

/** Chunk size of what we send, bytes: every answer fits in one chunk. */
const SEND_CHUNK_BYTES = 4096;
/** Window that we ask the peer to acknowledge, bytes: what others use. */
const WINDOW_BYTES = 2_500_000;
/** A peer that asks for an acknowledgement more often than this gets one this often, bytes. */
const MIN_WINDOW_BYTES = 4096;
/** Share of the window after which it is acknowledged: a peer that stops just below the window must not wait for ever. */
const ACKNOWLEDGED_SHARE = 0.5;

/** Why a connection ended. `refused`: the owner or the application name said no. */
export type ConnectionEnd =
  | { readonly kind: 'disconnected' | 'server_stopped' }
  | { readonly kind: 'closed' | 'failed' | 'refused'; readonly error: CodedError };

/** What a connection is made of. */
export interface RtmpConnectionOptions extends Pick<PublishingOptions, 'app' | 'authorize'> {
  readonly id: string;
  readonly remoteAddress: string;
  readonly limits: RtmpLimits;
  readonly log: RtmpLog;
}

/** One TCP connection: handshake, chunks, protocol control, deadlines, and the one way out. */
export class RtmpConnection implements RtmpConnectionHandle {
  readonly id: string;
  readonly remoteAddress: string;
  readonly counts: SampleCounts = zeroSampleCounts();
  readonly #socket: Socket;
  readonly #limits: RtmpLimits;
  readonly #log: RtmpLog;
  readonly #handshake = new ServerHandshake();
  readonly #reader: ChunkReader;
  readonly #writer = new ChunkWriter();
  readonly #publishing: Publishing;
  readonly #startedAt = Date.now();
  #open = false;
  #paused = false;
  #end: ConnectionEnd | null = null;
  /** Unix ms of the newest byte. */
  #arrivedAt = Date.now();
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #acknowledging = false;
  /**
   * What the peer may send without an acknowledgement: the bandwidth that we set (5.4.5), or a smaller window that it names
   * itself (5.4.4).
   */
  #windowBytes = WINDOW_BYTES;
  #announcedWindowBytes = WINDOW_BYTES;
  #deadline: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: RtmpConnectionOptions) {
    this.id = options.id;
    this.remoteAddress = options.remoteAddress;
    this.#socket = socket;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#reader = new ChunkReader(options.limits);
    this.#publishing = new Publishing({ ...options, counts: this.counts, link: this.#link() });
  }

  get publishing(): boolean {
    return this.#publishing.publishing;
  }

  /** As the peer calls itself; null before `connect`. */
  get encoder(): string | null {
    return this.#publishing.encoder;
  }

  /** The owner was asked about a publisher and has answered. */
  get decided(): boolean {
    return this.#publishing.decided;
  }

  /** Serves the connection. Resolves, never rejects, with the reason when the socket is closed. */
  async run(): Promise<ConnectionEnd> {
    const socket = this.#socket;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#receive(data));
    socket.on('end', () => this.#finish({ kind: 'disconnected' }));
    socket.on('close', () => this.#finish({ kind: 'disconnected' }));
    socket.on('error', () => this.#finish({ kind: 'disconnected' }));
    const limitMs = this.#limits.handshakeTimeoutMs;
    const error = () => new CodedError('rtmp_timeout', { what: 'the handshake', limitMs });
    this.#setDeadline({ ms: limitMs, error });
    this.#watchSilence(false);
    await closed;
    return this.#end ?? { kind: 'disconnected' };
  }

  silentMs(): number {
    return Math.max(0, Date.now() - this.#arrivedAt);
  }

  bytesReceived(): number {
    return this.#receivedBytes;
  }

  close(code: ErrorCode, details?: ErrorDetails): void {
    this.#finish({ kind: 'closed', error: new CodedError(code, details) });
  }

  /** Ends the connection because the server stops. */
  stop(): void {
    this.#finish({ kind: 'server_stopped' });
  }

  #receive(data: Buffer): void {
    if (this.#end !== null) return; // lingering: read and forget, so that the last status is not lost to a reset
    this.#arrivedAt = Date.now();
    this.#receivedBytes += data.length;
    this.#guard(() => {
      if (this.#open) this.#reader.push(data);
      else if (!this.#shakeHands(data)) return;
      this.#drain();
      this.#acknowledge();
    });
  }

  /** @returns Whether the handshake is done. */
  #shakeHands(data: Buffer): boolean {
    const rest = this.#handshake.push(data, (reply) => this.#write(reply));
    if (rest === null) return false;
    this.#open = true;
    this.#publishing.open();
    this.#reader.push(rest);
    return true;
  }

  #drain(): void {
    while (this.#end === null && !this.#paused) {
      const message = this.#reader.read();
      if (message === null) return;
      this.#dispatch(message);
    }
  }

  #dispatch(message: RtmpMessage): void {
    const { type, body } = message;
    switch (type) {
      case MessageType.SetChunkSize:
        this.#reader.setChunkSize(uint32(body, 0, type));
        return;
      case MessageType.Abort:
        this.#reader.abort(uint32(body, 0, type));
        return;
      case MessageType.Acknowledgement:
        return; // we never send enough to wait for one
      case MessageType.WindowAckSize:
        this.#windowBytes = Math.min(Math.max(uint32(body, 0, type), MIN_WINDOW_BYTES), WINDOW_BYTES);
        return;
      case MessageType.SetPeerBandwidth: {
        const window = uint32(body, 0, type);
        // 5.4.5: answer with the window, unless it is the one that was announced last.
        if (window !== this.#announcedWindowBytes) this.#send(controlMessage(MessageType.WindowAckSize, window));
        this.#announcedWindowBytes = window;
        return;
      }
      case MessageType.UserControl:
        if (body.length >= 6 && body.readUInt16BE(0) === UserControlEvent.PingRequest)
          this.#send(userControl(UserControlEvent.PingResponse, body.readUInt32BE(2)));
        return;
      default:
        this.#publishing.receive(message, this.#arrivedAt);
    }
  }

  /**
   * Acknowledges once nothing more is waiting to be read. An encoder that pushes a file may have closed long before we come
   * to its end, and an answer to a closed socket brings a reset that takes what is unread with it. Who keeps to the window
   * stops sending, and so has its answer at once.
   */
  #acknowledge(): void {
    const unacknowledged = this.#receivedBytes - this.#acknowledgedBytes;
    if (this.#acknowledging || unacknowledged < this.#windowBytes * ACKNOWLEDGED_SHARE) return;
    this.#acknowledging = true;
    this.#whenReadEmpty(() => {
      this.#acknowledging = false;
      if (this.#end !== null) return;
      this.#acknowledgedBytes = this.#receivedBytes;
      this.#send(controlMessage(MessageType.Acknowledgement, this.#receivedBytes % 2 ** 32));
    });
  }

  /** Between two immediates the event loop reads what the sockets hold; when that was nothing, or the end, it is time. */
  #whenReadEmpty(act: () => void): void {
    const seen = this.#receivedBytes;
    setImmediate(() =>
      setImmediate(() => {
        if (this.#end !== null || this.#receivedBytes === seen) act();
        else this.#whenReadEmpty(act);
      }),
    );
  }

  #link(): PublisherLink {
    return {
      handle: this,
      send: (message) => this.#send(message),
      sendSettings: () => {
        this.#send(controlMessage(MessageType.WindowAckSize, WINDOW_BYTES));
        this.#send(setPeerBandwidth(WINDOW_BYTES));
        this.#send(controlMessage(MessageType.SetChunkSize, SEND_CHUNK_BYTES));
        this.#writer.setChunkSize(SEND_CHUNK_BYTES);
      },
      pause: () => {
        this.#paused = true;
        this.#socket.pause();
      },
      resume: () => {
        this.#paused = false;
        this.#guard(() => this.#drain());
        if (!this.#paused) this.#socket.resume();
      },
      setDeadline: (deadline) => this.#setDeadline(deadline),
      fail: (kind, error) => this.#finish({ kind, error }),
    };
  }

  #send(message: RtmpMessage): void {
    const command = message.type === MessageType.CommandAmf0;
    this.#write(this.#writer.encode(command ? ChunkStream.Command : ChunkStream.Control, message));
  }

  #write(bytes: Buffer): void {
    if (this.#end !== null || this.#socket.destroyed) return;
    this.#socket.write(bytes);
    const value = this.#socket.writableLength;
    const limit = this.#limits.maxUnsentBytes;
    if (value > limit)
      this.#fail(new CodedError('rtmp_limit_exceeded', { what: 'the size of answers not taken', value, limit }));
  }

  /** Runs code that the peer's bytes drive: whatever it throws ends this connection and nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof CodedError))
        this.#log('error', 'RTMP connection met an unexpected error', {
          connectionId: this.id,
          problem: describeError(error),
          stack: error instanceof Error ? error.stack : undefined,
        });
      this.#fail(error instanceof CodedError ? error : new CodedError('internal', { requestId: this.id }));
    }
  }

  #fail(error: CodedError): void {
    this.#finish({ kind: 'failed', error });
  }

  #setDeadline(deadline: { ms: number; error: () => CodedError } | null): void {
    clearTimeout(this.#deadline);
    if (deadline && this.#end === null)
      this.#deadline = setTimeout(() => this.#fail(deadline.error()), deadline.ms).unref();
  }

  /**
   * Half the idle time without a byte brings a ping, all of it the end. The timer looks at the clock when it fires, so a
   * byte that arrives costs no timer. Time in which we ourselves do not read does not count.
   */
  #watchSilence(pinged: boolean): void {
    const limitMs = this.#limits.idleTimeoutMs;
    const silentMs = this.#paused ? 0 : this.silentMs();
    if (silentMs >= limitMs) {
      this.#fail(new CodedError('rtmp_timeout', { what: 'sending anything at all', limitMs }));
      return;
    }
    const half = limitMs / 2;
    const ping = silentMs >= half;
    if (ping && !pinged && this.#open) this.#send(userControl(UserControlEvent.PingRequest, Date.now() % 2 ** 32));
    const waitMs = Math.max(1, (ping ? limitMs : half) - silentMs);
    if (this.#end === null) this.#idleTimer = setTimeout(() => this.#watchSilence(ping), waitMs).unref();
  }

  /**
   * The one way out, whatever the reason: the first one counts. The sink has ended and the closing line is written when
   * this returns; the socket follows once the peer has taken the farewell, within `lingerMs`.
   */
  #finish(end: ConnectionEnd): void {
    if (this.#end !== null) return;
    const farewell = 'error' in end ? this.#publishing.farewell(end.error) : null;
    const bytes = farewell && this.#writer.encode(ChunkStream.Command, farewell);
    this.#end = end;
    clearTimeout(this.#deadline);
    clearTimeout(this.#idleTimer);
    this.#publishing.end(publishEndReason(end));
    this.#logEnd(end);
    this.#hangUp(bytes);
  }

  #hangUp(farewell: Buffer | null): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (farewell) socket.end(farewell);
    else socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    socket.once('close', () => clearTimeout(timer));
  }

  #logEnd(end: ConnectionEnd): void {
    const internal = 'error' in end && end.error.code === 'internal';
    const level = internal ? 'error' : end.kind === 'failed' || end.kind === 'refused' ? 'warn' : 'info';
    this.#log(level, 'RTMP connection closed', {
      connectionId: this.id,
      remoteAddress: this.remoteAddress,
      reason: end.kind,
      ...('error' in end ? { code: end.error.code, problem: end.error.message } : {}),
      durationMs: Date.now() - this.#startedAt,
      handshake: this.#handshake.form,
      bytesReceived: this.#receivedBytes,
      bytesSent: this.#socket.bytesWritten,
      samples: { ...this.counts.samples },
      dropped: { ...this.counts.dropped },
    });
  }
}

/** @throws CodedError `rtmp_protocol_violation` */
function uint32(body: Buffer, offset: number, type: number): number {
  if (body.length < offset + 4)
    throw new CodedError('rtmp_protocol_violation', { problem: `a message of type ${type} has ${body.length} bytes` });
  return body.readUInt32BE(offset);
}
