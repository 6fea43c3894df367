import { SessionClock } from '@media-analyzer/media/clock';
import { LiveHlsPackager } from '@media-analyzer/media/hls';
import {
  CodedError,
  type CodedSample,
  type Gap,
  type ProcessState,
  type Session,
  type SessionEndReason,
  type Track,
  type UnsupportedTrack,
} from '@media-analyzer/protocol';
import { type Logger, withFields } from '../log.js';
import { SourceMeter } from './meter.js';
import type { PublisherConnection, SessionAnalysis, StreamMetrics } from './ports.js';
import { type SessionRecorder, storageProblem } from './session-recorder.js';
import { isCarried, toAudioInfo, toVideoInfo, unsupportedDetails } from './track-info.js';

/** Gaps kept in memory for the session's description; all of them are in the database. */
const MAX_GAPS_SHOWN = 1000;

export interface LiveSessionOptions {
  readonly session: Session;
  readonly recorder: SessionRecorder;
  readonly packaging: { readonly segmentTargetMs: number; readonly partTargetMs: number; readonly dvrWindowMs: number };
  readonly reconnectWindowMs: number;
  readonly metrics: StreamMetrics;
  readonly log: Logger;
  readonly openAnalysis: (events: {
    onThumbnail(jpeg: Uint8Array): void;
    onProblem(problem: CodedError): void;
    onState(state: ProcessState): void;
  }) => SessionAnalysis;
  onThumbnail(jpeg: Uint8Array): void;
  /** State, tracks, gaps or problems changed. */
  onChange(): void;
  /** Storing media fails, or works again. */
  onStorage(problem: CodedError | null): void;
  /** The publisher did not return within the window. */
  onWindowPassed(): void;
}

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'ended';

/** One publisher's turn: the place where its samples enter the session. */
interface Source {
  readonly connection: PublisherConnection;
  readonly tracks: Map<Track['kind'], Track>;
  /** Announced tracks are given to the packager with the first sample behind them, not before the break is known. */
  tracksChanged: boolean;
  samples: number;
}

/**
 * One airing of a stream, from the first publisher to the end of the reconnect window: the clock, the packager, the analysis
 * and the record of it. Samples come in here, on their source's clock, and leave on the session's.
 */
export class LiveSession {
  readonly id: string;
  readonly epochAt: number;
  readonly packager: LiveHlsPackager;
  readonly analysis: SessionAnalysis;
  readonly meter = new SourceMeter();
  readonly #options: LiveSessionOptions;
  readonly #clock: SessionClock;
  readonly #log: Logger;
  #session: Session;
  #source: Source | null = null;
  #ended: Promise<void> | null = null;
  #window: NodeJS.Timeout | null = null;
  #reconnectUntilAt: number | null = null;
  #unsupported: UnsupportedTrack | null = null;
  #storage: CodedError | null = null;
  #decoding: CodedError | null = null;
  #mediaProcess: ProcessState = 'stopped';
  #reported = { segments: 0, bytes: 0, parts: 0, frames: 0 };
  #storedBytes = 0;

  constructor(options: LiveSessionOptions) {
    const { session, recorder, packaging } = options;
    this.#options = options;
    this.#session = session;
    this.id = session.id;
    this.epochAt = session.epochAt;
    this.#log = withFields(options.log, { streamId: session.streamId, sessionId: session.id });
    this.#clock = new SessionClock({ epochAt: session.epochAt });
    this.packager = new LiveHlsPackager({
      epochAt: session.epochAt,
      store: recorder,
      targetSegmentMs: packaging.segmentTargetMs,
      partTargetMs: packaging.partTargetMs,
      windowMs: packaging.dvrWindowMs,
      log: (level, text, fields) => this.#log[level](fields ?? {}, text),
      onSegment: (info) => {
        recorder.segment(info);
        if (info.gap)
          this.#addGap({ fromMs: info.startMs, toMs: info.startMs + info.durationMs, reason: 'storage_full' });
        else this.#storedBytes += info.bytes;
      },
      onStoreProblem: (problem) => {
        this.#storage = storageProblem(problem);
        options.onStorage(this.#storage);
        options.onChange();
      },
    });
    this.analysis = options.openAnalysis({
      onThumbnail: options.onThumbnail,
      onProblem: (problem) => {
        const first = this.#decoding === null;
        this.#decoding = problem;
        if (first) options.onChange();
      },
      onState: (state) => {
        this.#mediaProcess = state;
      },
    });
    this.analysis.decoding.start();
    options.metrics.sessionsStarted.inc();
  }

  get state(): LiveState {
    if (this.#ended) return 'ended';
    if (this.#source === null) return 'reconnecting';
    return this.#source.samples > 0 ? 'live' : this.#clock.endMs > 0 ? 'reconnecting' : 'connecting';
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

  /** Whether any media have come. */
  get hasMedia(): boolean {
    return this.#clock.endMs > 0;
  }

  /** What is wrong right now, the most urgent first, or null. */
  get problem(): CodedError | null {
    if (this.#storage) return this.#storage;
    if (this.#unsupported) return new CodedError('codec_unsupported', unsupportedDetails(this.#unsupported));
    return this.#decoding;
  }

  describe(): Session {
    return { ...this.#session, durationMs: this.#clock.endMs, storedBytes: this.#storedBytes };
  }

  /** A publisher was accepted. The caller has made sure that there is no other one. */
  attach(connection: PublisherConnection, encoder: string | null): SessionSink {
    if (this.#window) clearTimeout(this.#window);
    this.#window = null;
    this.#reconnectUntilAt = null;
    const source: Source = { connection, tracks: new Map(), tracksChanged: false, samples: 0 };
    this.#source = source;
    this.#unsupported = null;
    this.#clock.startSource();
    this.#setPublisher({ address: connection.remoteAddress, encoder });
    this.#log.info({ connection: connection.id, address: connection.remoteAddress, encoder }, 'publisher attached');
    this.#options.onChange();
    return new SessionSink({
      track: (track) => this.#track(source, track),
      sample: (sample) => this.#sample(source, sample),
      encoder: (name) => this.#setPublisher({ address: connection.remoteAddress, encoder: name }),
      end: (reason) => this.#detach(source, reason),
    });
  }

  /** Ends the session: flushes what is packaged, stops its processes, writes its record. Safe to call twice. */
  end(reason: SessionEndReason): Promise<void> {
    this.#ended ??= this.#finish(reason);
    return this.#ended;
  }

  /** Adds to the metrics what has happened since the last call. */
  report(metrics: StreamMetrics): void {
    const { segments, bytes, parts } = this.packager.stats();
    const frames = this.meter.frames;
    metrics.segments.inc(segments - this.#reported.segments);
    metrics.segmentBytes.inc(bytes - this.#reported.bytes);
    metrics.parts.inc(parts - this.#reported.parts);
    metrics.framesReceived.inc(frames - this.#reported.frames);
    this.#reported = { segments, bytes, parts, frames };
  }

  async #finish(reason: SessionEndReason): Promise<void> {
    if (this.#window) clearTimeout(this.#window);
    this.#window = null;
    this.#reconnectUntilAt = null;
    const source = this.#source;
    this.#source = null;
    source?.connection.close(reason === 'stream_deleted' ? 'stream_key_unknown' : 'server_stopping');
    const { recorder, metrics } = this.#options;
    const endedAt = Math.max(Date.now(), this.#session.startedAt);
    this.#session = { ...this.#session, endedAt, endReason: reason };
    this.#options.onChange();
    await Promise.all([this.packager.end(), this.analysis.close()]);
    await recorder.end({ endedAt, endReason: reason });
    this.report(metrics);
    metrics.sessionsEnded.inc({ reason });
    this.#log.info({ reason, durationMs: Math.round(this.#clock.endMs), ...this.packager.stats() }, 'session ended');
    this.#options.onChange();
  }

  #track(source: Source, track: Track | UnsupportedTrack): void {
    if (source !== this.#source) return;
    if (!isCarried(track)) {
      this.#unsupported = track;
      this.#log.warn({ kind: track.kind, codec: track.codec }, 'codec cannot be carried');
      this.#options.onChange();
      return;
    }
    if (this.#unsupported?.kind === track.kind) this.#unsupported = null;
    source.tracks.set(track.kind, track);
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
      if (discontinuity.gap) this.#addGap({ ...discontinuity.gap, reason: discontinuity.reason });
      this.#log.warn({ reason: discontinuity.reason, gap: discontinuity.gap }, 'the timeline breaks');
      this.#options.onChange();
    }
    if (source.tracksChanged) this.#configure(source);
    this.meter.sample(sample);
    this.packager.push(sample);
    this.analysis.decoding.sample(sample);
    source.samples += 1;
    if (source.samples === 1) this.#options.onChange();
  }

  #configure(source: Source): void {
    source.tracksChanged = false;
    const tracks = [...source.tracks.values()];
    this.packager.setTracks(tracks);
    this.#options.recorder.setTracks(tracks);
    for (const track of tracks) {
      this.analysis.decoding.track(track);
      this.#session =
        track.kind === 'video'
          ? { ...this.#session, video: toVideoInfo(track) }
          : { ...this.#session, audio: toAudioInfo(track) };
    }
    this.#decoding = null;
    this.#options.onChange();
  }

  #setPublisher(publisher: NonNullable<Session['publisher']>): void {
    const { publisher: known } = this.#session;
    this.#session = { ...this.#session, publisher };
    if (known?.address !== publisher.address || known.encoder !== publisher.encoder)
      this.#options.recorder.publisher(publisher);
  }

  #addGap(gap: Gap): void {
    const gaps = [...this.#session.gaps, gap].slice(-MAX_GAPS_SHOWN);
    this.#session = { ...this.#session, gaps };
    if (gap.reason !== 'storage_full') this.#options.recorder.gap(gap);
  }

  #detach(source: Source, reason: string): void {
    if (source !== this.#source) return;
    this.#source = null;
    const windowMs = this.#options.reconnectWindowMs;
    this.#reconnectUntilAt = Date.now() + windowMs;
    this.#window = setTimeout(() => this.#options.onWindowPassed(), windowMs);
    this.#log.info({ reason, windowMs }, 'publisher gone; the session waits for it');
    this.#options.onChange();
  }
}

/** Where one publisher's media enter. After the session took another publisher, or ended, its calls do nothing. */
export class SessionSink {
  constructor(
    private readonly into: {
      track(track: Track | UnsupportedTrack): void;
      sample(sample: CodedSample): void;
      encoder(name: string): void;
      end(reason: string): void;
    },
  ) {}

  onTrack(track: Track | UnsupportedTrack): void {
    this.into.track(track);
  }

  onSample(sample: CodedSample): void {
    this.into.sample(sample);
  }

  onMetadata(metadata: Record<string, unknown>): void {
    const { encoder } = metadata;
    if (typeof encoder === 'string' && encoder !== '') this.into.encoder(encoder.slice(0, 200));
  }

  onEnd(reason: { readonly kind: string; readonly code?: string }): void {
    this.into.end(reason.code ?? reason.kind);
  }
}
