import { afterEach, describe, expect, it, vi } from 'vitest';
import { healthOf, modelOf, sessionOf, streamOf } from '../shared/testing';
import type { PlayerState } from './hls-player';
import { missingModel, type StageInput, shouldPlay, stageOf } from './stage';

afterEach(() => vi.unstubAllGlobals());

const session = sessionOf();
const playing: PlayerState = { kind: 'playing' };
const stage = (change: Parameters<typeof streamOf>[0], more: Partial<StageInput> = {}) =>
  stageOf({
    stream: streamOf(change),
    player: playing,
    codecsPlayable: true,
    replaying: false,
    health: null,
    picture: 'ok',
    ...more,
  });

describe('the stage', () => {
  it('shows how to publish while nobody does, with the last session to watch if there is one', () => {
    expect(stage({})).toEqual({ kind: 'offline', replay: false });
    expect(stage({ session })).toEqual({ kind: 'offline', replay: true });
    expect(stage({ session }, { replaying: true })).toEqual({ kind: 'picture' });
  });

  it('keeps the picture under the notice while the publisher is away, with the time it has', () => {
    expect(stage({ state: 'reconnecting', session, reconnectUntilAt: 1234 })).toEqual({
      kind: 'reconnecting',
      untilAt: 1234,
    });
    expect(stage({ state: 'reconnecting', session })).toEqual({ kind: 'reconnecting', untilAt: null });
  });

  it('blames the sound where the browser plays the picture', () => {
    vi.stubGlobal('MediaSource', { isTypeSupported: (type: string) => !type.includes('opus') });
    const opus = sessionOf({ audio: { codec: 'opus', codecString: 'opus', sampleRate: 48_000, channels: 2 } });
    expect(stage({ state: 'live', session: opus }, { player: { kind: 'unplayable', codecs: 'opus' } })).toEqual({
      kind: 'unplayable',
      codec: 'opus',
    });
  });

  it('says what cannot be played, whether the browser or the player found out', () => {
    const hevc = sessionOf({
      video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.90', width: 1920, height: 1080, frameRate: 50 },
    });
    expect(stage({ state: 'live', session: hevc }, { codecsPlayable: false, player: { kind: 'idle' } })).toEqual({
      kind: 'unplayable',
      codec: 'hevc',
    });
    expect(stage({ state: 'live', session: hevc }, { player: { kind: 'unplayable', codecs: 'hvc1' } })).toEqual({
      kind: 'unplayable',
      codec: 'hevc',
    });
    expect(stage({ state: 'live', session: hevc }, { codecsPlayable: false, player: { kind: 'playing' } })).toEqual({
      kind: 'picture',
    });
    expect(stage({ state: 'live', session: sessionOf({ video: null }) })).toEqual({ kind: 'no-video' });
  });

  it('waits for the first segment in words, with the encoder’s own interval, instead of failing to load it', () => {
    const starting = sessionOf({ playable: false });
    expect(stage({ state: 'live', session: starting })).toEqual({
      kind: 'waiting',
      awaits: { what: 'keyframe', intervalMs: null },
      reason: null,
    });
    expect(stage({ state: 'live', session: starting }, { health: healthOf({ keyframeIntervalMs: 8333 }) })).toEqual({
      kind: 'waiting',
      awaits: { what: 'keyframe', intervalMs: 8333 },
      reason: null,
    });
    const often = healthOf({ keyframeIntervalMs: 1000 });
    expect(stage({ state: 'live', session: starting }, { health: often })).toMatchObject({ awaits: { what: 'start' } });
    // A server or a cache that does not tell, and a playlist that is not there.
    expect(stage({ state: 'live', session }, { player: { kind: 'waiting' } })).toMatchObject({ kind: 'waiting' });
    expect(stage({ state: 'reconnecting', session: starting })).toMatchObject({ kind: 'reconnecting' });
  });

  it('never leaves a black picture without a word: who sends none, or what the server knows of why none is shown', () => {
    const shown = (picture: StageInput['picture'], health: Parameters<typeof healthOf>[0]) =>
      stage({ state: 'live', session }, { picture, health: healthOf(health) });
    expect(shown('loaded-not-shown', {})).toEqual({ kind: 'no-picture', cause: 'not-decoded', reason: null });
    const warnings = [
      { code: 'no_audio' as const, message: 'no audio' },
      { code: 'codec_not_playable_in_browsers' as const, message: 'set H.264' },
    ];
    expect(shown('loaded-not-shown', { warnings })).toMatchObject({
      cause: 'not-decoded',
      reason: { message: 'set H.264' },
    });
    expect(shown('not-loaded', { measuredFrameRate: null })).toMatchObject({ cause: 'not-sent' });
    // Nothing is loaded and frames are sent: the network is slow, which the spinner says.
    expect(shown('not-loaded', {})).toEqual({ kind: 'picture' });
    // Unless their times are wrong: they are loaded and never fit together.
    for (const code of ['not_real_time', 'audio_not_real_time'] as const) {
      const reason = { code, message: 'start anew' };
      expect(shown('not-loaded', { warnings: [reason] })).toMatchObject({ cause: 'not-decoded', reason });
    }
    expect(stage({ state: 'live', session }, { picture: 'ok' })).toEqual({ kind: 'picture' });
  });

  it('shows the player’s troubles only where there is something to play', () => {
    const player: PlayerState = { kind: 'recovering', trouble: 'network' };
    expect(stage({ state: 'live', session }, { player })).toEqual({ kind: 'recovering', trouble: 'network' });
    expect(stage({ state: 'connecting' }, { player })).toEqual({ kind: 'connecting' });
    expect(stage({ state: 'ended', session }, { player })).toEqual({ kind: 'ended' });
  });
});

describe('playing', () => {
  it('goes on while the publisher is away and stops with the session, unless its recording is asked for', () => {
    expect(shouldPlay(streamOf({ state: 'live', session }), false)).toBe(true);
    expect(shouldPlay(streamOf({ state: 'reconnecting', session }), false)).toBe(true);
    expect(shouldPlay(streamOf({ state: 'ended', session }), false)).toBe(false);
    expect(shouldPlay(streamOf({ state: 'ended', session }), true)).toBe(true);
    // Sound alone can be listened to.
    expect(shouldPlay(streamOf({ state: 'live', session: sessionOf({ video: null }) }), false)).toBe(true);
    expect(shouldPlay(streamOf({ state: 'live', session: sessionOf({ video: null, audio: null }) }), false)).toBe(
      false,
    );
    expect(shouldPlay(streamOf({ state: 'live', session: sessionOf({ playable: false }) }), false)).toBe(false);
  });
});

describe('the missing model', () => {
  it('is the one in use, when it is not ready', () => {
    expect(missingModel([modelOf(), modelOf({ name: 'other', active: false, state: 'missing' })], null)).toBeNull();
    expect(missingModel([modelOf({ state: 'fetching' })], null)?.name).toBe('yolox-nano');
    expect(missingModel(null, null)).toBeNull();
  });
});
