import { type ChildProcess, fork } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { CodedError, describeError, type ProcessState } from '@media-analyzer/protocol';
import type { ChildMessage, ParentMessage } from '@media-analyzer/protocol/process';
import type { ChildEntry } from './child-entry.js';
import { CpuMeter, type CpuReading } from './cpu-meter.js';
import { Heartbeat } from './heartbeat.js';
import type { ProcessLimits } from './process-limits.js';
import type { ProcessLogger } from './process-logger.js';
import type { ChildStatus, ProcessTable } from './process-table.js';
import { RestartBackoff } from './restart-backoff.js';

export interface SupervisedProcessOptions<Out> {
  /** Word for errors and logs: `media`, `vision`. */
  readonly name: string;
  readonly entry: ChildEntry;
  /** The child's whole environment; the server's own stays with the server (it holds passwords). */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits: ProcessLimits;
  readonly log: ProcessLogger;
  /** Where it can be seen while it is supervised. */
  readonly table?: ProcessTable | undefined;
  /** The session that it works for, if it is for one. */
  readonly sessionId?: string;
  /** A fresh process is up, after the start and after each restart: send it its configuration now. */
  onReady(): void;
  onMessage(message: Exclude<Out, ChildMessage>): void;
  /** What it still says when it was asked to end. */
  onLastWords?(message: Exclude<Out, ChildMessage>): void;
  /** @param problem why the process ended, with `restarting` and `failed` */
  onState(state: ProcessState, problem: CodedError | null): void;
}

/**
 * A child process that is kept alive: started with a deadline, pinged, measured, killed when it hangs or grows, and started
 * anew with growing waits.
 *
 * ```
 * stopped --start--> starting --ready--> running --fault--> restarting (or failed) --wait--> starting
 *    ^------------------------------- stop, from any state ----------------------------------'
 * ```
 */
export class SupervisedProcess<In extends { readonly type: string }, Out extends { readonly type: string }> {
  private current: ProcessState = 'stopped';
  private run: Run<In, Out> | null = null;
  private restartTimer: NodeJS.Timeout | null = null;
  private readonly backoff: RestartBackoff;
  private restarts = 0;
  private lastProblem: ChildStatus['lastProblem'] = null;
  private leaveTable: (() => void) | null = null;

  constructor(private readonly options: SupervisedProcessOptions<Out>) {
    this.backoff = new RestartBackoff(options.limits);
  }

  get state(): ProcessState {
    return this.current;
  }

  /** Process id of the running child, or null. */
  get pid(): number | null {
    return this.run?.pid ?? null;
  }

  /** Resident memory at the last heartbeat, bytes; 0 when none runs. */
  get residentBytes(): number {
    return this.run?.residentBytes ?? 0;
  }

  /** How it does. */
  get status(): ChildStatus {
    const { name, sessionId = null } = this.options;
    return {
      ...{
        name,
        sessionId,
        pid: this.pid,
        state: this.current,
        restarts: this.restarts,
        lastProblem: this.lastProblem,
      },
      cpu: this.run?.cpu.cores ?? null,
      memoryBytes: this.run?.residentBytes || null,
      startedAt: this.run?.startedAt ?? null,
    };
  }

  /** Starts the child; what becomes of it comes through `onState`. Does nothing when it was started already. */
  start(): void {
    if (this.current !== 'stopped') return;
    this.backoff.reset();
    this.leaveTable = this.options.table?.add(() => this.status) ?? null;
    this.launch();
  }

  /**
   * Hands a message to the running child.
   * @returns false when there is none or when too many messages wait for the channel; the message is then lost
   */
  send(message: Exclude<In, ParentMessage>): boolean {
    return this.current === 'running' && this.run !== null && this.run.send(message);
  }

  /** Ends the child: asks first, then SIGTERM, then SIGKILL. Resolves when it is gone; no restart follows. */
  async stop(): Promise<void> {
    if (this.restartTimer) clearTimeout(this.restartTimer);
    this.restartTimer = null;
    const run = this.run;
    if (this.current !== 'stopped') this.enter('stopped', null);
    await run?.stop();
    this.leaveTable?.();
    this.leaveTable = null;
  }

  private launch(): void {
    this.restartTimer = null;
    this.enter('starting', null);
    const run: Run<In, Out> = new Run(this.options, {
      ready: () => {
        if (this.run !== run || this.current !== 'starting') return;
        this.backoff.started(performance.now());
        this.enter('running', null);
        this.options.onReady();
      },
      message: (message) => {
        if (this.run === run && this.current === 'running') this.options.onMessage(message);
        else if (this.current === 'stopped') this.options.onLastWords?.(message);
      },
      ended: (problem) => {
        if (this.run !== run) return;
        this.run = null;
        if (this.current !== 'stopped') this.restart(problem);
      },
    });
    this.run = run;
  }

  private restart(problem: CodedError): void {
    const wait = this.backoff.fault(performance.now());
    this.options.log.warn(
      {
        process: this.options.name,
        code: problem.code,
        ...problem.details,
        restartInMs: wait,
        faults: this.backoff.faults,
      },
      problem.message,
    );
    this.lastProblem = { code: problem.code, message: problem.message, at: Date.now() };
    this.restartTimer = setTimeout(() => {
      this.restarts += 1;
      this.launch();
    }, wait);
    this.enter(this.backoff.failed ? 'failed' : 'restarting', problem);
  }

  private enter(state: ProcessState, problem: CodedError | null): void {
    this.current = state;
    this.options.onState(state, problem);
  }
}

interface RunEvents<Out> {
  ready(): void;
  message(message: Exclude<Out, ChildMessage>): void;
  /** Once, when the child is gone. */
  ended(problem: CodedError): void;
}

/** One life of the child, from fork to exit. */
class Run<In extends { readonly type: string }, Out extends { readonly type: string }> {
  residentBytes = 0;
  readonly cpu = new CpuMeter();
  /** Unix ms. */
  readonly startedAt = Date.now();
  private cpuMs = 0;
  private readonly child: ChildProcess;
  private readonly heartbeat: Heartbeat;
  private readonly startTimer: NodeJS.Timeout;
  private readonly gone: Promise<void>;
  private pending = 0;
  private stopping = false;
  /** Why the supervisor killed it; an exit without it is the child's own doing. */
  private verdict: CodedError | null = null;

  constructor(
    private readonly options: SupervisedProcessOptions<Out>,
    private readonly events: RunEvents<Out>,
  ) {
    const { name, entry, limits } = options;
    this.child = fork(entry.path, {
      serialization: 'advanced',
      execArgv: [...entry.execArgv],
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.heartbeat = new Heartbeat({
      everyMs: limits.heartbeatMs,
      deadlineMs: limits.unresponsiveMs,
      ping: (id) => this.post({ type: 'ping', id }),
      expired: () =>
        this.kill(new CodedError('process_unresponsive', { process: name, limitMs: limits.unresponsiveMs })),
    });
    this.startTimer = setTimeout(
      () => this.kill(new CodedError('process_start_timeout', { process: name, limitMs: limits.startTimeoutMs })),
      limits.startTimeoutMs,
    );
    this.forwardOutput();
    this.child.on('message', (message) => this.receive(message as Out | ChildMessage));
    this.gone = new Promise((resolve) => {
      let ended = false;
      const end = (how: string): void => {
        if (ended) return;
        ended = true;
        clearTimeout(this.startTimer);
        this.heartbeat.stop();
        events.ended(this.verdict ?? new CodedError('process_exited', { process: name, how }));
        resolve();
      };
      this.child.once('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
      this.child.on('error', (error) => {
        // Also raised when a message cannot be sent to a dying child; that one still gets its exit event.
        if (this.child.pid === undefined) end(describeError(error));
      });
    });
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  send(message: Exclude<In, ParentMessage>): boolean {
    if (this.pending >= this.options.limits.maxPendingMessages) return false;
    return this.post(message);
  }

  async stop(): Promise<void> {
    if (!this.stopping) {
      this.stopping = true;
      clearTimeout(this.startTimer);
      this.heartbeat.stop();
      this.post({ type: 'stop' });
      const terminate = setTimeout(() => this.child.kill('SIGTERM'), this.options.limits.stopTimeoutMs);
      const kill = setTimeout(() => this.child.kill('SIGKILL'), 2 * this.options.limits.stopTimeoutMs);
      void this.gone.then(() => {
        clearTimeout(terminate);
        clearTimeout(kill);
      });
    }
    await this.gone;
  }

  private kill(verdict: CodedError): void {
    this.verdict ??= verdict;
    this.child.kill('SIGKILL');
  }

  private post(message: ParentMessage | Exclude<In, ParentMessage>): boolean {
    if (!this.child.connected) return false;
    this.pending += 1;
    this.child.send(message, () => {
      this.pending -= 1;
    });
    return true;
  }

  private receive(message: Out | ChildMessage): void {
    if (!isChildMessage(message)) {
      this.events.message(message as Exclude<Out, ChildMessage>);
      return;
    }
    if (this.stopping) return;
    switch (message.type) {
      case 'ready':
        clearTimeout(this.startTimer);
        this.heartbeat.start();
        this.events.ready();
        return;
      case 'pong':
        this.heartbeat.answered(message.id);
        this.measure(message);
        return;
      case 'log':
        this.options.log[message.level](
          { process: this.options.name, pid: this.child.pid, ...message.fields },
          message.text,
        );
        return;
    }
  }

  private measure({ residentBytes, cpuMs, atMs }: CpuReading & { readonly residentBytes: number }): void {
    const { name, limits, table } = this.options;
    this.residentBytes = residentBytes;
    this.cpu.add({ cpuMs, atMs });
    table?.used(name, cpuMs - this.cpuMs);
    this.cpuMs = cpuMs;
    if (residentBytes <= limits.memoryBytes) return;
    this.kill(
      new CodedError('process_memory_exceeded', {
        process: name,
        usedBytes: residentBytes,
        limitBytes: limits.memoryBytes,
      }),
    );
  }

  /** What native libraries print goes to the log, cut to a line's sane length. */
  private forwardOutput(): void {
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const line = text.trim().slice(0, 2_000);
        if (line) this.options.log.debug({ process: this.options.name, pid: this.child.pid }, line);
      });
    }
  }
}

function isChildMessage(message: { readonly type: string }): message is ChildMessage {
  return message.type === 'ready' || message.type === 'pong' || message.type === 'log';
}
