import { describe, expect, it } from 'vitest';
import { OverlayTimeline } from './overlay-timeline';
import { analysisAt } from './testing';

function timelineOf(...analyses: ReturnType<typeof analysisAt>[]) {
  const timeline = new OverlayTimeline({ holdMs: 400, fadeMs: 300, maxInterpolationMs: 1000 });
  for (const analysis of analyses) timeline.insert(analysis);
  return timeline;
}

describe('the overlay timeline', () => {
  it('draws the analysis of the very frame, also when newer ones have arrived', () => {
    const timeline = timelineOf(
      analysisAt(1000, [['cat', 1]]),
      analysisAt(1100, [['dog', 2]]),
      analysisAt(1200, [['bus', 3]]),
    );
    const frame = timeline.at(1100);
    expect(frame).toMatchObject({ kind: 'exact', drawnPtsMs: 1100, opacity: 1 });
    expect(frame.boxes.map((box) => box.label)).toEqual(['dog']);
  });

  it('takes a frame whose PTS was rounded for the same frame, and not its neighbour at 60 per second', () => {
    const timeline = timelineOf(analysisAt(1000, [['cat', 1]]), analysisAt(2500));
    expect(timeline.at(999.5).kind).toBe('exact');
    expect(timeline.at(1000.5).kind).toBe('exact');
    expect(timeline.at(1016.7).kind).not.toBe('exact');
  });

  it('places a tracked object between the frames it was seen on', () => {
    const timeline = timelineOf(
      analysisAt(1000, [['car', 7, [0.1, 0.2, 0.2, 0.2], 0.6]]),
      analysisAt(1100, [['car', 7, [0.3, 0.4, 0.4, 0.2], 0.8]]),
    );
    const frame = timeline.at(1025);
    expect(frame).toMatchObject({ kind: 'interpolated', drawnPtsMs: 1025 });
    expect(frame.boxes[0]).toMatchObject({ interpolated: true, trackId: 7 });
    expect(frame.boxes[0]!.score).toBeCloseTo(0.65);
    for (const [i, value] of [0.15, 0.25, 0.25, 0.2].entries()) expect(frame.boxes[0]!.box[i]).toBeCloseTo(value);
  });

  it('does not join objects without a track, of another track, or of another class', () => {
    const timeline = timelineOf(
      analysisAt(1000, [
        ['car', null],
        ['bus', 1],
        ['cat', 2],
      ]),
      analysisAt(1100, [
        ['car', null],
        ['bus', 9],
        ['dog', 2],
      ]),
    );
    expect(timeline.at(1030).boxes.every((box) => !box.interpolated)).toBe(true);
  });

  it('lets a vanished object stand for half of the way and does not show a new one before it was seen', () => {
    const timeline = timelineOf(analysisAt(1000, [['cat', 1]]), analysisAt(1100, [['dog', 2]]));
    expect(timeline.at(1040).boxes.map((box) => box.label)).toEqual(['cat']);
    expect(timeline.at(1060).boxes).toEqual([]);
    expect(timeline.at(1100).boxes.map((box) => box.label)).toEqual(['dog']);
  });

  it('holds the newest analysis for a bounded time, fades it, and then draws nothing', () => {
    const timeline = timelineOf(analysisAt(1000, [['cat', 1, [0.1, 0.1, 0.1, 0.1]]]));
    expect(timeline.at(1400)).toMatchObject({ kind: 'held', drawnPtsMs: 1000, opacity: 1 });
    const fading = timeline.at(1550);
    expect(fading.kind).toBe('fading');
    expect(fading.opacity).toBeCloseTo(0.5);
    expect(fading.boxes[0]!.box).toEqual([0.1, 0.1, 0.1, 0.1]);
    expect(timeline.at(1700)).toMatchObject({ kind: 'none', boxes: [], drawnPtsMs: null });
  });

  it('does not interpolate across a long gap', () => {
    const timeline = timelineOf(analysisAt(1000, [['cat', 1]]), analysisAt(2500, [['cat', 1]]));
    expect(timeline.at(1300).kind).toBe('held');
    expect(timeline.at(2000).kind).toBe('none');
  });

  it('draws nothing before the first analysis', () => {
    expect(timelineOf(analysisAt(1000, [['cat', 1]])).at(900)).toMatchObject({ kind: 'none', before: null });
  });

  it('orders analyses that arrive out of order and keeps the final one of a frame', () => {
    const timeline = timelineOf(
      analysisAt(1100, [['b', 1]]),
      analysisAt(1000, [['a', 1]], 'final'),
      analysisAt(1000, [['late', 1]], 'provisional'),
      analysisAt(1100, [['repaired', 1]], 'final'),
    );
    expect(timeline.range(0, 5000).map((analysis) => analysis.detections[0]!.label)).toEqual(['a', 'repaired']);
  });

  it('stays bounded and forgets what is furthest from the viewer', () => {
    const live = new OverlayTimeline({ capacity: 10 });
    for (let i = 0; i < 50; i++) {
      live.insert(analysisAt(i * 100));
      live.at(i * 100);
    }
    expect(live.size).toBe(10);
    expect(live.newest!.ptsMs).toBe(4900);

    const lookingBack = new OverlayTimeline({ capacity: 10 });
    for (let i = 0; i < 10; i++) lookingBack.insert(analysisAt(i * 100));
    lookingBack.at(100);
    for (let i = 10; i < 50; i++) lookingBack.insert(analysisAt(i * 100));
    expect(lookingBack.at(100).kind).toBe('exact');
    expect(lookingBack.size).toBe(10);
  });
});
