import { CodedError, describeError, type ErrorCode } from '@media-analyzer/protocol';
import {
  type Command,
  calledBackMessage,
  commandMessage,
  connectResult,
  publishStatusCode,
  readCommand,
  readConnect,
  readMetadata,
  type Status,
  statusMessage,
} from './commands.js';
import type { RtmpLimits } from './limits.js';
import { MessageType, type RtmpMessage, splitAggregate, UserControlEvent, userControl } from './messages.js';
import { isAppKnown, readPublishName } from './publish-name.js';
import { PublishedMedia, type SampleCounts } from './published-media.js';
import type {
  PublishDecision,
  PublishEndReason,
  PublishRequest,
  PublishSink,
  RtmpConnectionHandle,
  RtmpLog,
} from './types.js';

/** What publishing needs of the connection below it. */
export interface PublisherLink {
  readonly handle: RtmpConnectionHandle;
  send(message: RtmpMessage): void;
  /** The window, bandwidth and chunk size that go out before the answer to `connect`. */
  sendSettings(): void;
  /** Nothing is read, not even what has arrived, until `resume`. */
  pause(): void;
  resume(): void;
  /** One deadline at a time: ends the connection with the error unless replaced or cleared in time. */
  setDeadline(deadline: { ms: number; error: () => CodedError } | null): void;
  /** Sends the farewell and ends the connection. `refused`: by the owner's decision. */
  fail(kind: 'failed' | 'refused', error: CodedError): void;
}

/** What the command side of a connection needs of its owner. */
export interface PublishingOptions {
  readonly app: string;
  readonly authorize: (request: PublishRequest) => PublishDecision | Promise<PublishDecision>;
  readonly log: RtmpLog;
  readonly limits: RtmpLimits;
  readonly counts: SampleCounts;
  readonly link: PublisherLink;
}

interface ActivePublish {
  readonly streamId: number;
  readonly sink: PublishSink;
  readonly media: PublishedMedia;
}

/** The commands and media of one connection, behind handshake and chunks: connect, createStream, publish, media, end. */
export class Publishing {
  readonly #options: PublishingOptions;
  readonly #link: PublisherLink;
  #app: string | null = null;
  #encoder: string | null = null;
  #lastStreamId = 0;
  /** Message stream of the publish command, from its arrival to its end: where statuses go. */
  #statusStreamId: number | null = null;
  #active: ActivePublish | null = null;
  /** What `end` was called with; an authorisation that is answered later ends its sink with it. */
  #ended: PublishEndReason | null = null;
  #unusable: CodedError | null = null;
  #metadataRefused = false;
  #authorized = false;

  constructor(options: PublishingOptions) {
    this.#options = options;
    this.#link = options.link;
  }

  /** As the peer called itself; null before `connect`. */
  get encoder(): string | null {
    return this.#encoder;
  }

  /** The owner was asked about a publisher and has answered. */
  get decided(): boolean {
    return this.#authorized;
  }

  get publishing(): boolean {
    return this.#active !== null;
  }

  /** Starts the wait for a publish command; the handshake is done. */
  open(): void {
    const limitMs = this.#options.limits.publishTimeoutMs;
    const error = () => new CodedError('rtmp_timeout', { what: 'its publish command', limitMs });
    this.#link.setDeadline({ ms: limitMs, error });
  }

  /** @throws CodedError `rtmp_protocol_violation` */
  receive(message: RtmpMessage, capturedAt: number): void {
    switch (message.type) {
      case MessageType.Audio:
      case MessageType.Video:
        this.#media(message, capturedAt);
        return;
      case MessageType.Aggregate:
        for (const part of splitAggregate(message)) {
          if (part.type === MessageType.Audio || part.type === MessageType.Video) this.#media(part, capturedAt);
          else if (part.type === MessageType.DataAmf0) this.#metadata(part);
        }
        return;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#metadata(message);
        return;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#command(readCommand(message, this.#options.limits), message.streamId);
        return;
      default: // shared objects and numbers of the future: nothing that a publisher needs answered
    }
  }

  /** The last word to the peer, for the state that it is in; null when it could not understand one. */
  farewell(error: CodedError): RtmpMessage | null {
    if (this.#app === null) return null;
    const status = (code: string): Status => ({ level: 'error', code, description: error.message });
    return this.#statusStreamId === null
      ? statusMessage(0, status('NetConnection.Connect.Closed'))
      : statusMessage(this.#statusStreamId, status(publishStatusCode(error.code)));
  }

  /** The connection is over: the sink hears of it, now or when its authorisation is answered. */
  end(reason: PublishEndReason): void {
    this.#ended = reason;
    this.#endPublish(reason);
  }

  #media(message: RtmpMessage, capturedAt: number): void {
    if (this.#active === null) this.#options.counts.dropped.not_publishing++;
    else this.#active.media.receive(message, capturedAt);
  }

  #metadata(message: RtmpMessage): void {
    const sink = this.#active?.sink;
    if (!sink?.onMetadata) return;
    try {
      const metadata = readMetadata(message, this.#options.limits);
      if (metadata !== null) sink.onMetadata(metadata);
    } catch (error) {
      // Metadata are decoration: an encoder with odd ones still sends good media.
      if (!(error instanceof CodedError && error.code === 'rtmp_protocol_violation')) throw error;
      if (!this.#metadataRefused) this.#log('warn', 'RTMP metadata cannot be read', { problem: error.message });
      this.#metadataRefused = true;
    }
  }

  #command(command: Command, streamId: number): void {
    const { name, transactionId, values } = command;
    if (name === 'connect') {
      this.#connect(command);
      return;
    }
    if (this.#app === null)
      throw new CodedError('rtmp_protocol_violation', { problem: 'another command came before connect' });
    switch (name) {
      case 'createStream':
        this.#reply(transactionId, null, ++this.#lastStreamId);
        return;
      case 'publish':
        this.#publish(values[1], streamId);
        return;
      case 'FCPublish':
        this.#reply(transactionId, null, undefined);
        this.#link.send(calledBackMessage('onFCPublish', 'NetStream.Publish.Start', values[1]));
        return;
      case 'releaseStream':
      case '_checkbw':
        this.#reply(transactionId, null, undefined);
        return;
      case 'FCUnpublish':
        this.#reply(transactionId, null, undefined);
        this.#link.send(calledBackMessage('onFCUnpublish', 'NetStream.Unpublish.Success', values[1]));
        this.#unpublish();
        return;
      case 'deleteStream':
      case 'closeStream':
        this.#reply(transactionId, null, undefined);
        this.#unpublish();
        return;
      case 'play':
      case 'play2':
        this.#status(streamId, {
          level: 'error',
          code: 'NetStream.Play.Failed',
          description: 'This server takes publishers only; streams are played over HLS',
        });
        return;
      case '_result':
      case '_error':
      case 'onStatus':
        return;
      default:
        if (transactionId !== 0)
          this.#link.send(
            commandMessage(0, '_error', transactionId, null, {
              level: 'error',
              code: 'NetConnection.Call.Failed',
              description: 'This server does not know the command',
            }),
          );
    }
  }

  #connect(command: Command): void {
    if (this.#app !== null) throw new CodedError('rtmp_protocol_violation', { problem: 'connect came twice' });
    const { app, encoder, enhanced } = readConnect(command);
    // Some devices put the key into the application and publish an empty name, so what follows the first slash passes.
    this.#encoder = encoder;
    if (!isAppKnown(this.#options.app, app)) {
      this.#link.send(
        commandMessage(0, '_error', command.transactionId, null, {
          level: 'error',
          code: 'NetConnection.Connect.Rejected',
          description: new CodedError('rtmp_app_unknown', { app }).message,
        }),
      );
      // Only the peer itself gets to read the name: a person may have pasted the key there.
      this.#link.fail('refused', new CodedError('rtmp_app_unknown', { app: '(not shown)' }));
      return;
    }
    this.#app = app;
    this.#link.sendSettings();
    this.#link.send(connectResult(command.transactionId, enhanced));
  }

  #publish(name: unknown, streamId: number): void {
    if (this.#statusStreamId !== null)
      throw new CodedError('rtmp_protocol_violation', { problem: 'publish came twice on one connection' });
    this.#statusStreamId = streamId;
    const { app } = this.#options;
    const { known, streamKey, query } = readPublishName(app, this.#app ?? '', typeof name === 'string' ? name : '');
    if (!known) {
      this.#link.fail('refused', new CodedError('rtmp_app_unknown', { app: '(not shown)' }));
      return;
    }
    const { handle } = this.#link;
    const request: PublishRequest = {
      app,
      streamKey,
      query,
      remoteAddress: handle.remoteAddress,
      encoder: this.#encoder,
      connection: handle,
    };
    this.#link.pause();
    void this.#decide(request).then((decision) => this.#decided(decision, streamId));
  }

  /** Never rejects. */
  async #decide(request: PublishRequest): Promise<PublishDecision> {
    if (request.streamKey === '') return { accept: false, code: 'stream_key_unknown' };
    try {
      const decision = await this.#options.authorize(request);
      this.#authorized = true;
      return decision;
    } catch (error) {
      this.#log('error', 'RTMP authorisation failed', {
        problem: describeError(error).replaceAll(request.streamKey, '(key)'),
      });
      return { accept: false, code: 'internal', details: { requestId: request.connection.id } };
    }
  }

  #decided(decision: PublishDecision, streamId: number): void {
    if (this.#ended !== null) {
      if (decision.accept) this.#endSink(decision.sink, this.#ended);
      return;
    }
    if (!decision.accept) {
      this.#link.fail('refused', new CodedError(decision.code, decision.details));
      return;
    }
    const { sink } = decision;
    this.#active = { streamId, sink, media: new PublishedMedia(this.#consumer(sink), this.#options.counts) };
    this.#awaitUsableTrack();
    this.#log('info', 'RTMP publisher accepted', { encoder: this.#encoder });
    this.#link.send(userControl(UserControlEvent.StreamBegin, streamId));
    this.#status(streamId, { level: 'status', code: 'NetStream.Publish.Start', description: 'Publishing.' });
    this.#link.resume();
  }

  #consumer(sink: PublishSink): ConstructorParameters<typeof PublishedMedia>[0] {
    return {
      onTrack: (track) => {
        if ('codecString' in track) this.#link.setDeadline(null);
        sink.onTrack(track);
      },
      onSample: (sample) => sink.onSample(sample),
      onUnusable: (error) => {
        this.#unusable = error;
        this.#log('warn', 'RTMP publisher sends a track that cannot be carried', { problem: error.message });
        // A warning: `error` would make encoders stop, and the other track may be fine.
        const description = error.message;
        if (this.#statusStreamId !== null)
          this.#status(this.#statusStreamId, { level: 'warning', code: publishStatusCode(error.code), description });
      },
      onTrouble: (trouble, kind) => sink.onTrouble?.(trouble, kind),
      onOtherTracks: (kind) =>
        this.#log('warn', 'RTMP publisher sends several tracks of a kind; the first is carried', { kind }),
    };
  }

  /** A publisher that holds a key without a single track that can be carried does not hold it for ever. */
  #awaitUsableTrack(): void {
    const limitMs = this.#options.limits.usableTrackTimeoutMs;
    this.#unusable = null;
    const error = () => this.#unusable ?? new CodedError('rtmp_timeout', { what: 'the start of a track', limitMs });
    this.#link.setDeadline({ ms: limitMs, error });
  }

  #unpublish(): void {
    if (this.#active === null) return;
    const { streamId } = this.#active;
    this.#endPublish({ kind: 'unpublished' });
    this.#statusStreamId = null;
    this.#status(streamId, { level: 'status', code: 'NetStream.Unpublish.Success', description: 'Unpublished.' });
    this.open();
  }

  #endPublish(reason: PublishEndReason): void {
    const active = this.#active;
    this.#active = null;
    active?.media.end();
    if (active) this.#endSink(active.sink, reason);
  }

  #endSink(sink: PublishSink, reason: PublishEndReason): void {
    try {
      sink.onEnd(reason);
    } catch (error) {
      this.#log('error', 'RTMP sink failed at its end', { problem: describeError(error) });
    }
  }

  #reply(transactionId: number, ...values: (null | undefined | number)[]): void {
    if (transactionId !== 0) this.#link.send(commandMessage(0, '_result', transactionId, ...values));
  }

  #status(streamId: number, status: Status): void {
    this.#link.send(statusMessage(streamId, status));
  }

  #log(level: Parameters<RtmpLog>[0], text: string, fields: Readonly<Record<string, unknown>>): void {
    const { id, remoteAddress } = this.#link.handle;
    this.#options.log(level, text, { connectionId: id, remoteAddress, ...fields });
  }
}

/** What the sink is told of the end of its connection. */
export function publishEndReason(
  end: { kind: 'disconnected' | 'server_stopped' } | { kind: 'closed' | 'failed' | 'refused'; error: CodedError },
): PublishEndReason {
  if (!('error' in end)) return { kind: end.kind };
  const code: ErrorCode = end.error.code;
  return { kind: end.kind === 'closed' ? 'closed' : 'failed', code, message: end.error.message };
}
