import type { FrameClock } from '../overlay/frame-clock';
import type { MediaElementLike } from './media-element';
import type { EngineError, OpenOptions, StartAt, StreamEngine, Window } from './stream-engine';

/** A media element for tests: holds what it is told, plays nothing by itself. */
export class FakeMedia implements MediaElementLike {
  currentTime = 0;
  volume = 1;
  muted = true;
  playbackRate = 1;
  defaultPlaybackRate = 1;
  paused = true;
  ended = false;
  seeking = false;
  readyState = 0;
  error: unknown = null;
  /** What `play` is refused with; null: it is not. */
  refusal: DOMException | null = null;
  plays = 0;
  private ranges: (readonly [number, number])[] = [];
  private readonly listeners = new Map<string, Set<() => void>>();

  get buffered() {
    const { ranges } = this;
    return {
      length: ranges.length,
      start: (index: number) => ranges[index]?.[0] ?? 0,
      end: (index: number) => ranges[index]?.[1] ?? 0,
    };
  }

  /** Media of this stretch are loaded, seconds. */
  hold(start: number, end: number): void {
    this.ranges = [[start, end]];
    this.readyState = 4;
  }

  /** What a browser does with an element that is given another source. */
  load(): void {
    this.paused = true;
    this.currentTime = 0;
    this.readyState = 0;
    this.ranges = [];
    this.playbackRate = this.defaultPlaybackRate;
  }

  async play(): Promise<void> {
    this.plays++;
    if (this.refusal) throw this.refusal;
    if (!this.paused) return;
    this.paused = false;
    this.emit('play');
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.emit('pause');
  }

  removeAttribute(): void {}

  addEventListener(type: string, listener: () => void): void {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: string, listener: () => void): void {
    this.listeners.get(type)?.delete(listener);
  }

  emit(type: string): void {
    for (const listener of this.listeners.get(type) ?? []) listener();
  }
}

/** An engine for tests: the test says what happens. Media time 0 is at `zeroAt` on the session's clock. */
export class FakeEngine implements StreamEngine {
  readonly start: StartAt;
  readonly calls: string[] = [];
  window: Window | null = { start: 0, end: 60, live: 59 };
  targetLatency = 0.75;
  /** End of what was loaded without a break. */
  loadedTo: number | null = null;

  constructor(
    private readonly media: FakeMedia,
    readonly options: OpenOptions,
    readonly zeroAt: number,
  ) {
    this.start = options.start;
    media.load();
    options.listener.attached();
  }

  get clock(): FrameClock {
    return this.options.clock;
  }

  /** Media of this stretch are in the buffer, and the element is at `at`, as hls.js leaves it. */
  show(start: number, end: number, at = start): void {
    this.media.hold(start, end);
    this.media.currentTime = at;
    this.options.listener.buffered();
  }

  fail(kind: EngineError['kind']): void {
    this.options.listener.failed({ kind, message: kind, codecs: 'avc1.640028' });
  }

  /** The engine tells of a decoder error, empties the element and gives it a new source by itself. */
  failAndReset(): void {
    this.fail('decoder');
    this.options.listener.detached();
    this.media.load();
    this.options.listener.attached();
  }

  loadedThrough(): number | null {
    return this.loadedTo;
  }

  dateAt(mediaTime: number): number | null {
    return this.zeroAt + mediaTime * 1000;
  }

  hold(): void {
    this.calls.push('hold');
  }

  release(): void {
    this.calls.push('release');
  }

  resume(): void {
    this.calls.push('resume');
  }

  destroy(): void {
    this.calls.push('destroy');
  }
}
