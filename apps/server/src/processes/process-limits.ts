/** How long, how much and how often a supervised process may. Durations in ms, sizes in bytes. */
export interface ProcessLimits {
  /** From fork to `ready`. Native libraries load in 0.4 s; a loaded machine takes several times that. */
  readonly startTimeoutMs: number;
  /** Distance of two pings. */
  readonly heartbeatMs: number;
  /** A process that answers no ping for this long is killed. Well above the longest native call on its main thread. */
  readonly unresponsiveMs: number;
  /** Resident memory above which it is killed: a leak must not take the server with it. */
  readonly memoryBytes: number;
  /** From the `stop` message to SIGTERM, and again from SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
  /** Wait before the first restart; doubles with every further one. Short: analyses must resume within 5 s of a crash. */
  readonly restartMinMs: number;
  /** Longest wait before a restart. */
  readonly restartMaxMs: number;
  /** After this long without a fault the next restart is a first one again. */
  readonly stableMs: number;
  /** After this many faults in a row the state says `failed`; restarts go on at the longest wait. */
  readonly faultsUntilFailed: number;
  /** Most messages that wait for the channel; `send` refuses more. */
  readonly maxPendingMessages: number;
}

/** Limits that suit both kinds of children, but for their memory. */
export const DEFAULT_PROCESS_LIMITS: ProcessLimits = {
  startTimeoutMs: 15_000,
  heartbeatMs: 1_000,
  unresponsiveMs: 4_000,
  memoryBytes: 1024 * 1024 * 1024,
  stopTimeoutMs: 2_000,
  restartMinMs: 100,
  restartMaxMs: 5_000,
  stableMs: 10_000,
  faultsUntilFailed: 5,
  maxPendingMessages: 1_000,
};
