import { describe, expect, it } from 'vitest';
import { modelOf, sessionOf, streamOf } from '../shared/testing';
import type { PlayerState } from './hls-player';
import { missingModel, shouldPlay, stageOf } from './stage';

const session = sessionOf();
const playing: PlayerState = { kind: 'playing' };
const stage = (
  change: Parameters<typeof streamOf>[0],
  more: { player?: PlayerState; codecsPlayable?: boolean; replaying?: boolean } = {},
) => stageOf({ stream: streamOf(change), player: playing, codecsPlayable: true, replaying: false, ...more });

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

  it('says what cannot be played, whether the browser or the player found out', () => {
    const hevc = sessionOf({
      video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.90', width: 1920, height: 1080, frameRate: 50 },
    });
    expect(stage({ state: 'live', session: hevc }, { codecsPlayable: false })).toEqual({
      kind: 'unplayable',
      codec: 'hevc',
    });
    expect(stage({ state: 'live', session: hevc }, { player: { kind: 'unplayable', codecs: 'hvc1' } })).toEqual({
      kind: 'unplayable',
      codec: 'hevc',
    });
    expect(stage({ state: 'live', session: sessionOf({ video: null }) })).toEqual({ kind: 'no-video' });
  });

  it('shows the player’s troubles only where there is something to play', () => {
    const player: PlayerState = { kind: 'recovering', message: 'The picture cannot be loaded' };
    expect(stage({ state: 'live', session }, { player })).toEqual({
      kind: 'recovering',
      message: 'The picture cannot be loaded',
    });
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
    expect(shouldPlay(streamOf({ state: 'live', session: sessionOf({ video: null }) }), false)).toBe(false);
  });
});

describe('the missing model', () => {
  it('is the one in use, when it is not ready', () => {
    expect(missingModel([modelOf(), modelOf({ name: 'other', active: false, state: 'missing' })], null)).toBeNull();
    expect(missingModel([modelOf({ state: 'fetching' })], null)?.name).toBe('yolox-nano');
    expect(missingModel(null, null)).toBeNull();
  });
});
