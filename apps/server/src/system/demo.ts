import { access } from 'node:fs/promises';
import { CodedError, describeError, type ProcessState, type Stream, type SystemStatus } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

const STREAM_NAME = 'Demo';

/** The child process that plays a file in a loop through the RTMP port. */
export interface LoopPublisher {
  start(): void;
  stop(): Promise<void>;
}

/** What the publisher asks and tells. */
export interface LoopPublisherEvents {
  /** Asked at each start of the process: the stream whose key it is to use, or null when there is nothing to publish to. */
  target(): Promise<Stream | null>;
  onState(state: ProcessState): void;
  onProblem(problem: CodedError): void;
}

export interface DemoOptions {
  /** Absolute path of the bundled clip. */
  readonly clip: string;
  readonly streams: {
    create(name: string): Promise<Stream>;
    findByName(name: string): Promise<Stream | null>;
    /** Null when it was removed. */
    find(streamId: string): Promise<Stream | null>;
  };
  openPublisher(file: string, events: LoopPublisherEvents): LoopPublisher;
  readonly log: Logger;
}

/** The demo of the dashboard's empty state: a stream of its own, and a clip on it, through the real RTMP port. */
export class Demo {
  readonly #options: DemoOptions;
  #running: { readonly publisher: LoopPublisher; readonly streamId: string } | null = null;
  #streamId: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  get status(): SystemStatus['demo'] {
    return { running: this.#running !== null, streamId: this.#streamId };
  }

  /** Joins a demo that runs. @throws CodedError `demo_clip_missing`, `database_unreachable` */
  start(): Promise<SystemStatus['demo']> {
    return this.#inTurn(async () => {
      if (this.#running) return this.status;
      const { clip, streams, openPublisher, log } = this.#options;
      await access(clip).catch((cause: unknown) => {
        throw new CodedError('demo_clip_missing', { file: clip }, { cause });
      });
      const stream = (await streams.findByName(STREAM_NAME)) ?? (await streams.create(STREAM_NAME));
      const publisher = openPublisher(clip, {
        target: () => this.#target(stream.id),
        onState: (state) => log.debug({ state }, 'demo publisher'),
        onProblem: (problem) => log.warn({ code: problem.code, problem: problem.message }, 'the demo is not on air'),
      });
      publisher.start();
      this.#running = { publisher, streamId: stream.id };
      this.#streamId = stream.id;
      log.info({ streamId: stream.id }, 'demo started');
      return this.status;
    });
  }

  /** Takes the clip off the air; the stream stays. Safe when nothing runs. */
  stop(): Promise<SystemStatus['demo']> {
    return this.#inTurn(async () => {
      const running = this.#running;
      this.#running = null;
      await running?.publisher.stop();
      if (running) this.#options.log.info({ streamId: running.streamId }, 'demo stopped');
      return this.status;
    });
  }

  /** The key may have been changed since the last start; a stream that was removed ends its demo. */
  async #target(streamId: string): Promise<Stream | null> {
    const stream = await this.#options.streams.find(streamId);
    if (stream) return stream;
    this.#options.log.info({ streamId }, "the demo's stream was removed");
    if (this.#streamId === streamId) this.#streamId = null;
    this.stop().catch((error: unknown) =>
      this.#options.log.warn({ problem: describeError(error) }, 'the demo could not be stopped'),
    );
    return null;
  }

  /** Two clicks at a time must not start two publishers. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
