import Hls, { ErrorDetails, ErrorTypes, Events, type HlsConfig } from 'hls.js';
import { FrameClock } from '../overlay/frame-clock';
import { FrameClockFeed } from './frame-clock-feed';

export type PlayerState =
  | { readonly kind: 'idle' | 'loading' | 'playing' }
  /** The browser has no decoder for the stream. */
  | { readonly kind: 'unplayable'; readonly codecs: string }
  /** Trying again by itself. */
  | { readonly kind: 'recovering'; readonly message: string };

export interface Source {
  readonly url: string;
  /** Unix ms of PTS 0. */
  readonly epochAt: number;
  /** False for a session that is over: it starts at its beginning and ends. */
  readonly live: boolean;
}

/** What can be watched, on the media element's timeline, seconds. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** Where a viewer of the live picture is meant to be; null for a session that is over. */
  readonly live: number | null;
}

export interface HlsPlayerEvents {
  onState(state: PlayerState): void;
  /** The session's clock, when a source is loaded. */
  onClock(clock: FrameClock): void;
}

const CONFIG: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // A minute to jump back in without loading; more would only hold memory, the server has the rest.
  backBufferLength: 60,
  maxBufferLength: 20,
  maxMaxBufferLength: 60,
  // Never faster or slower than real time: stretched audio is worse than a jump. `HlsPlayer.keepUp` jumps when far behind.
  maxLiveSyncPlaybackRate: 1,
  liveDurationInfinity: true,
  enableID3MetadataCues: false,
  enableEmsgMetadataCues: false,
  enableDateRangeMetadataCues: false,
};

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;
/** Media errors within this time that are answered by a reset of the decoder; then the source is loaded anew. */
const MEDIA_ERROR_WINDOW_MS = 30_000;
const MEDIA_RECOVERIES = 3;
/** Tries to go on after network errors before everything is loaded anew. */
const RESUMES_BEFORE_RELOAD = 6;

/** Plays a session with hls.js on a media element, recovers from errors by itself and keeps the frame clock fed. */
export class HlsPlayer {
  private hls: Hls | null = null;
  private source: Source | null = null;
  private attempts = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private mediaErrors: number[] = [];
  /** Media time to go on from after a reload of the same source. */
  private resumeAt: number | null = null;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly events: HlsPlayerEvents,
  ) {}

  static get supported(): boolean {
    return Hls.isSupported();
  }

  /** Plays this source from now on; the same one again is left alone. @returns whether it was another one */
  load(source: Source): boolean {
    if (this.source?.url === source.url && this.source.epochAt === source.epochAt) return false;
    this.source = source;
    this.attempts = 0;
    this.mediaErrors = [];
    this.resumeAt = null;
    this.open(source);
    return true;
  }

  /** Plays nothing. */
  unload(): void {
    if (!this.source) return;
    this.source = null;
    this.close();
    this.video.removeAttribute('src');
    this.video.load();
    this.events.onState({ kind: 'idle' });
  }

  destroy(): void {
    this.source = null;
    this.close();
  }

  get window(): Window | null {
    const details = this.hls?.latestLevelDetails;
    const first = details?.fragments[0];
    if (!details || !first) return null;
    const live = details.live ? (this.hls?.liveSyncPosition ?? details.edge) : null;
    return { start: first.start, end: details.edge, live };
  }

  goLive(): void {
    const live = this.window?.live;
    if (typeof live === 'number') this.video.currentTime = live;
  }

  /** The distance that the playlist asks to keep to the live edge, seconds; null while not known. */
  get targetLatency(): number | null {
    return this.hls?.targetLatency ?? null;
  }

  private open(source: Source): void {
    this.close();
    this.events.onState({ kind: 'loading' });
    const startPosition = this.resumeAt ?? (source.live ? -1 : 0);
    const hls = new Hls({ ...CONFIG, startPosition });
    this.hls = hls;
    const clock = new FrameClock(source.epochAt);
    new FrameClockFeed(hls, clock);
    this.events.onClock(clock);
    hls.on(Events.FRAG_BUFFERED, () => {
      this.attempts = 0;
      this.events.onState({ kind: 'playing' });
    });
    hls.on(Events.ERROR, (_event, data) => {
      if (data.fatal) this.recover(hls, data.type, data.details, data.error.message);
    });
    hls.attachMedia(this.video);
    hls.loadSource(source.url);
  }

  private recover(hls: Hls, type: ErrorTypes, details: ErrorDetails, message: string): void {
    if (hls !== this.hls || !this.source) return;
    if (
      details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
      details === ErrorDetails.BUFFER_ADD_CODEC_ERROR
    ) {
      const codecs = hls.levels.map((level) => level.attrs.CODECS).find(Boolean) ?? '';
      this.close();
      this.events.onState({ kind: 'unplayable', codecs });
      return;
    }
    if (type === ErrorTypes.MEDIA_ERROR && this.mayRecoverMedia()) {
      this.events.onState({ kind: 'recovering', message: 'The decoder is being reset' });
      hls.recoverMediaError();
      return;
    }
    this.retryLater(hls, type, describe(type, message));
  }

  private mayRecoverMedia(): boolean {
    const now = performance.now();
    this.mediaErrors = this.mediaErrors.filter((at) => now - at < MEDIA_ERROR_WINDOW_MS);
    this.mediaErrors.push(now);
    return this.mediaErrors.length <= MEDIA_RECOVERIES;
  }

  /**
   * After a growing delay goes on loading where it stopped, which keeps the last frame on screen; loads the source anew when
   * it was never read, when the error was not of the network, or when going on has not helped.
   */
  private retryLater(hls: Hls, type: ErrorTypes, message: string): void {
    hls.stopLoad();
    this.events.onState({ kind: 'recovering', message });
    const goOn = type === ErrorTypes.NETWORK_ERROR && hls.levels.length > 0 && this.attempts < RESUMES_BEFORE_RELOAD;
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempts++);
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => {
      if (!this.source || hls !== this.hls) return;
      if (goOn) {
        hls.startLoad(-1);
        return;
      }
      this.resumeAt = this.source.live ? null : this.video.currentTime || null;
      this.open(this.source);
    }, delay);
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    this.hls?.destroy();
    this.hls = null;
  }
}

function describe(type: ErrorTypes, message: string): string {
  switch (type) {
    case ErrorTypes.NETWORK_ERROR:
      return 'The picture cannot be loaded';
    case ErrorTypes.MEDIA_ERROR:
    case ErrorTypes.MUX_ERROR:
      return 'The picture cannot be decoded';
    default:
      return message;
  }
}
