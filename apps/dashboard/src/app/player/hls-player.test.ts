import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HlsPlayer, type PlayerState } from './hls-player';
import { PlaybackController } from './playback-controller';
import { PlayerLog } from './player-log';
import { FakeEngine, FakeMedia } from './testing';
import { ViewerIntent } from './viewer-intent';

const EPOCH = 1_700_000_000_000;
const LIVE = { url: '/hls/stream/index.m3u8', epochAt: EPOCH, live: true };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A viewer of a live session, who sees second 50 of it unless told otherwise. */
function watch(at: number | null = 50) {
  const media = new FakeMedia();
  const intent = new ViewerIntent();
  const log = new PlayerLog();
  const engines: FakeEngine[] = [];
  const states: PlayerState[] = [];
  const player = new HlsPlayer({
    media,
    intent,
    log,
    open: (options) => {
      const engine = new FakeEngine(media, options, EPOCH);
      engines.push(engine);
      return engine;
    },
    onState: (state) => {
      states.push(state);
      playback.playerState(state);
    },
    onClock: () => {},
    onAttached: () => playback.attached(),
  });
  const playback = new PlaybackController(media, player, intent, log);
  const newest = () => engines.at(-1) ?? expect.fail('no engine was opened');
  playback.load(LIVE);
  if (at !== null) {
    newest().show(at - 10, at + 1, at);
    vi.advanceTimersByTime(200);
  }
  return { media, intent, engines, states, player, playback, newest };
}

/** The viewer goes to this second and stays there. */
function goTo(viewer: ReturnType<typeof watch>, second: number): void {
  viewer.playback.seek(second);
  viewer.newest().show(second - 5, second + 5, second);
  vi.advanceTimersByTime(200);
}

describe('an element that has given up', () => {
  it('gets a new decoder when its engine does not notice', () => {
    const { media, engines } = watch(null);
    media.error = new Error('PIPELINE_ERROR_DECODE');
    vi.advanceTimersByTime(1400);
    expect(engines).toHaveLength(1);
    vi.advanceTimersByTime(300);
    expect(engines).toHaveLength(2);
  });

  it('is tried again and again, in the end with everything loaded anew', () => {
    const { media, engines, newest } = watch(null);
    media.error = new Error('PIPELINE_ERROR_DECODE');
    vi.advanceTimersByTime(60_000);
    expect(engines.length).toBeGreaterThan(3);
    media.error = null;
    // What is tried next works.
    vi.advanceTimersByTime(10_000);
    newest().show(40, 60, 59);
    const opened = engines.length;
    vi.advanceTimersByTime(30_000);
    expect([engines.length, media.paused]).toEqual([opened, false]);
  });

  it('is left to an engine that is at it', () => {
    const { media, newest } = watch();
    for (let times = 0; times < 5; times++) {
      media.error = new Error('PIPELINE_ERROR_DECODE');
      vi.advanceTimersByTime(1000);
      media.error = null;
      vi.advanceTimersByTime(200);
    }
    expect(newest().calls).toEqual([]);
  });
});

describe('a source of which nothing is shown', () => {
  it('is opened anew when nothing of it is loaded any more, until something is shown', () => {
    const { engines, newest } = watch(null);
    vi.advanceTimersByTime(5900);
    newest().options.listener.buffered();
    vi.advanceTimersByTime(5900);
    expect(engines).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(engines).toHaveLength(2);
    vi.advanceTimersByTime(20_000);
    expect(engines.length).toBeGreaterThan(2);
    newest().show(40, 60, 59);
    vi.advanceTimersByTime(200);
    const opened = engines.length;
    // It stands now, which is another matter, and the playlist is empty for a stream that has nothing to show yet.
    newest().window = null;
    vi.advanceTimersByTime(4000);
    expect(engines).toHaveLength(opened);
  });

  it('is waited for by whoever is paused, and while its playlist is not there', () => {
    const paused = watch(null);
    paused.playback.pause();
    vi.advanceTimersByTime(30_000);
    expect(paused.engines).toHaveLength(1);
    const early = watch(null);
    early.newest().window = null;
    vi.advanceTimersByTime(30_000);
    expect(early.engines).toHaveLength(1);
  });
});

describe('what a viewer wants', () => {
  it('is to see it, at the live edge, without being asked', () => {
    const { media, newest } = watch(null);
    expect(newest().start).toEqual({ kind: 'live' });
    expect(media.paused).toBe(false);
  });

  it('is speed only up to the live edge: there they stay, in real time', () => {
    const viewer = watch();
    goTo(viewer, 20);
    viewer.playback.setRate(8);
    viewer.newest().show(50, 60, 58);
    vi.advanceTimersByTime(1000);
    expect([viewer.playback.rate(), viewer.playback.following()]).toEqual([8, false]);
    viewer.newest().show(50, 60, 59);
    vi.advanceTimersByTime(1000);
    expect([viewer.playback.rate(), viewer.media.playbackRate, viewer.playback.following()]).toEqual([1, 1, true]);
  });

  it.each(['decoder', 'network', 'other', 'not-ready'] as const)(
    'plays on by itself after an error of kind %s',
    (kind) => {
      const { media, newest } = watch();
      newest().fail(kind);
      vi.advanceTimersByTime(3000);
      newest().show(40, 60, 50);
      expect(media.paused).toBe(false);
    },
  );

  it.each(['decoder', 'other'] as const)('stays paused at its moment after an error of kind %s', (kind) => {
    const viewer = watch();
    const { media, playback, newest } = viewer;
    goTo(viewer, 20);
    playback.pause();
    newest().fail(kind);
    vi.advanceTimersByTime(3000);
    expect(media.paused).toBe(true);
    expect(playback.paused()).toBe(true);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 20_000 });
  });

  it('is restored when the engine has emptied the element by itself: with a new one, it plays on in the past', () => {
    const viewer = watch();
    const { media, engines, newest } = viewer;
    goTo(viewer, 20);
    newest().failAndReset();
    vi.advanceTimersByTime(100);
    expect(engines).toHaveLength(2);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 20_000 });
    expect(media.paused).toBe(false);
  });

  it('is helped where playback stands for good: over a hole, or with a new opening', () => {
    const viewer = watch();
    const { media, engines, newest } = viewer;
    goTo(viewer, 20);
    media.hold(27, 30);
    vi.advanceTimersByTime(3500);
    expect(media.currentTime).toBeCloseTo(27.05);
    media.hold(0, 27);
    vi.advanceTimersByTime(13_000);
    expect(engines).toHaveLength(2);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 27_050 });
  });

  it('keeps its place in the past, however often the source has to be opened', () => {
    const viewer = watch();
    const { engines, newest } = viewer;
    goTo(viewer, 20);
    newest().fail('other');
    vi.advanceTimersByTime(600);
    // The server is away: these openings show nothing, and the element is at 0.
    for (let i = 0; i < 3; i++) {
      newest().window = null;
      newest().fail('network');
      vi.advanceTimersByTime(5000);
    }
    expect(engines).toHaveLength(5);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 20_000 });
  });

  it('is back at the live edge after an interruption, for who was there', () => {
    const { newest } = watch();
    newest().fail('other');
    vi.advanceTimersByTime(600);
    expect(newest().start).toEqual({ kind: 'live' });
  });

  it('keeps its speed', () => {
    const viewer = watch();
    goTo(viewer, 20);
    viewer.playback.setRate(2);
    viewer.newest().fail('other');
    vi.advanceTimersByTime(600);
    expect(viewer.media.playbackRate).toBe(2);
  });

  it('is not changed by a browser that pauses a hidden tab', () => {
    const { media, playback } = watch();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    media.pause();
    expect(playback.paused()).toBe(false);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(media.paused).toBe(false);
    // At once, because a hidden tab falls behind by as long as it was hidden.
    expect(media.currentTime).toBe(59);
    hidden.mockRestore();
  });

  it('is not changed by a browser that stops because its decoder gave up', () => {
    const { media, playback, newest } = watch();
    media.error = new Error('PIPELINE_ERROR_DECODE');
    media.pause();
    expect(playback.paused()).toBe(false);
    newest().fail('decoder');
    vi.advanceTimersByTime(100);
    media.error = null;
    newest().show(40, 60, 50);
    expect(media.paused).toBe(false);
  });

  it('can be told through the browser’s own controls', () => {
    const { media, playback } = watch();
    media.pause();
    expect(playback.paused()).toBe(true);
    void media.play();
    expect(playback.paused()).toBe(false);
  });

  it('is a person’s click where the browser refuses to begin', async () => {
    const { media, playback } = watch(null);
    media.load();
    media.refusal = new DOMException('no gesture', 'NotAllowedError');
    playback.attached();
    await vi.advanceTimersByTimeAsync(0);
    expect(playback.autoplayRefused()).toBe(true);
    expect(playback.paused()).toBe(true);
    media.refusal = null;
    playback.togglePlay();
    await vi.advanceTimersByTimeAsync(0);
    expect(playback.autoplayRefused()).toBe(false);
    expect(media.paused).toBe(false);
  });
});

describe('media with other tracks', () => {
  it('are opened where they begin, when what lies before was seen', () => {
    const { media, engines, newest } = watch();
    newest().options.listener.tracksChanged(EPOCH + 51_000);
    expect(newest().calls).toEqual(['hold']);
    vi.advanceTimersByTime(1000);
    expect(engines).toHaveLength(1);
    media.currentTime = 50.9;
    vi.advanceTimersByTime(200);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 51_000 });
    expect(media.paused).toBe(false);
  });

  it('wait for who is paused', () => {
    const { media, engines, newest, playback } = watch();
    playback.pause();
    media.currentTime = 50.95;
    newest().options.listener.tracksChanged(EPOCH + 51_000);
    vi.advanceTimersByTime(60_000);
    expect(engines).toHaveLength(1);
    playback.togglePlay();
    vi.advanceTimersByTime(200);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 51_000 });
  });

  it('are no error: what the element says of them is expected', () => {
    const { engines, newest, states } = watch();
    newest().options.listener.tracksChanged(EPOCH + 51_000);
    newest().fail('decoder');
    vi.advanceTimersByTime(500);
    expect(engines).toHaveLength(1);
    expect(states.at(-1)).toEqual({ kind: 'playing' });
  });

  it('are opened where was sought to', () => {
    const { media, newest, playback } = watch();
    playback.seek(5);
    media.seeking = true;
    newest().options.listener.tracksChanged(EPOCH);
    vi.advanceTimersByTime(200);
    expect(newest().start).toEqual({ kind: 'date', at: EPOCH + 5000 });
  });
});

describe('a source', () => {
  it('is left alone when it is told again, also as ended', () => {
    const { playback, engines, newest } = watch();
    playback.load({ ...LIVE, live: false });
    expect(engines).toHaveLength(1);
    newest().fail('other');
    vi.advanceTimersByTime(600);
    // A recording has no live edge.
    expect(newest().start.kind).toBe('date');
  });

  it('gives way to the next session, at its live edge', () => {
    const viewer = watch();
    goTo(viewer, 20);
    viewer.playback.load({ ...LIVE, epochAt: EPOCH + 90_000 });
    expect(viewer.newest().start).toEqual({ kind: 'live' });
    expect(viewer.intent.following()).toBe(true);
    expect(viewer.media.paused).toBe(false);
  });

  it('for which the browser has no decoder is tried again, at once when its codec has changed', () => {
    const { newest, states, engines, player } = watch();
    for (let i = 0; i < 6; i++) {
      newest().fail('codec');
      vi.advanceTimersByTime(8000);
    }
    newest().fail('codec');
    expect(states.at(-1)).toEqual({ kind: 'unplayable', codecs: 'avc1.640028' });
    const before = engines.length;
    player.retryNow();
    expect(engines).toHaveLength(before + 1);
    expect(newest().start).toEqual({ kind: 'live' });
  });

  it('is opened anew although its engine fails again and again before that is due', () => {
    const { newest, engines } = watch();
    for (let i = 0; i < 30 && engines.length === 1; i++) {
      newest().failAndReset();
      vi.advanceTimersByTime(150);
    }
    expect(engines).toHaveLength(2);
  });

  it('that breaks behind the picture of who is paused is loaded no further, until they play on', () => {
    const viewer = watch();
    goTo(viewer, 20);
    viewer.playback.pause();
    for (let i = 0; i < 3; i++) {
      viewer.newest().fail('decoder');
      vi.advanceTimersByTime(9000);
      viewer.newest().show(18, 22, 20);
    }
    expect(viewer.newest().calls).toEqual(['hold']);
    viewer.playback.seek(10);
    viewer.media.seeking = true;
    vi.advanceTimersByTime(200);
    expect(viewer.newest().calls).toEqual(['hold', 'release']);
    viewer.media.seeking = false;
    viewer.newest().show(8, 12, 10);
    viewer.playback.togglePlay();
    vi.advanceTimersByTime(200);
    expect(viewer.newest().calls).toEqual(['hold', 'release', 'hold', 'release']);
  });

  it('is tried at once when the network is back', () => {
    const { newest, playback } = watch();
    for (let i = 0; i < 4; i++) {
      newest().fail('network');
      vi.advanceTimersByTime(8000);
    }
    newest().fail('network');
    const before = newest().calls.length;
    window.dispatchEvent(new Event('online'));
    expect(newest().calls.length).toBe(before + 1);
    playback.destroy();
  });
});
