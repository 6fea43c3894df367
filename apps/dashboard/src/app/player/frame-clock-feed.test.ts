import Hls, {
  Events,
  Fragment,
  type Level,
  type LevelDetails,
  type MediaFragment,
  PlaylistLevelType,
} from 'hls.js/light';
import { describe, expect, it } from 'vitest';
import { FrameClock } from '../overlay/frame-clock';
import { FrameClockFeed } from './frame-clock-feed';

const EPOCH = 1_700_000_000_000;

function fragment(sn: number, cc: number, start: number, pdtMs: number): MediaFragment {
  const frag = new Fragment(PlaylistLevelType.MAIN, 'http://server/media.m3u8');
  frag.sn = sn;
  frag.cc = cc;
  frag.setStart(start);
  frag.setDuration(2);
  frag.startPTS = start;
  frag.programDateTime = EPOCH + pdtMs;
  return frag as MediaFragment;
}

/** hls.js itself as the bus: its events carry what the feed reads. */
function feed() {
  const hls = new Hls({ autoStartLoad: false });
  const clock = new FrameClock(EPOCH);
  new FrameClockFeed(hls, clock);
  const parsed = (frag: MediaFragment, end = frag.start + 2, type = 'video') =>
    hls.trigger(Events.LEVEL_PTS_UPDATED, {
      details: {} as LevelDetails,
      level: {} as Level,
      drift: 0,
      type,
      frag,
      part: null,
      start: frag.start,
      end,
    });
  const found = (frag: MediaFragment, initPTS: number, id: PlaylistLevelType = PlaylistLevelType.MAIN) =>
    hls.trigger(Events.INIT_PTS_FOUND, { timestampOffsets: [], frag, id, initPTS, timescale: 90_000, trackId: 1 });
  return { hls, clock, parsed, found };
}

describe('the feed of the frame clock', () => {
  it('gives each discontinuity the offset that the player applied to it', () => {
    const { hls, clock, parsed, found } = feed();
    const before = fragment(10, 0, 0, 60_000);
    const after = fragment(11, 1, 2, 75_000);
    found(before, 60 * 90_000);
    parsed(before);
    found(after, 73 * 90_000);
    parsed(after);
    expect(clock.read(1.5)).toEqual({ ptsMs: 61_500, source: 'container' });
    expect(clock.read(2.5)).toEqual({ ptsMs: 75_500, source: 'container' });
    hls.destroy();
  });

  it('goes by the date when the container counts on another clock, and does not listen to audio renditions', () => {
    const { hls, clock, parsed, found } = feed();
    const frag = fragment(10, 0, 0, 60_000);
    found(frag, 0);
    found(frag, 60 * 90_000, PlaylistLevelType.AUDIO);
    parsed(frag);
    parsed(fragment(11, 0, 2, 0), 4, 'audio');
    expect(clock.read(1.5)).toEqual({ ptsMs: 61_500, source: 'date' });
    expect(clock.read(2.5)).toBeNull();
    hls.destroy();
  });

  it('follows a segment that comes in parts', () => {
    const { hls, clock, parsed, found } = feed();
    const frag = fragment(10, 0, 4, 60_000);
    found(frag, 56 * 90_000);
    parsed(frag, 4.25);
    expect(clock.read(4.2)!.ptsMs).toBeCloseTo(60_200, 6);
    expect(clock.read(4.6)).toBeNull();
    parsed(frag, 4.75);
    expect(clock.read(4.6)!.ptsMs).toBeCloseTo(60_600, 6);
    hls.destroy();
  });
});
