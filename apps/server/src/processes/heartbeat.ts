export interface HeartbeatOptions {
  readonly everyMs: number;
  readonly deadlineMs: number;
  ping(id: number): void;
  /** Called once, when no ping was answered for `deadlineMs`. */
  expired(): void;
}

/**
 * Asks again and again and notices when no answer comes. Time is counted in own beats and not by the wall clock: when this
 * process itself was held up (a suspended laptop, a long pause), the answers wait unread and the child is not to blame.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | null = null;
  private lastId = 0;
  private unanswered = 0;

  constructor(private readonly options: HeartbeatOptions) {}

  start(): void {
    this.timer ??= setInterval(() => this.beat(), this.options.everyMs);
  }

  answered(id: number): void {
    if (id <= this.lastId) this.unanswered = this.lastId - id;
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private beat(): void {
    if (this.unanswered * this.options.everyMs >= this.options.deadlineMs) {
      this.stop();
      this.options.expired();
      return;
    }
    this.lastId += 1;
    this.unanswered += 1;
    this.options.ping(this.lastId);
  }
}
