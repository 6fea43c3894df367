import { describe, expect, it } from 'vitest';
import { testMedia } from '../harness/paths.js';
import { framesPerSecond, makeTimecodeClip, type TimecodeClip } from './clip.js';
import { readTimecodes } from './read.js';

const base: TimecodeClip = {
  sources: [testMedia('video/woman_dog_ball_720p30.mp4')],
  width: 640,
  height: 360,
  frameRate: [30, 1],
  seconds: 4,
  keyframeInterval: 30,
  bFrames: 2,
  bitrate: 900_000,
};

describe('a clip with a burnt-in timecode', () => {
  const kinds: [string, Partial<TimecodeClip>][] = [
    ['at 360p with B-frames', {}],
    ['at 29.97 frames a second', { frameRate: [30_000, 1001] }],
    ['at 50 frames a second without B-frames', { frameRate: [50, 1], bFrames: 0 }],
    ['at a bitrate far too low for it', { bitrate: 120_000 }],
    ['with a size that cells do not divide', { width: 854, height: 480 }],
    [
      'with one video after the other behind the strip',
      { sources: ['cups_trick_720p30', 'climbing_wall_portrait_960p25'].map((name) => testMedia(`video/${name}.mp4`)) },
    ],
  ];
  for (const [name, change] of kinds) {
    it(`is readable in every frame ${name}, and frame n is presented at n / rate`, async () => {
      const clip = { ...base, ...change };
      const frames = await readTimecodes(await makeTimecodeClip(clip));

      expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, i) => i));
      expect(frames.length).toBe(Math.round(clip.seconds * framesPerSecond(clip.frameRate)));
      const start = frames[0]?.ptsSeconds ?? 0;
      for (const [i, { ptsSeconds }] of frames.entries()) {
        expect(ptsSeconds - start).toBeCloseTo(i / framesPerSecond(clip.frameRate), 3);
      }
    });
  }
});
