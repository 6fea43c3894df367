import Hls, { ErrorDetails, ErrorTypes, Events, type Fragment, type HlsConfig, type LevelDetails } from 'hls.js/light';
import { FrameClockFeed } from './frame-clock-feed';
import { LoadedRun } from './loaded-run';
import type { EngineError, OpenEngine, OpenOptions, StreamEngine, Window } from './stream-engine';

const CONFIG: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // A minute to jump back in without loading; more would only hold memory, the server has the rest.
  backBufferLength: 60,
  maxBufferLength: 20,
  maxMaxBufferLength: 60,
  // Never faster or slower than real time: stretched audio is worse than a jump. `LiveFollower` jumps when far behind.
  maxLiveSyncPlaybackRate: 1,
  // A stall moves nobody away from the live edge for good. How much distance a network needs is for `LiveFollower` to learn.
  liveSyncOnStallIncrease: 0,
  liveDurationInfinity: true,
  enableID3MetadataCues: false,
  enableEmsgMetadataCues: false,
  enableDateRangeMetadataCues: false,
};

/** Kinds of buffers that hls.js makes of our media, by their names in its events. */
const BUFFERS = ['audio', 'video', 'audiovideo'] as const;

/** Engines that play HLS with hls.js on this element. */
export function hlsEngines(video: HTMLVideoElement): OpenEngine {
  return (options) => new HlsEngine(video, options);
}

class HlsEngine implements StreamEngine {
  private readonly hls: Hls;
  /** Which buffers the element was given; null before the first media. */
  private buffers: string | null = null;
  private loading: Fragment | null = null;
  private readonly run = new LoadedRun();
  private startAt: number | null;

  constructor(
    video: HTMLVideoElement,
    private readonly options: OpenOptions,
  ) {
    const { start, clock, listener, url } = options;
    this.startAt = start.kind === 'date' ? start.at : null;
    const hls = new Hls({ ...CONFIG, startPosition: start.kind === 'beginning' ? 0 : -1 });
    this.hls = hls;
    new FrameClockFeed(hls, clock);
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => this.startAtDate(details));
    hls.on(Events.FRAG_LOADING, (_event, { frag, part }) => {
      this.loading = frag;
      this.run.loading((part ?? frag).start);
    });
    hls.on(Events.BUFFER_CODECS, (_event, tracks) => this.checkBuffers(tracks));
    hls.on(Events.FRAG_LOADED, (_event, { frag, part }) => {
      const { start, end } = part ?? frag;
      this.run.loaded(start, end);
    });
    hls.on(Events.FRAG_BUFFERED, () => listener.buffered());
    hls.on(Events.MEDIA_DETACHING, () => {
      this.buffers = null;
      listener.detached();
    });
    hls.on(Events.MEDIA_ATTACHED, () => listener.attached());
    hls.on(Events.ERROR, (_event, data) => {
      // hls.js answers this one by itself with a new media source, and takes for loaded what was in the old one.
      const emptied = data.details === ErrorDetails.MEDIA_SOURCE_REQUIRES_RESET;
      if (data.fatal || emptied) listener.failed(this.describe(data));
    });
    hls.attachMedia(video);
    hls.loadSource(url);
  }

  get window(): Window | null {
    const details = this.hls.latestLevelDetails;
    const first = details?.fragments[0];
    if (!details || !first) return null;
    const live = details.live ? (this.hls.liveSyncPosition ?? details.edge) : null;
    return { start: first.start, end: details.edge, live };
  }

  get targetLatency(): number | null {
    return this.hls.targetLatency;
  }

  loadedThrough(mediaTime: number): number | null {
    return this.run.through(mediaTime);
  }

  dateAt(mediaTime: number): number | null {
    const details = this.hls.latestLevelDetails;
    if (!details) return null;
    let found: { start: number; date: number } | null = null;
    for (const { start, programDateTime } of fragmentsOf(details)) {
      if (programDateTime !== null && (found === null || start <= mediaTime)) found = { start, date: programDateTime };
    }
    return found && found.date + (mediaTime - found.start) * 1000;
  }

  hold(): void {
    this.hls.pauseBuffering();
  }

  release(): void {
    this.hls.resumeBuffering();
  }

  resume(): void {
    this.hls.startLoad(-1);
  }

  destroy(): void {
    this.hls.destroy();
  }

  /** hls.js begins at a media time, and which one a date is at is known only with the first playlist. */
  private startAtDate(details: LevelDetails): void {
    const at = this.startAt;
    if (at === null) return;
    this.startAt = null;
    const fragments = fragmentsOf(details);
    const fragment = fragments.findLast(({ programDateTime }) => programDateTime !== null && programDateTime <= at);
    const first = fragments[0];
    // Past the edge: the live position, which is what hls.js begins at anyway.
    const time = fragment?.programDateTime
      ? fragment.start + (at - fragment.programDateTime) / 1000
      : (first?.start ?? -1);
    if (time < details.edge) this.hls.startLoad(Math.max(0, time));
  }

  private checkBuffers(tracks: object): void {
    const buffers = BUFFERS.filter((name) => name in tracks).join();
    const before = this.buffers;
    this.buffers ??= buffers;
    if (before !== null && before !== buffers)
      this.options.listener.tracksChanged(this.loading?.programDateTime ?? null);
  }

  private describe(data: {
    type: ErrorTypes;
    details: ErrorDetails;
    error: Error;
    response?: { code?: number };
  }): EngineError {
    const { type, details, error, response } = data;
    const codecs = this.hls.levels.map((level) => level.attrs.CODECS).find(Boolean) ?? '';
    const kind = () => {
      switch (details) {
        case ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR:
        case ErrorDetails.BUFFER_ADD_CODEC_ERROR:
          return 'codec';
        case ErrorDetails.MANIFEST_LOAD_ERROR:
          return response?.code === 404 ? 'not-ready' : 'network';
        default:
          if (type === ErrorTypes.NETWORK_ERROR) return 'network';
          return type === ErrorTypes.MEDIA_ERROR ? 'decoder' : 'other';
      }
    };
    return { kind: kind(), message: `${details}: ${error.message}`, codecs };
  }
}

function fragmentsOf(details: LevelDetails): readonly Fragment[] {
  return details.fragmentHint ? [...details.fragments, details.fragmentHint] : details.fragments;
}
