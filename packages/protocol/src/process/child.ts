import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** What every supervised child process understands. */
export type ParentMessage = { readonly type: 'ping'; readonly id: number } | { readonly type: 'stop' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What every supervised child process says. */
export type ChildMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'pong';
      readonly id: number;
      readonly residentBytes: number;
      /** CPU time of all its threads since its start, ms, and its own monotonic clock at that moment, ms. */
      readonly cpuMs: number;
      readonly atMs: number;
    }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly text: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    };

/** The child's end of the fork channel. */
export interface ParentChannel<Out> {
  send(message: Out | ChildMessage): void;
  log(level: LogLevel, text: string, fields?: Record<string, unknown>): void;
}

export interface ServeOptions<In, Out> {
  /** Called for each message but `ping` and `stop`. What it throws ends the process: the supervisor starts a fresh one. */
  handle(message: Exclude<In, ParentMessage>, channel: ParentChannel<Out>): void | Promise<void>;
  /** Called once before the process ends by request or because the parent went away. */
  stop(): void | Promise<void>;
}

/**
 * Runs this process as a supervised child: answers pings, forwards messages in order, and ends when asked to or when the
 * parent is gone (the channel closes), so that no orphan outlives the server.
 *
 * @throws Error when the process was not started with a channel.
 */
export function serveParent<In extends { readonly type: string }, Out>(
  options: ServeOptions<In, Out>,
): ParentChannel<Out> {
  if (!process.send) throw new Error('this program is started by the server, not by hand');
  const channel: ParentChannel<Out> = {
    send(message) {
      if (process.connected) process.send?.(message);
    },
    log(level, text, fields) {
      channel.send({ type: 'log', level, text, ...(fields && { fields }) });
    },
  };
  let stopping = false;
  const end = async (exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    try {
      await options.stop();
    } finally {
      process.exit(exitCode);
    }
  };
  const fail = (error: unknown): void => {
    channel.log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    void end(1);
  };
  let queue: Promise<void> = Promise.resolve();
  process.on('message', (message: In | ParentMessage) => {
    if (isPing(message)) {
      const { user, system } = process.cpuUsage();
      const use = { residentBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000, atMs: performance.now() };
      channel.send({ type: 'pong', id: message.id, ...use });
      return;
    }
    if (message.type === 'stop') {
      void end(0);
      return;
    }
    queue = queue.then(() => options.handle(message as Exclude<In, ParentMessage>, channel)).catch(fail);
  });
  process.on('disconnect', () => void end(0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // Ctrl+C reaches the whole process group; the server decides when its children stop.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => void end(0));
  channel.send({ type: 'ready' });
  return channel;
}

function isPing(message: { readonly type: string }): message is { type: 'ping'; id: number } {
  return message.type === 'ping';
}
