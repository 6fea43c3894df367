import { computed, DestroyRef, effect, Injectable, inject, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import type { Recording, ServerMessage, Stream, StreamHealth, ViewerFilter } from '@media-analyzer/protocol';
import { AlignmentReporter, type DrawRecord } from '../overlay/alignment';
import { ClassPalette } from '../overlay/class-palette';
import { expose, OverlayDebug } from '../overlay/debug-hook';
import type { FrameClock } from '../overlay/frame-clock';
import type { OverlaySettings } from '../overlay/overlay-renderer';
import { type OverlaySwitches, ViewerChoice } from '../overlay/viewer-choice';
import { toggleClass } from '../overlay/viewer-filter';
import { type Moment, momentOf, momentPath, momentText } from '../recordings/moment';
import { Api, ApiError } from '../shared/api';
import { Live } from '../shared/live';
import { percentile } from '../shared/percentile';
import { Ticker } from '../shared/ticker';
import { Freshness } from './freshness';
import type { PlayerState } from './hls-player';
import { pictureAge } from './picture-age';
import { SessionContent } from './session-content';
import { canDecode, isOver, missingModel, type PictureState, stageOf } from './stage';
import { StayInSession } from './stay-in-session';

/** Panels follow the picture at this pace, ms; the overlay itself is drawn in the frame callback. */
const PANEL_EVERY_MS = 250;
/** Alignment errors that the badge's percentile is made of: about ten seconds. */
const KEPT_ERRORS = 300;
/** How often a stream that is not playable yet is asked for while no event can tell that it is, ms. */
const ASK_EVERY_MS = 3000;

/** New results matter to the picture on screen only while it stands. */
export type RedrawReason = 'settings' | 'analysis';

/** A session to watch instead of what is on air, and the `t` of the link. */
export interface WatchRequest {
  readonly sessionId: string;
  readonly t?: string | undefined;
}

/** Everything the live page shows about one stream; provided by the page, so it lives and dies with it. */
@Injectable()
export class LiveStore {
  private readonly api = inject(Api);
  private readonly live = inject(Live);
  private readonly router = inject(Router);
  private readonly choice = inject(ViewerChoice);
  private readonly ticker = inject(Ticker);

  readonly stream = signal<Stream | null>(null);
  readonly loadError = signal<ApiError | null>(null);
  readonly removed = signal(false);
  readonly health = signal<StreamHealth | null>(null);
  readonly player = signal<PlayerState>({ kind: 'idle' });
  /** Whether frames come on the screen; the player finds out. */
  readonly picture = signal<PictureState>('ok');
  readonly clock = signal<FrameClock | null>(null);
  readonly replaying = signal(false);
  readonly palette = new ClassPalette();
  /** The object that the viewer looks at in a list or chose with the keyboard; null: none. */
  readonly selected = signal<number | null>(null);
  readonly filter = this.choice.filter;
  readonly overlay = computed<OverlaySettings>(() => ({
    ...this.choice.switches(),
    ...{ filter: this.filter(), palette: this.palette, selected: this.selected() },
  }));
  /** The picture stands: panels are of the very frame on the screen. */
  readonly paused = signal(false);
  /** Counts results that came for a frame that is on the screen already. */
  readonly revision = signal(0);
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

  /** The session that is watched by its link, in place of what is on air. */
  readonly recording = signal<Recording | null>(null);
  /** Where a link asked to begin, and what became of that. */
  readonly moment = signal<Moment | null>(null);
  /** Whether the viewer stays in their session when another one begins. */
  readonly stay = new StayInSession({
    recording: (streamId, sessionId) => this.api.recording(streamId, sessionId),
    shownPtsMs: () => this.lastDraw?.ptsMs ?? null,
  });
  /** The last frame that was drawn: exact, at every frame. Not a signal, for it changes 60 times a second. */
  lastDraw: DrawRecord | null = null;
  /** What the player plays: the stream, or the recording as if the stream had ended with it. */
  readonly played = computed<Stream | null>(() => {
    const stream = this.stream();
    const recording = this.recording();
    if (!stream || !recording) return stream;
    const { playbackUrl } = recording;
    return { ...stream, state: 'ended', session: recording, playbackUrl, problem: null, reconnectUntilAt: null };
  });
  readonly session = computed(() => this.played()?.session ?? null);
  /** Something that is over is played. */
  readonly watching = computed(() => this.replaying() || this.recording() !== null);
  readonly missingModel = computed(() => missingModel(this.live.models(), this.stream()?.problem ?? null));
  private readonly codecStrings = computed(() => {
    const session = this.session();
    return [session?.video?.codecString, session?.audio?.codecString].filter((text) => text !== undefined);
  });
  readonly codecsPlayable = computed(() => canDecode(this.codecStrings()));
  readonly stage = computed(() => {
    const stream = this.played();
    return stream
      ? stageOf({
          stream,
          player: this.player(),
          codecsPlayable: this.codecsPlayable(),
          replaying: this.watching(),
          health: this.health(),
          picture: this.picture(),
        })
      : null;
  });

  private readonly freshness = new Freshness({
    now: () => this.ticker.now(),
    lost: () => this.live.lost(),
    onAir: () => this.stream()?.state === 'live',
    paused: () => this.paused(),
    frameRate: () => this.health()?.measuredFrameRate ?? null,
  });
  readonly fresh = this.freshness.fresh;
  readonly standing = this.freshness.standing;
  private readonly content = new SessionContent({
    analyses: ({ streamId, sessionId }, range) => this.api.analyses(streamId, { sessionId, ...range }),
    appearances: ({ streamId, sessionId }, cursor) => this.api.appearances(streamId, { sessionId, cursor }),
    loaded: () => this.resultsChanged(),
  });
  readonly timeline = this.content.timeline;
  /** What appeared in the session; null while there is none. */
  readonly rows = this.content.rows;
  readonly debug = new OverlayDebug();
  private sessionId: string | null = null;
  private request: WatchRequest | null = null;
  private opened: { readonly streamId: string; readonly close: () => void } | null = null;
  private reporter: AlignmentReporter | null = null;
  private errors: number[] = [];
  private lastPanelAt = 0;
  private askedAt = 0;
  private redraw: ((why: RedrawReason) => void) | null = null;
  private release: (() => void)[] = [];

  constructor() {
    this.release.push(expose({ overlay: this.debug }));
    inject(DestroyRef).onDestroy(() => this.close());
    effect(() => this.askWithoutSocket(this.ticker.now()));
  }

  /** Shows this stream from now on: what is on air, or one of its sessions. */
  async open(streamId: string, request: WatchRequest | null = null): Promise<void> {
    if (request?.sessionId !== this.request?.sessionId) this.stay.asked();
    this.request = request;
    if (this.opened?.streamId !== streamId) {
      this.opened?.close();
      this.stream.set(null);
      this.reporter = new AlignmentReporter((errorsMs) => this.live.send({ type: 'alignment', streamId, errorsMs }));
      this.opened = { streamId, close: this.live.subscribe(streamId, (message) => this.receive(message)) };
    }
    await this.reload(streamId);
  }

  async reload(streamId: string): Promise<void> {
    this.loadError.set(null);
    const { request } = this;
    try {
      const [stream, recording] = await Promise.all([
        this.api.stream(streamId),
        request ? this.api.recording(streamId, request.sessionId) : null,
      ]);
      if (request !== this.request) return;
      // Nothing was said of a moment, and it is on air: that is the live page.
      if (recording?.onAir && request?.t === undefined) return void this.backToLive();
      this.moment.set(recording && request?.t !== undefined ? momentOf(request.t, recording) : null);
      this.recording.set(recording);
      this.setStream(stream);
      this.freshness.heardAt.set(Date.now());
      this.health.set(await this.api.health(streamId));
    } catch (error) {
      // The stream may have come over the WebSocket meanwhile, and health comes there once a second.
      if (!this.stream() || this.recording()?.id !== request?.sessionId)
        this.loadError.set(error instanceof ApiError ? error : new ApiError(String(error), null, 0));
    }
  }

  /** Called by the driver after it has drawn a new frame. */
  frameDrawn(record: DrawRecord): void {
    this.lastDraw = record;
    if (record.errorMs !== null) {
      this.reporter?.add(record.errorMs, record.at);
      this.errors.push(record.errorMs);
      if (this.errors.length > KEPT_ERRORS) this.errors.shift();
    }
    if (!this.paused() && record.at - this.lastPanelAt < PANEL_EVERY_MS) return;
    this.lastPanelAt = record.at;
    this.freshness.frameAt.set(Date.now());
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

  /**
   * Shows the frame of this PTS, if it is still to be had: what the live playlist has forgotten plays from the recording.
   * @returns whether it is
   */
  seekToPts(ptsMs: number): boolean {
    const mediaTime = this.clock()?.mediaTimeOf(ptsMs) ?? null;
    if (mediaTime !== null) this.seekRequest.set({ mediaTime });
    else if (!this.recording() && ptsMs < (this.shownPtsMs() ?? 0)) this.watch(this.sessionId, ptsMs);
    else return false;
    return true;
  }

  /** Goes to the page of a session's recording. */
  watch(sessionId: string | null, ptsMs?: number): void {
    const streamId = this.stream()?.id;
    if (streamId && sessionId) void this.router.navigateByUrl(momentPath({ streamId, sessionId, ptsMs }));
  }

  /** Goes to the page of what is on air. */
  backToLive(): void {
    const streamId = this.opened?.streamId;
    if (streamId) void this.router.navigate(['/streams', streamId]);
  }

  /** The end of what is stored was reached. Of a session on air there is more, live; so is what followed while they stayed. */
  recordingEnded(): void {
    const stream = this.stream();
    const id = this.recording()?.id;
    if (stream && !isOver(stream) && (id === stream.session?.id || id === this.stay.sessionId)) this.backToLive();
  }

  updateOverlay(change: Partial<OverlaySwitches>): void {
    this.choice.setSwitches(change);
    this.redraw?.('settings');
  }

  updateFilter(change: Partial<ViewerFilter>): void {
    this.choice.setFilter(change);
    this.redraw?.('settings');
  }

  toggleClass(label: string): void {
    this.updateFilter(toggleClass(this.filter(), label));
  }

  /** Shows the label of an object in any case; null: of none. */
  select(trackId: number | null): void {
    if (this.selected() === trackId) return;
    this.selected.set(trackId);
    this.redraw?.('settings');
  }

  private receive(message: ServerMessage): void {
    this.freshness.heardAt.set(Date.now());
    switch (message.type) {
      case 'subscribed':
        // After a lost connection: what was analysed meanwhile is fetched.
        this.content.missed();
        this.streamChanged(message.session ? { ...message.stream, session: message.session } : message.stream);
        return;
      case 'stream':
        this.streamChanged(message.stream);
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
        if (message.missed > 0) this.content.missed();
        this.content.take(message);
        this.resultsChanged();
        // Without a picture the panels follow the results themselves.
        if (this.stage()?.kind === 'unplayable') this.followResults(message.ptsMs);
        this.redraw?.('analysis');
        return;
      case 'error':
        // One that was here before was deleted while the connection was lost; one that never was, `reload` tells of.
        if (message.error.code === 'stream_not_found' && this.stream()) this.removed.set(true);
        return;
      default:
    }
  }

  private streamChanged(stream: Stream): void {
    this.stay.takes(stream, this.recording() ? null : this.sessionId, (newest, stay) => {
      if (this.opened?.streamId !== newest.id) return;
      if (stay && this.request === null) {
        const { recording, ptsMs } = stay;
        this.request = { sessionId: recording.id, t: momentText(ptsMs) };
        this.moment.set(momentOf(momentText(ptsMs), recording));
        this.recording.set(recording);
        this.watch(recording.id, ptsMs);
      }
      this.setStream(newest);
    });
  }

  private setStream(stream: Stream): void {
    const before = this.stream();
    const sessionId = this.recording()?.id ?? stream.session?.id ?? null;
    this.loadError.set(null);
    this.stream.set(stream);
    if (stream.state === 'live' || stream.state === 'connecting') this.replaying.set(false);
    // Who watches when it ends sees it to its end instead of a card over the last seconds.
    else if (isOver(stream) && !this.recording() && before && !isOver(before) && sessionId === this.sessionId)
      this.replaying.set(true);
    if (sessionId === this.sessionId) return;
    this.sessionId = sessionId;
    this.palette.clear();
    this.selected.set(null);
    this.errors = [];
    this.missed.set(0);
    this.shownPtsMs.set(null);
    this.content.open(sessionId === null ? null : { streamId: stream.id, sessionId });
  }

  /** The picture that stands gets its boxes; one that moves gets them with its next frame. */
  private resultsChanged(): void {
    if (this.paused()) this.revision.update((count) => count + 1);
  }

  private followResults(ptsMs: number): void {
    const now = performance.now();
    if (now - this.lastPanelAt < PANEL_EVERY_MS) return;
    this.lastPanelAt = now;
    this.shownPtsMs.set(ptsMs);
    this.fillHistory(ptsMs, now);
  }

  private measureLatency(record: DrawRecord): number | null {
    const [clock, now, { ptsMs }] = [this.clock(), this.live.clock.serverNow(Date.now()), record];
    if (!clock || now === null || ptsMs === null || this.played()?.state !== 'live') return null;
    return pictureAge({ now, clock, ptsMs, analysed: this.timeline.newest });
  }

  private fillHistory(ptsMs: number, now: number): void {
    const endMs = this.watching() ? (this.session()?.durationMs ?? 0) : 0;
    this.content.follow({ ptsMs, endMs, now });
  }

  /** The first segment is told by an event; while the WebSocket is away it is asked for. */
  private askWithoutSocket(now: number): void {
    const stream = this.stream();
    if (stream?.session?.playable !== false || !this.live.lost() || now - this.askedAt < ASK_EVERY_MS) return;
    this.askedAt = now;
    untracked(() => void this.reload(stream.id));
  }

  private close(): void {
    this.reporter?.flush();
    this.content.close();
    this.opened?.close();
    for (const release of this.release) release();
  }
}
