import process from 'node:process';
import { CodedError, describeError } from '@media-analyzer/protocol';
import {
  type FromVision,
  type LinkFrame,
  type ParentChannel,
  type ParentMessage,
  pictureShape,
  type ToVision,
} from '@media-analyzer/protocol/process';
import { DropCounter } from './drop-counter.js';
import { FrameServer } from './frame-server.js';
import type { ModelInfo } from './inference-messages.js';
import { InferenceThread } from './inference-thread.js';
import { FrameMailbox, type VisionDropReason } from './mailbox.js';

type Request = Exclude<ToVision, ParentMessage>;
type Configuration = Extract<ToVision, { type: 'configure' }>;

/** Time for the last messages to leave before a process that hangs ends itself, ms. */
const KILL_AFTER_MS = 200;

/** The model in use and the frames that wait for it. */
interface Engine {
  readonly thread: InferenceThread;
  readonly info: ModelInfo;
  readonly mailbox: FrameMailbox;
  /** How its pictures are fitted; frames that were scaled for another model are of no use to it. */
  readonly shape: number;
  running: boolean;
}

/** Frames in over the frame link, results out over the fork channel. */
export class VisionProcess {
  private engine: Engine | null = null;
  private server: FrameServer | null = null;
  private readonly drops: DropCounter;
  private stopping = false;

  constructor(private readonly channel: ParentChannel<FromVision>) {
    this.drops = new DropCounter((drop) => channel.send({ type: 'dropped', ...drop }));
  }

  /** Takes one message of the server. What it throws is fatal to the process. */
  async handle(message: Request): Promise<void> {
    switch (message.type) {
      case 'configure':
        return this.configure(message);
      case 'forget-session':
        this.engine?.mailbox.forget(message.sessionId);
        return;
      default:
        return message satisfies never;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.drops.flush();
    await this.server?.close();
    await this.engine?.thread.close();
  }

  /** Loads the model first: the socket is there only when frames can be served. A model that is refused leaves all as it was. */
  private async configure(configuration: Configuration): Promise<void> {
    const { model, executionProvider, threads, scoreThreshold, maxDetections, deadlineMs, socketPath } = configuration;
    let before: Engine | null = null;
    try {
      const started = await InferenceThread.start({
        model,
        options: { executionProvider, threads, scoreThreshold, maxDetections },
      });
      const onDrop = (sessionId: string, reason: VisionDropReason): void => this.drops.add(sessionId, reason);
      const mailbox = new FrameMailbox({ deadlineMs, now: () => performance.now(), onDrop });
      before = this.engine;
      this.engine = { ...started, mailbox, shape: pictureShape(started.info.input), running: false };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.channel.send({ type: 'problem', code: error.code, details: error.details });
      return;
    }
    before?.mailbox.clear('wrong_size');
    if (this.server?.path !== socketPath) await this.listen(socketPath);
    // Told before anything else: results of a model that the server does not know of yet are not taken.
    const { info } = this.engine;
    const { input, loadMs } = info;
    this.channel.send({
      type: 'configured',
      model: info.model,
      input,
      executionProvider: info.executionProvider,
      loadMs,
    });
    // A model that is at work finishes its frame and is closed then, in `work`.
    if (before && !before.running) await before.thread.close();
  }

  private async listen(path: string): Promise<void> {
    await this.server?.close();
    this.server = await FrameServer.listen({
      path,
      onFrame: (frame) => this.take(frame),
      log: (level, text, fields) => this.channel.log(level, text, fields),
    });
  }

  private take(frame: LinkFrame): void {
    const { engine } = this;
    if (!engine) return;
    const { input } = engine.info;
    const fits = frame.width === input.width && frame.height === input.height;
    if (!fits || frame.shape !== engine.shape) {
      this.drops.add(frame.sessionId, 'wrong_size');
      return;
    }
    engine.mailbox.put(frame);
    if (!engine.running) void this.work(engine);
  }

  /** Serves the mailbox until it is empty. A failure leaves as an unhandled rejection and ends the process: see `fail`. */
  private async work(engine: Engine): Promise<void> {
    engine.running = true;
    try {
      while (engine.mailbox.size > 0) {
        const frames = engine.mailbox.take(engine.info.batch);
        if (frames.length > 0) await this.analyse(engine, frames);
      }
    } catch (error) {
      // Ending the thread in `stop` breaks off the inference that is under way.
      if (!this.stopping) this.fail(engine, error);
    }
    engine.running = false;
    if (engine !== this.engine) await engine.thread.close();
  }

  private async analyse(engine: Engine, frames: readonly LinkFrame[]): Promise<void> {
    const { detections, inferenceMs } = await engine.thread.detect(frames);
    const completedAt = Date.now();
    frames.forEach(({ sessionId, ptsMs, capturedAt }, index) => {
      const model = engine.info.model;
      this.channel.send({
        type: 'result',
        sessionId,
        ptsMs,
        capturedAt,
        completedAt,
        inferenceMs,
        model,
        detections: detections[index] ?? [],
      });
    });
  }

  /** After a failed inference the runtime's state is not to be trusted: say why, and let the supervisor start afresh. */
  private fail(engine: Engine, error: unknown): never {
    const details = { model: engine.info.model, problem: describeError(error) };
    this.channel.send({ type: 'problem', code: 'inference_failed', details });
    // A thread that hangs in native code would hold up an orderly exit for ever.
    if (engine.thread.hung) setTimeout(() => process.kill(process.pid, 'SIGKILL'), KILL_AFTER_MS);
    throw error;
  }
}
