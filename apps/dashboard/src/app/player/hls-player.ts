import { FrameClock } from '../overlay/frame-clock';
import { loadedFrom, type MediaElementLike } from './media-element';
import type { PlayerLog } from './player-log';
import { RecoveryPolicy } from './recovery';
import { StallWatch } from './stall-watch';
import type { EngineError, OpenEngine, StartAt, StreamEngine, Window } from './stream-engine';
import { TrackChange } from './track-change';
import type { ViewerIntent } from './viewer-intent';

export type PlayerState =
  /** `waiting`: the session has nothing to play yet; it is asked for again and again. */
  | { readonly kind: 'idle' | 'loading' | 'playing' | 'waiting' }
  /** The browser has no decoder for what the stream is now. */
  | { readonly kind: 'unplayable'; readonly codecs: string }
  /** Trying again by itself. */
  | { readonly kind: 'recovering'; readonly trouble: 'network' | 'decoder' | 'other' };

export interface Source {
  readonly url: string;
  /** Unix ms of PTS 0. */
  readonly epochAt: number;
  /** False for a session that is over: it starts at its beginning and ends. */
  readonly live: boolean;
  /** Unix ms on the session's clock to begin at, to the frame; by default at the live edge, or at the beginning. */
  readonly startAt?: number | undefined;
}

export interface HlsPlayerOptions {
  readonly media: MediaElementLike;
  readonly intent: ViewerIntent;
  readonly open: OpenEngine;
  readonly log: PlayerLog;
  onState(state: PlayerState): void;
  /** The session's clock, when a source is opened. */
  onClock(clock: FrameClock): void;
  /** The element was given a source, and is paused and at the beginning of it: what the viewer wants is to be restored. */
  onAttached(): void;
}

/** The same object each time: media that come in change nothing for who looks at the state. */
const PLAYING: PlayerState = { kind: 'playing' };

/** A moment of a session. */
interface Place {
  /** Unix ms on the session's clock. */
  readonly at: number;
  /** The very frame; null when only the moment is known. */
  readonly ptsMs: number | null;
}

/** How often it is looked whether the viewer has come to the end of media that have other tracks behind them, ms. */
const CHECK_EVERY_MS = 100;
/** An engine that does nothing for this long about an element that has given up has not noticed, ms. */
const UNNOTICED_MS = 1500;
/** So long after the last media came in something of them is on the screen, or the engine has lost its way, ms. */
const UNSHOWN_MS = 6000;

/**
 * Plays a session on a media element and recovers from whatever happens by itself: to the live edge for who is there, to the
 * same moment for who is not. Its own decisions are few: what to do about errors is `RecoveryPolicy`'s.
 */
export class HlsPlayer {
  private engine: StreamEngine | null = null;
  private openings = 0;
  private source: Source | null = null;
  private clock: FrameClock | null = null;
  private readonly recovery = new RecoveryPolicy();
  private readonly stalls = new StallWatch();
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private retry: (() => void) | null = null;
  /** When it is due, monotonic ms. */
  private retryAt = 0;
  /** Nothing more is loaded until the viewer plays on, or goes elsewhere. */
  private held = false;
  /** What the viewer was last seen at; survives openings that fail. */
  private place: Place | null = null;
  /** The very frame to return to, PTS in ms, once it is loaded again. */
  private returnTo: number | null = null;
  /** Media of the present opening were shown, so the element's time means something. */
  private settled = false;
  /** When the element was last well, or something was about to be done, monotonic ms. */
  private wellAt = 0;
  /** When the engine last did something that leads to a picture, monotonic ms. */
  private busyAt = 0;
  /** Media with other tracks are on their way. */
  private change: TrackChange | null = null;
  private readonly checkTimer: ReturnType<typeof setInterval>;

  constructor(private readonly options: HlsPlayerOptions) {
    this.checkTimer = setInterval(() => this.check(), CHECK_EVERY_MS);
  }

  /** This source is what is played. A session that ends is still the same one. */
  plays(source: Source): boolean {
    return this.source?.url === source.url && this.source.epochAt === source.epochAt;
  }

  /** Plays this source from now on; the same one again is left alone. */
  load(source: Source): void {
    if (this.plays(source)) {
      this.source = source;
      return;
    }
    this.source = source;
    this.recovery.reset();
    const { startAt, epochAt, live } = source;
    this.place = startAt === undefined ? null : { at: startAt, ptsMs: startAt - epochAt };
    this.returnTo = this.place?.ptsMs ?? null;
    this.open(startAt === undefined ? { kind: live ? 'live' : 'beginning' } : { kind: 'date', at: startAt });
  }

  /** Plays nothing. */
  unload(): void {
    if (!this.source) return;
    this.source = null;
    this.close();
    this.options.media.removeAttribute('src');
    this.options.media.load();
    this.options.onState({ kind: 'idle' });
  }

  destroy(): void {
    this.source = null;
    clearInterval(this.checkTimer);
    this.close();
  }

  get window(): Window | null {
    return this.engine?.window ?? null;
  }

  /** The distance that the playlist asks to keep to the live edge, seconds; null while not known. */
  get targetLatency(): number | null {
    return this.engine?.targetLatency ?? null;
  }

  goLive(): void {
    const live = this.window?.live;
    if (typeof live === 'number') this.options.media.currentTime = live;
  }

  /** Does at once what was to be tried after a pause: the network is back, the tab is shown again, the encoder sends another codec. */
  retryNow(): void {
    this.recovery.hope();
    this.retry?.();
  }

  private open(start: StartAt): void {
    const { source } = this;
    if (!source) return;
    this.options.log.add(
      `open ${source.url} at ${start.kind === 'date' ? new Date(start.at).toISOString() : start.kind}`,
    );
    this.close();
    this.options.onState({ kind: 'loading' });
    const clock = new FrameClock(source.epochAt);
    this.clock = clock;
    this.options.onClock(clock);
    const opening = ++this.openings;
    // What an engine says that was closed meanwhile does not count.
    const current = (run: () => void): void => {
      if (this.openings === opening) run();
    };
    this.engine = this.options.open({
      url: source.url,
      start,
      clock,
      listener: {
        buffered: () => current(() => this.buffered()),
        failed: (error) => current(() => this.failed(error)),
        tracksChanged: (at) => current(() => this.tracksChanged(at)),
        detached: () => current(() => this.interrupted()),
        attached: () => current(() => this.options.onAttached()),
      },
    });
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    this.retry = null;
    this.change = null;
    this.held = false;
    this.settled = false;
    this.wellAt = performance.now();
    this.busyAt = this.wellAt;
    this.openings++;
    this.engine?.destroy();
    this.engine = null;
  }

  private buffered(): void {
    this.busyAt = performance.now();
    this.recovery.hope();
    const { media } = this.options;
    if (this.returnTo !== null) {
      const time = this.clock?.mediaTimeOf(this.returnTo) ?? null;
      if (time !== null && loadedFrom({ buffered: media.buffered }, time) > 0) {
        this.returnTo = null;
        media.currentTime = time;
      }
    }
    // Who is paused has the picture they look at; what comes after it would break the element again.
    if (this.recovery.repeats && !this.options.intent.wantsPlay() && loadedFrom(media, media.currentTime) > 0) {
      this.held = true;
      this.engine?.hold();
    }
    this.options.onState(PLAYING);
  }

  private failed(error: EngineError): void {
    // The element has no buffer for them: that is known, and dealt with when the viewer is there.
    if (this.change && error.kind === 'decoder') return;
    const loaded = this.window !== null;
    const moving = this.options.intent.wantsPlay();
    const recovery = this.recovery.decide({
      error,
      now: performance.now(),
      placeAt: this.place?.at ?? null,
      loaded,
      moving,
    });
    this.options.log.add(`${error.message}; ${JSON.stringify(recovery)}`);
    const { kind } = error;
    if (kind === 'not-ready') this.options.onState({ kind: 'waiting' });
    else if (kind === 'codec') this.options.onState({ kind: 'unplayable', codecs: error.codecs });
    else this.options.onState({ kind: 'recovering', trouble: kind });
    this.later(recovery.afterMs, () => {
      if (recovery.kind === 'resume') this.engine?.resume();
      else this.reopen(recovery.skipSeconds);
    });
  }

  private reopen(skipSeconds = 0): void {
    this.notePlace();
    if (skipSeconds > 0 && this.place) this.place = { at: this.place.at + skipSeconds * 1000, ptsMs: null };
    this.interrupted();
    this.open(this.startNow());
  }

  /** The element is being emptied: its time means nothing from here on, and the viewer is to be brought back. */
  private interrupted(): void {
    this.settled = false;
    const live = this.source?.live && this.options.intent.following();
    this.returnTo = live ? null : (this.place?.ptsMs ?? null);
  }

  /** Where a viewer belongs who has lost the picture. */
  private startNow(): StartAt {
    const live = this.source?.live ?? false;
    if (live && this.options.intent.following()) return { kind: 'live' };
    if (this.place) return { kind: 'date', at: this.place.at };
    return { kind: live ? 'live' : 'beginning' };
  }

  /** Remembers where the viewer is, while the element's time means that. */
  private notePlace(): void {
    const { engine, clock, settled } = this;
    if (!engine || !settled) return;
    const { currentTime, seeking } = this.options.media;
    const ptsMs = seeking ? null : (clock?.read(currentTime)?.ptsMs ?? null);
    const at = ptsMs !== null && clock ? clock.wallClockOf(ptsMs) : engine.dateAt(currentTime);
    if (at !== null) this.place = { at, ptsMs };
  }

  private tracksChanged(at: number | null): void {
    this.options.log.add(`other tracks from ${at === null ? 'somewhere' : new Date(at).toISOString()} on`);
    this.engine?.hold();
    this.change = new TrackChange(at);
    this.check();
  }

  private check(): void {
    const { media, intent } = this.options;
    const { engine } = this;
    if (!engine) return;
    if (!this.settled && media.readyState >= 2 && !media.seeking) {
      this.settled = true;
      this.options.log.add(`shows ${media.currentTime.toFixed(3)}`);
    }
    if (this.held && (intent.wantsPlay() || media.seeking) && !this.change) {
      this.held = false;
      engine.release();
    }
    // Asked for all the time: what empties the element is noticed when it is empty.
    this.notePlace();
    this.noticeBroken();
    this.noticeUnshown(engine);
    if (!this.change) {
      this.helpStall(engine);
      return;
    }
    const { settled } = this;
    const next = this.change.check({ now: performance.now(), media, settled, wantsPlay: intent.wantsPlay() });
    if (next === 'sought') this.open(this.place ? { kind: 'date', at: this.place.at } : this.startNow());
    if (next === 'beyond') {
      const at = Math.max(this.change.at ?? 0, this.place?.at ?? 0);
      this.open(at > 0 ? { kind: 'date', at } : this.startNow());
    }
  }

  /**
   * An engine hears that the element has given up when it adds media to it. When the decoder fails after the last ones that were
   * to be had for now, it adds none, and waits for the element to play.
   */
  private noticeBroken(): void {
    const now = performance.now();
    if (!this.options.media.error || this.retry) this.wellAt = now;
    else if (now - this.wellAt >= UNNOTICED_MS) {
      this.wellAt = now;
      const message = 'the element has given up, and nothing was done about it';
      this.failed({ kind: 'decoder', message, codecs: '' });
    }
  }

  /**
   * What is in the playlist is loaded and shown, one would think. After errors right at the beginning an engine may take media for
   * loaded that the new source has not got, and wait for them for ever.
   */
  private noticeUnshown(engine: StreamEngine): void {
    const now = performance.now();
    const awaited = !this.settled && !this.change && engine.window !== null && this.options.intent.wantsPlay();
    if (!awaited || this.retry) this.busyAt = now;
    else if (now - this.busyAt >= UNSHOWN_MS) {
      this.busyAt = now;
      const message = `nothing is shown, and nothing was loaded for ${UNSHOWN_MS} ms`;
      this.failed({ kind: 'other', message, codecs: '' });
    }
  }

  private helpStall(engine: StreamEngine): void {
    const { media, intent } = this.options;
    // While something is being recovered from anyway, that is what is waited for.
    if (!intent.wantsPlay() || !this.settled || media.ended || this.retry) {
      this.stalls.rest();
      return;
    }
    const shownTo = media.currentTime + loadedFrom(media, media.currentTime);
    const help = this.stalls.check({
      ...{ now: performance.now(), media, end: engine.window?.end ?? null },
      loadedTo: engine.loadedThrough(shownTo),
    });
    if (help) this.options.log.add(`stands at ${media.currentTime.toFixed(3)}; ${JSON.stringify(help)}`);
    if (help?.kind === 'jump') media.currentTime = help.to;
    else if (help) this.reopen();
  }

  /** Does this after a pause, in place of what was to be done; an engine that fails again and again puts nothing off. */
  private later(afterMs: number, run: () => void): void {
    const waits = this.retry !== null;
    this.retry = () => {
      clearTimeout(this.retryTimer);
      this.retry = null;
      run();
    };
    const dueAt = performance.now() + afterMs;
    if (waits && this.retryAt <= dueAt) return;
    clearTimeout(this.retryTimer);
    this.retryAt = dueAt;
    this.retryTimer = setTimeout(() => this.retry?.(), afterMs);
  }
}
