import { computed, DestroyRef, Injectable, inject, signal } from '@angular/core';
import type { ServerMessage, Stream, StreamHealth } from '@media-analyzer/protocol';
import { AlignmentReporter, type DrawRecord } from '../overlay/alignment';
import { exposeOverlay, OverlayDebug } from '../overlay/debug-hook';
import type { FrameClock } from '../overlay/frame-clock';
import { HistoryLoader } from '../overlay/history-loader';
import { DEFAULT_OVERLAY_SETTINGS, type OverlaySettings } from '../overlay/overlay-renderer';
import { OverlayTimeline } from '../overlay/overlay-timeline';
import { Api, ApiError } from '../shared/api';
import { Live } from '../shared/live';
import { percentile } from '../shared/percentile';
import type { PlayerState } from './hls-player';
import { canDecode, missingModel, stageOf } from './stage';

/** Panels follow the picture at this pace, ms; the overlay itself is drawn in the frame callback. */
const PANEL_EVERY_MS = 250;
/** Alignment errors that the badge's percentile is made of: about ten seconds. */
const KEPT_ERRORS = 300;

/** New results matter to the picture on screen only while it stands. */
export type RedrawReason = 'settings' | 'analysis';

/** Everything the live page shows about one stream; provided by the page, so it lives and dies with it. */
@Injectable()
export class LiveStore {
  private readonly api = inject(Api);
  private readonly live = inject(Live);

  readonly stream = signal<Stream | null>(null);
  readonly loadError = signal<ApiError | null>(null);
  readonly removed = signal(false);
  readonly health = signal<StreamHealth | null>(null);
  readonly player = signal<PlayerState>({ kind: 'idle' });
  readonly clock = signal<FrameClock | null>(null);
  readonly replaying = signal(false);
  readonly overlay = signal<OverlaySettings>(DEFAULT_OVERLAY_SETTINGS);
  /** PTS of the frame on screen, at the panels' pace. */
  readonly shownPtsMs = signal<number | null>(null);
  /** The same once a second, for what is dear to compute. */
  readonly panelTick = computed(() => {
    const shown = this.shownPtsMs();
    return shown === null ? null : Math.floor(shown / 1000) * 1000;
  });
  /** From the encoder's frame coming in to that frame on screen, ms; null while not known or not live. */
  readonly latencyMs = signal<number | null>(null);
  /** 95th percentile of this page's own alignment errors, ms. */
  readonly alignmentP95 = signal<number | null>(null);
  /** Analyses that the server did not send because this page could not keep up. */
  readonly missed = signal(0);
  /** Media time to seek to; the player takes it from here. */
  readonly seekRequest = signal<{ readonly mediaTime: number } | null>(null);

  readonly session = computed(() => this.stream()?.session ?? null);
  readonly missingModel = computed(() => missingModel(this.live.models(), this.stream()?.problem ?? null));
  private readonly codecStrings = computed(() => {
    const session = this.session();
    return [session?.video?.codecString, session?.audio?.codecString].filter((text) => text !== undefined);
  });
  readonly codecsPlayable = computed(() => canDecode(this.codecStrings()));
  readonly stage = computed(() => {
    const stream = this.stream();
    return stream
      ? stageOf({ stream, player: this.player(), codecsPlayable: this.codecsPlayable(), replaying: this.replaying() })
      : null;
  });

  readonly timeline = new OverlayTimeline();
  readonly debug = new OverlayDebug();
  private history: HistoryLoader | null = null;
  private sessionId: string | null = null;
  private reporter: AlignmentReporter | null = null;
  private errors: number[] = [];
  private lastPanelAt = 0;
  private redraw: ((why: RedrawReason) => void) | null = null;
  private release: (() => void)[] = [];

  constructor() {
    this.release.push(exposeOverlay(this.debug));
    inject(DestroyRef).onDestroy(() => this.close());
  }

  /** Shows this stream from now on. */
  async open(streamId: string): Promise<void> {
    this.reporter = new AlignmentReporter((errorsMs) => this.live.send({ type: 'alignment', streamId, errorsMs }));
    this.release.push(this.live.subscribe(streamId, (message) => this.receive(message)));
    await this.reload(streamId);
  }

  async reload(streamId: string): Promise<void> {
    this.loadError.set(null);
    try {
      this.setStream(await this.api.stream(streamId));
      this.health.set(await this.api.health(streamId));
    } catch (error) {
      // The stream may have come over the WebSocket meanwhile, and health comes there once a second.
      if (!this.stream()) this.loadError.set(error instanceof ApiError ? error : new ApiError(String(error), null, 0));
    }
  }

  /** Called by the driver after it has drawn a new frame. */
  frameDrawn(record: DrawRecord): void {
    if (record.errorMs !== null) {
      this.reporter?.add(record.errorMs, record.at);
      this.errors.push(record.errorMs);
      if (this.errors.length > KEPT_ERRORS) this.errors.shift();
    }
    if (record.at - this.lastPanelAt < PANEL_EVERY_MS) return;
    this.lastPanelAt = record.at;
    this.shownPtsMs.set(record.ptsMs);
    this.alignmentP95.set(percentile(this.errors, 0.95));
    this.latencyMs.set(this.measureLatency(record));
    if (record.ptsMs !== null) this.fillHistory(record.ptsMs, record.at);
  }

  /** Asks to be told when the overlay should be drawn again without a new frame. @returns takes the wish back */
  onRedraw(redraw: (why: RedrawReason) => void): () => void {
    this.redraw = redraw;
    return () => {
      this.redraw = null;
    };
  }

  /** Shows the frame of this PTS, if it is still to be had. @returns whether it is */
  seekToPts(ptsMs: number): boolean {
    const mediaTime = this.clock()?.mediaTimeOf(ptsMs) ?? null;
    if (mediaTime !== null) this.seekRequest.set({ mediaTime });
    return mediaTime !== null;
  }

  updateOverlay(change: Partial<OverlaySettings>): void {
    this.overlay.update((settings) => ({ ...settings, ...change }));
    this.redraw?.('settings');
  }

  toggleClass(label: string): void {
    const hidden = new Set(this.overlay().hidden);
    if (!hidden.delete(label)) hidden.add(label);
    this.updateOverlay({ hidden });
  }

  private receive(message: ServerMessage): void {
    switch (message.type) {
      case 'subscribed':
        // After a lost connection: what was analysed meanwhile is fetched.
        if (this.timeline.newest) this.history?.liveLost(this.timeline.newest.ptsMs);
        this.setStream(message.session ? { ...message.stream, session: message.session } : message.stream);
        return;
      case 'stream':
        this.setStream(message.stream);
        return;
      case 'stream-removed':
        this.removed.set(true);
        return;
      case 'health':
        this.health.set(message);
        return;
      case 'analysis':
        if (message.sessionId !== this.sessionId) return;
        this.missed.update((missed) => missed + message.missed);
        // Missed ones are stored; they are fetched like those before the page was opened.
        if (message.missed > 0 && this.timeline.newest) this.history?.liveLost(this.timeline.newest.ptsMs);
        this.timeline.insert(message);
        this.history?.liveFrom(message.ptsMs);
        // Without a picture the panels follow the results themselves.
        if (this.stage()?.kind === 'unplayable') this.followResults(message.ptsMs);
        this.redraw?.('analysis');
        return;
      case 'error':
        if (message.error.code === 'stream_not_found') this.removed.set(true);
        return;
      default:
    }
  }

  private setStream(stream: Stream): void {
    const before = this.stream();
    const sessionId = stream.session?.id ?? null;
    this.loadError.set(null);
    this.stream.set(stream);
    if (stream.state === 'live' || stream.state === 'connecting') this.replaying.set(false);
    // Who watches when it ends sees it to its end instead of a card over the last seconds.
    else if (isOver(stream) && before && !isOver(before) && sessionId === this.sessionId) this.replaying.set(true);
    if (sessionId === this.sessionId) return;
    this.sessionId = sessionId;
    this.timeline.clear();
    this.history?.stop();
    this.history = null;
    this.errors = [];
    this.missed.set(0);
    this.shownPtsMs.set(null);
    if (sessionId === null) return;
    this.history = new HistoryLoader(
      (fromMs, toMs) => this.api.analyses(stream.id, { sessionId, fromMs, toMs }),
      (analysis) => this.timeline.insert(analysis),
    );
  }

  private followResults(ptsMs: number): void {
    const now = performance.now();
    if (now - this.lastPanelAt < PANEL_EVERY_MS) return;
    this.lastPanelAt = now;
    this.shownPtsMs.set(ptsMs);
    this.fillHistory(ptsMs, now);
  }

  private measureLatency(record: DrawRecord): number | null {
    const clock = this.clock();
    const now = this.live.clock.serverNow(Date.now());
    if (!clock || now === null || record.ptsMs === null || this.stream()?.state !== 'live') return null;
    return now - clock.wallClockOf(record.ptsMs);
  }

  private fillHistory(ptsMs: number, now: number): void {
    const edgeMs = Math.max(
      ptsMs,
      this.timeline.newest?.ptsMs ?? 0,
      this.session()?.endedAt ? this.session()!.durationMs : 0,
    );
    void this.history?.follow({ ptsMs, edgeMs, now });
  }

  private close(): void {
    this.reporter?.flush();
    this.history?.stop();
    for (const release of this.release) release();
    this.release = [];
  }
}

function isOver(stream: Stream): boolean {
  return stream.state === 'ended' || stream.state === 'offline';
}
