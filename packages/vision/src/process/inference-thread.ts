import { Worker } from 'node:worker_threads';
import { CodedError } from '@media-analyzer/protocol';
import type { LinkFrame, RawDetection } from '@media-analyzer/protocol/process';
import type { DetectRequest, InferenceReply, InferenceTask, ModelInfo } from './inference-messages.js';

/**
 * Program of the thread. A build starts the file itself. From TypeScript sources (tests, development) the thread must be taught
 * TypeScript first: tsx's loader reaches the main thread only.
 */
function workerProgram(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./inference-worker.js', import.meta.url);
  const file = new URL('./inference-worker.ts', import.meta.url);
  const loader = import.meta.resolve('tsx/esm/api');
  const program = `import { register } from '${loader}'; register(); await import('${file.href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

/** An inference that takes longer than this hangs, ms: the slowest listed model takes a second on an old core. */
const HANG_MS = 15_000;

/** What a model saw in each frame of a request, and how long it took, ms. */
export interface InferenceResult {
  readonly detections: readonly (readonly RawDetection[])[];
  readonly inferenceMs: number;
}

interface Waiting {
  resolve(reply: InferenceReply): void;
  reject(error: Error): void;
}

/** A model on its own thread. One request at a time. */
export class InferenceThread {
  private waiting: Waiting | null = null;
  private dead: Error | null = null;
  /** An inference did not come back; the thread cannot be ended in an orderly way. */
  hung = false;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (reply: InferenceReply) => this.settle((waiting) => waiting.resolve(reply)));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', (code) => this.fail(new Error(`the inference thread ended with code ${code}`)));
  }

  /**
   * Loads a model on a new thread.
   *
   * @throws CodedError `model_invalid`, `execution_provider_unavailable`.
   */
  static async start(task: InferenceTask): Promise<{ thread: InferenceThread; info: ModelInfo }> {
    const thread = new InferenceThread(
      new Worker(workerProgram(), { workerData: task, name: `inference ${task.model.entry.name}` }),
    );
    const reply = await thread.reply();
    if (reply.type === 'loaded') return { thread, info: reply };
    await thread.close();
    if (reply.type === 'refused') throw new CodedError(reply.code, reply.details);
    throw new Error(`the inference thread said "${reply.type}" while it was loading`);
  }

  /** @throws Error when the model fails or hangs: the thread is of no use then. */
  async detect(frames: readonly LinkFrame[]): Promise<InferenceResult> {
    // A view of a larger buffer would be sent with all of that buffer: copy the pixels, and hand the copies over.
    const sent = frames.map((frame) => ({ ...frame, pixels: new Uint8Array(frame.pixels) }));
    const request: DetectRequest = { type: 'detect', frames: sent };
    const watchdog = setTimeout(() => {
      this.hung = true;
      this.fail(new Error(`an inference did not end within ${HANG_MS} ms`));
    }, HANG_MS);
    try {
      const answer = this.reply();
      this.worker.postMessage(
        request,
        sent.map((frame) => frame.pixels.buffer),
      );
      const reply = await answer;
      if (reply.type !== 'detected') throw new Error(`the inference thread said "${reply.type}" to a frame`);
      return reply;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /**
   * Ends the thread, after the inference that it is at: native code that comes back to a thread which is no more aborts the
   * process. One that hangs is not waited for; then the process has to go.
   */
  async close(): Promise<void> {
    if (this.waiting && !this.hung) await this.idle();
    await this.worker.terminate();
  }

  private async idle(): Promise<void> {
    const { waiting } = this;
    if (!waiting) return;
    await new Promise<void>((resolve) => {
      this.waiting = {
        resolve: (reply) => {
          waiting.resolve(reply);
          resolve();
        },
        reject: (error) => {
          waiting.reject(error);
          resolve();
        },
      };
    });
  }

  private reply(): Promise<InferenceReply> {
    return new Promise((resolve, reject) => {
      if (this.dead) reject(this.dead);
      else if (this.waiting) reject(new Error('the inference thread was asked while it was busy'));
      else this.waiting = { resolve, reject };
    });
  }

  private fail(error: Error): void {
    this.dead ??= error;
    this.settle((waiting) => waiting.reject(error));
  }

  private settle(how: (waiting: Waiting) => void): void {
    const { waiting } = this;
    this.waiting = null;
    if (waiting) how(waiting);
  }
}
