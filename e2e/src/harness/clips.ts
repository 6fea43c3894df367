import { makeTimecodeClip, type TimecodeClip } from '../timecode/clip.js';
import { testMedia } from './paths.js';

/** People, a dog and a ball: something to detect in every second. */
const PEOPLE = testMedia('video/woman_dog_ball_720p30.mp4');

/** What most tests publish: small enough for a busy machine, with B-frames, a keyframe every second, and a timecode. */
export const LIVE_CLIP: TimecodeClip = {
  sources: [PEOPLE],
  width: 640,
  height: 360,
  frameRate: [30, 1],
  seconds: 60,
  keyframeInterval: 30,
  bFrames: 2,
  bitrate: 900_000,
};

/** Duration of a frame of `LIVE_CLIP`, ms. */
export const LIVE_FRAME_MS = 1000 / 30;

/** Path of `LIVE_CLIP`, or of one that differs from it; made at the first use. */
export const liveClip = (change: Partial<TimecodeClip> = {}): Promise<string> =>
  makeTimecodeClip({ ...LIVE_CLIP, ...change });
