import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SourceStops } from './source-stops.js';

type Kind = CodedSample['kind'];
const START = 1_700_000_000_000;

/** Samples of a kind at these times, ms from the start. */
function feed(stops: SourceStops, kind: Kind, times: readonly number[]): void {
  for (const at of times)
    stops.sample({ kind, ptsMs: 0, dtsMs: 0, keyframe: true, data: new Uint8Array(1), capturedAt: START + at });
}

const every = (stepMs: number, fromMs: number, toMs: number): number[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, i) => fromMs + i * stepMs);

describe('media that stop', () => {
  it.each([
    ['video', 'audio', 'video_stopped', /No picture has come for 10 s, while the sound goes on/],
    ['audio', 'video', 'audio_stopped', /No sound has come for 10 s, while the picture goes on/],
  ] as const)('%s while %s goes on is said, until it is back', (kind, other, code, message) => {
    const stops = new SourceStops();
    feed(stops, kind, every(40, 0, 10_000));
    feed(stops, other, every(40, 0, 20_000));
    expect(stops.warning(START + 15_000), 'a short pause').toBeNull();
    expect(stops.warning(START + 20_000)).toEqual({ code, message: expect.stringMatching(message) });
    feed(stops, kind, [20_000]);
    expect(stops.warning(START + 20_040)).toBeNull();
  });

  it('together are a publisher that is silent, which is said elsewhere', () => {
    const stops = new SourceStops();
    feed(stops, 'video', every(40, 0, 10_000));
    feed(stops, 'audio', every(40, 0, 10_000));
    expect(stops.warning(START + 60_000)).toBeNull();
  });

  it('are not those of which there was nothing but one kind', () => {
    const stops = new SourceStops();
    feed(stops, 'video', every(40, 0, 10_000));
    expect(stops.warning(START + 60_000)).toBeNull();
  });

  it('are not slides that come every eight seconds, before three of them are missing', () => {
    const stops = new SourceStops();
    feed(stops, 'video', every(8000, 0, 40_000));
    feed(stops, 'audio', every(40, 0, 70_000));
    expect(stops.warning(START + 63_000)).toBeNull();
    expect(stops.warning(START + 65_000)?.code).toBe('video_stopped');
  });
});
