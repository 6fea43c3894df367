import { SessionClock } from '@media-analyzer/media/clock';
import { LiveHlsPackager } from '@media-analyzer/media/hls';
import {
  type AudioInfo,
  type CodedError,
  type CodedSample,
  describeError,
  type FrameCounts,
  type HealthWarning,
  type ProcessState,
  type Session,
  type SessionEndReason,
  type Track,
  type UnsupportedTrack,
  type VideoInfo,
  type Waiting,
} from '@media-analyzer/protocol';
import { type Logger, withFields } from '../log.js';
import { SourceMeter } from './meter.js';
import type { DecodingEvents, Packaging, PublisherConnection, SessionAnalysis, StreamMetrics } from './ports.js';
import { RecentLosses } from './recent-losses.js';
import { SessionProblems } from './session-problems.js';
import { type SessionRecorder, storageProblem } from './session-recorder.js';
import { SessionSink, type SourceFailure } from './session-sink.js';
import { SourceWatch } from './source-watch.js';
import { infosOf, isCarried } from './track-info.js';

/** What became of the frames is stored this often, ms, so that a server that dies leaves it nearly right. */
const KEEP_FRAMES_EVERY_MS = 30_000;

export interface LiveSessionOptions {
  /** As it was just stored. */
  readonly session: Session;
  readonly recorder: SessionRecorder;
  readonly packaging: Packaging;
  readonly reconnectWindowMs: number;
  readonly metrics: StreamMetrics;
  readonly log: Logger;
  openAnalysis(events: DecodingEvents): SessionAnalysis;
  onThumbnail(jpeg: Uint8Array): void;
  /** State, tracks, gaps or problems changed. */
  onChange(): void;
  /** Storing media fails, or works again. */
  onStorage(problem: CodedError | null): void;
  /** A publisher was cut off because of what it sent, or did not send. */
  onRefused(failure: SourceFailure, publisher: { readonly address: string; readonly encoder: string | null }): void;
  /** Nobody is expected any more: the session should be ended, with this reason. */
  onOver(reason: SessionEndReason): void;
}

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'ended';

/** One publisher's turn: the place where its samples enter the session. */
interface Source {
  readonly connection: PublisherConnection;
  readonly tracks: Map<Track['kind'], Track>;
  readonly watch: SourceWatch;
  /** Announced tracks are given to the packager with the first sample behind them, not before the break is known. */
  tracksChanged: boolean;
  samples: number;
}

/**
 * One airing of a stream, from the first publisher to the end of the reconnect window: the clock, the packager, the analysis
 * and the record of it. Samples come in here, on their source's clock, and leave on the session's.
 *
 * ```
 * connecting --first sample--> live --publisher gone--> reconnecting --another one's first sample--> live
 *      '------------------------- end, from any state ------------------------> ended
 * ```
 */
export class LiveSession {
  readonly id: string;
  readonly packager: LiveHlsPackager;
  readonly analysis: SessionAnalysis;
  readonly meter = new SourceMeter();
  readonly losses = new RecentLosses();
  readonly #options: LiveSessionOptions;
  readonly #clock: SessionClock;
  readonly #problems = new SessionProblems();
  readonly #log: Logger;
  #session: Session;
  #source: Source | null = null;
  #hasMedia = false;
  #playable = false;
  #endReason: SessionEndReason | null = null;
  #finished: Promise<void> = Promise.resolve();
  #window: NodeJS.Timeout | null = null;
  #reconnectUntilAt: number | null = null;
  #mediaProcess: ProcessState = 'stopped';
  #framesKeptAt = Date.now();
  #reported = { segments: 0, bytes: 0, parts: 0, frames: 0, dropped: 0 };

  constructor(options: LiveSessionOptions) {
    const { session, recorder, packaging } = options;
    this.#options = options;
    this.#session = session;
    this.id = session.id;
    this.#log = withFields(options.log, { streamId: session.streamId, sessionId: session.id });
    this.#clock = new SessionClock({ epochAt: session.epochAt });
    this.packager = new LiveHlsPackager({
      epochAt: session.epochAt,
      store: recorder,
      targetSegmentMs: packaging.segmentTargetMs,
      partTargetMs: packaging.partTargetMs,
      windowMs: packaging.dvrWindowMs,
      log: (level, text, fields) => this.#log[level](fields ?? {}, text),
      onSegment: (info) => recorder.segment(info),
      onStoreProblem: (problem) => this.#setStorage(storageProblem(problem)),
    });
    this.analysis = options.openAnalysis({
      onThumbnail: ({ ptsMs, jpeg }) => {
        options.onThumbnail(jpeg);
        void recorder.picture(ptsMs, jpeg);
      },
      onProblem: (problem) => {
        const known = this.problem !== null;
        this.#problems.undecodable(problem);
        if (!known) options.onChange();
      },
      onState: (state) => {
        this.#mediaProcess = state;
      },
    });
    this.analysis.decoding.start();
    options.metrics.sessionsStarted.inc();
  }

  get streamId(): string {
    return this.#session.streamId;
  }

  get state(): LiveState {
    if (this.#endReason !== null) return 'ended';
    if (this.#source !== null && this.#source.samples > 0) return 'live';
    return this.#source !== null && !this.#hasMedia ? 'connecting' : 'reconnecting';
  }

  /** Unix ms until which a publisher may return, or null while one is there. */
  get reconnectUntilAt(): number | null {
    return this.#reconnectUntilAt;
  }

  get connection(): PublisherConnection | null {
    return this.#source?.connection ?? null;
  }

  get mediaProcess(): ProcessState {
    return this.#mediaProcess;
  }

  /** Unix ms at which its media end, as far as they have come. */
  get mediaEndAt(): number {
    const { epochAt, startedAt } = this.#session;
    return Math.max(startedAt, Math.min(Date.now(), Math.round(epochAt + this.#clock.endMs)));
  }

  /** What became of its video frames. */
  get frames(): FrameCounts {
    const { sampled, analysed, dropped } = this.analysis.health();
    return { received: this.meter.frames, sampled, analysed, dropped: { ...dropped } };
  }

  /** Nothing that could be played or looked at came of it. */
  get empty(): boolean {
    return this.packager.made.parts === 0;
  }

  /** What the publisher sends now; while none is there, what the last one sent. */
  get sent(): { readonly video: VideoInfo | null; readonly audio: AudioInfo | null } {
    const tracks = this.#source?.tracks;
    if (tracks && tracks.size > 0) return infosOf(tracks.values());
    const { video, audio } = this.#session;
    return { video, audio };
  }

  /** What is wrong right now, the most urgent first, or null. */
  get problem(): CodedError | null {
    return this.#problems.current;
  }

  /** What is still awaited of the publisher before the stream can be watched, or null. */
  get waiting(): Waiting | null {
    return this.#source?.watch.waiting(this.packager.playable) ?? null;
  }

  /** What the operator of the publisher should know about what it sends. */
  sourceWarnings(now: number): HealthWarning[] {
    return this.#source?.watch.warnings(now) ?? [];
  }

  /** What is not carried of what the publisher sends, and why. */
  get unsupported(): readonly CodedError[] {
    return this.#problems.unsupportedTracks;
  }

  /** The session as it is now; newer than what is stored of it. */
  describe(): Session {
    const { gaps, storedBytes } = this.#options.recorder;
    const { frames } = this;
    const durationMs = this.#clock.endMs;
    return { ...this.#session, durationMs, gaps, storedBytes, frames, playable: this.packager.playable };
  }

  /** A publisher was accepted. The caller has made sure that there is no other one and that the session has not ended. */
  attach(connection: PublisherConnection, encoder: string | null): SessionSink {
    this.#stopWaiting();
    const source: Source = {
      connection,
      tracks: new Map(),
      watch: new SourceWatch(),
      tracksChanged: false,
      samples: 0,
    };
    this.#source = source;
    this.#problems.newSource();
    this.#clock.startSource();
    this.#setPublisher(source, encoder);
    this.#log.info({ connection: connection.id, address: connection.remoteAddress, encoder }, 'publisher attached');
    this.#options.onChange();
    return new SessionSink({
      track: (track) => this.#track(source, track),
      sample: (sample) => this.#sample(source, sample),
      trouble: (trouble, kind) => {
        if (source === this.#source && source.watch.trouble(trouble, kind)) this.#options.onChange();
      },
      encoder: (name) => this.#setPublisher(source, name),
      promises: (kinds) => source.watch.promises(kinds),
      end: (reason, failure) => this.#detach(source, reason, failure),
    });
  }

  /**
   * Ends the session: flushes what is packaged, stops its processes, writes its record, or forgets one that stayed empty.
   * May be called again; a later `server_stopped` says that there is little time left. Never rejects.
   */
  end(reason: SessionEndReason): Promise<void> {
    if (this.#endReason === null) {
      // Before anything else: whoever asks from here on is told that it is over.
      this.#endReason = reason;
      this.#finished = this.#finish(reason);
    }
    if (reason === 'server_stopped' || reason === 'stream_deleted') this.#options.recorder.hurry();
    return this.#finished;
  }

  /** The stream's limits took the media of these segments away. */
  mediaRemoved(segments: readonly { readonly msn: number; readonly bytes: number }[]): void {
    for (const { bytes } of segments) this.#options.recorder.removed(bytes);
    this.packager.forgetUpTo(Math.max(...segments.map(({ msn }) => msn)));
  }

  /** Adds to the metrics what has happened since the last call. */
  report(metrics: StreamMetrics): void {
    const { segments, bytes, parts } = this.packager.made;
    const { frames } = this.meter;
    const { dropped } = this.#options.recorder;
    this.losses.note(this.frames, Date.now());
    if (Date.now() - this.#framesKeptAt >= KEEP_FRAMES_EVERY_MS) {
      this.#framesKeptAt = Date.now();
      this.#options.recorder.frames(this.frames);
    }
    metrics.segments.inc(segments - this.#reported.segments);
    metrics.segmentBytes.inc(bytes - this.#reported.bytes);
    metrics.parts.inc(parts - this.#reported.parts);
    metrics.framesReceived.inc(frames - this.#reported.frames);
    if (dropped > this.#reported.dropped)
      metrics.databaseDropped.inc({ table: 'sessions' }, dropped - this.#reported.dropped);
    this.#reported = { segments, bytes, parts, frames, dropped };
  }

  async #finish(reason: SessionEndReason): Promise<void> {
    const { recorder, metrics } = this.#options;
    this.#stopWaiting();
    const source = this.#source;
    this.#source = null;
    // The wait for a publisher who did not return is no part of what was on air.
    const endedAt = this.mediaEndAt;
    this.#session = { ...this.#session, endedAt, endReason: reason };
    try {
      this.#options.onChange();
      source?.connection.close(reason === 'stream_deleted' ? 'stream_key_unknown' : 'server_stopping');
      await Promise.all([this.packager.end(), this.analysis.close()]);
    } catch (error) {
      this.#log.error({ problem: describeError(error) }, 'session not ended cleanly');
    }
    // The operator's alert is about a stream on air; the next session says anew what it meets.
    if (this.#problems.storage) this.#setStorage(null);
    recorder.frames(this.frames);
    await (this.empty ? recorder.discard() : recorder.end({ endedAt, endReason: reason }));
    this.report(metrics);
    metrics.sessionsEnded.inc({ reason });
    const { heldBytes: _, waiters: __, ...packaged } = this.packager.stats();
    this.#log.info({ reason, durationMs: Math.round(this.#clock.endMs), ...packaged }, 'session ended');
    this.#options.onChange();
  }

  #track(source: Source, track: Track | UnsupportedTrack): void {
    if (source !== this.#source) return;
    if (!isCarried(track)) {
      this.#problems.unsupported(track);
      source.watch.unsupported(track.kind);
      // It is not waited for any longer.
      source.tracksChanged ||= source.tracks.size > 0;
      this.#log.warn({ kind: track.kind, codec: track.codec }, 'codec cannot be carried');
      this.#options.onChange();
      return;
    }
    this.#problems.supported(track.kind);
    source.tracks.set(track.kind, track);
    source.watch.track(track);
    source.tracksChanged = true;
    this.#log.info({ codec: track.codecString, kind: track.kind }, 'track announced');
  }

  #sample(source: Source, incoming: CodedSample): void {
    if (source !== this.#source) return;
    const { sample, discontinuity } = this.#clock.map(incoming);
    if (discontinuity) {
      this.packager.discontinuity();
      this.analysis.discontinuity();
      this.meter.interrupted();
      if (discontinuity.gap) this.#options.recorder.gap({ ...discontinuity.gap, reason: discontinuity.reason });
      this.#log.warn({ reason: discontinuity.reason, gap: discontinuity.gap }, 'the timeline breaks');
      this.#options.onChange();
    }
    const hadPicture = source.watch.hasPicture;
    source.watch.sample(sample, discontinuity?.reason ?? null);
    const begins = source.watch.hasPicture !== hadPicture;
    if (source.tracksChanged || begins) this.#configure(source);
    this.meter.sample(sample);
    this.packager.push(sample);
    this.analysis.decoding.sample(sample);
    this.#hasMedia = true;
    source.samples += 1;
    const playable = this.packager.playable;
    if (source.samples === 1 || playable !== this.#playable) this.#options.onChange();
    this.#playable = playable;
  }

  #configure(source: Source): void {
    source.tracksChanged = false;
    const tracks = [...source.tracks.values()];
    this.packager.setTracks(tracks, source.watch.promised);
    for (const track of tracks) this.analysis.decoding.track(track);
    // A picture that nobody can start with is not promised to anyone.
    const promised = tracks.filter(({ kind }) => kind === 'audio' || source.watch.hasPicture);
    this.#options.recorder.tracks(promised);
    const { video, audio } = infosOf(promised);
    this.#session = { ...this.#session, ...(video && { video }), ...(audio && { audio }) };
    this.#problems.newTracks();
    this.#options.onChange();
  }

  #setPublisher(source: Source, encoder: string | null): void {
    if (source !== this.#source) return;
    const publisher = { address: source.connection.remoteAddress, encoder };
    const { publisher: known } = this.#session;
    if (known?.address === publisher.address && known.encoder === encoder) return;
    this.#session = { ...this.#session, publisher };
    this.#options.recorder.publisher(publisher);
    this.#options.onChange();
  }

  #setStorage(problem: CodedError | null): void {
    this.#problems.storage = problem;
    this.#options.onStorage(problem);
    this.#options.onChange();
  }

  #detach(source: Source, reason: string, failure: SourceFailure | null): void {
    if (source !== this.#source) return;
    this.#source = null;
    const { publisher } = this.#session;
    // One that was on air and fell silent is a lost publisher, not a refused one.
    if (failure && publisher && (source.samples === 0 || failure.code !== 'rtmp_timeout'))
      this.#options.onRefused(failure, publisher);
    if (!this.#hasMedia && !this.problem) {
      this.#log.info({ reason }, 'publisher gone before it sent any media');
      this.#options.onOver('publisher_ended');
      return;
    }
    // Viewers get what waits for the end of its part; the break itself is told again when somebody is back.
    this.packager.discontinuity();
    const windowMs = this.#options.reconnectWindowMs;
    this.#reconnectUntilAt = Date.now() + windowMs;
    this.#window = setTimeout(() => this.#options.onOver('reconnect_window_passed'), windowMs);
    this.#log.info({ reason, windowMs }, 'publisher gone; the session waits for it');
    this.#options.onChange();
  }

  #stopWaiting(): void {
    if (this.#window) clearTimeout(this.#window);
    this.#window = null;
    this.#reconnectUntilAt = null;
  }
}
