import { access } from 'node:fs/promises';
import { CodedError, type ProcessState, type Stream, type SystemStatus } from '@media-analyzer/protocol';
import type { Logger } from '../log.js';

const STREAM_NAME = 'Demo';

/** The child process that plays a file in a loop through the RTMP port. */
export interface LoopPublisher {
  start(): void;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** Absolute path of the bundled clip. */
  readonly clip: string;
  readonly streams: { createStream(name: string): Promise<Stream>; findStream(name: string): Promise<Stream | null> };
  openPublisher(
    target: { url: string; file: string },
    events: { onState(state: ProcessState): void; onProblem(problem: CodedError): void },
  ): LoopPublisher;
  readonly log: Logger;
}

/** The demo of the dashboard's empty state: a stream of its own, and a clip on it, through the real RTMP port. */
export class Demo {
  #running: { readonly publisher: LoopPublisher; readonly streamId: string } | null = null;
  #streamId: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DemoOptions) {}

  get status(): SystemStatus['demo'] {
    return { running: this.#running !== null, streamId: this.#running?.streamId ?? this.#streamId };
  }

  /** Joins a demo that runs. @throws CodedError `demo_clip_missing` */
  start(): Promise<SystemStatus['demo']> {
    return this.#inTurn(async () => {
      if (this.#running) return this.status;
      const { clip, streams, openPublisher, log } = this.options;
      await access(clip).catch((cause: unknown) => {
        throw new CodedError('demo_clip_missing', { file: clip }, { cause });
      });
      const stream = (await streams.findStream(STREAM_NAME)) ?? (await streams.createStream(STREAM_NAME));
      const publisher = openPublisher(
        { url: stream.ingestUrl, file: clip },
        {
          onState: (state) => log.debug({ state }, 'demo publisher'),
          onProblem: (problem) => log.warn({ code: problem.code, problem: problem.message }, 'the demo is not on air'),
        },
      );
      publisher.start();
      this.#running = { publisher, streamId: stream.id };
      this.#streamId = stream.id;
      log.info({ streamId: stream.id }, 'demo started');
      return this.status;
    });
  }

  stop(): Promise<SystemStatus['demo']> {
    return this.#inTurn(async () => {
      const running = this.#running;
      this.#running = null;
      await running?.publisher.stop();
      if (running) this.options.log.info({ streamId: running.streamId }, 'demo stopped');
      return this.status;
    });
  }

  /** Two clicks at a time must not start two publishers. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
