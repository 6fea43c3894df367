import { testMedia } from '../harness/paths.js';
import { makeTimecodeClip, type TimecodeClip } from '../timecode/clip.js';

/** Real video of streets, people, animals and sport, as encoders send it. */
const SOURCES = [
  'video/woman_dog_ball_720p30.mp4',
  'video/pedestrian_street_480p25.mp4',
  'video/highway_dashcam_540p25.mp4',
  'video/cups_trick_720p30.mp4',
  'video/marathon_run_400p.mp4',
  'video/sport_baseball_360p30.mp4',
];

/** 1080p30, 6 Mbit/s, keyframe every second, B-frames: OBS with x264 veryfast, as its wizard sets it for 1080p. */
export const BENCH_CLIP: TimecodeClip = {
  sources: SOURCES.map(testMedia),
  width: 1920,
  height: 1080,
  frameRate: [30, 1],
  seconds: 60,
  keyframeInterval: 30,
  bFrames: 2,
  bitrate: 6_000_000,
  preset: 'veryfast',
};

/** Duration of a frame of the bench clip, ms. */
export const BENCH_FRAME_MS = 1000 / 30;

/** What it is, in words, for reports. */
export const BENCH_CLIP_TEXT = `1920x1080, 30 fps, x264 veryfast 6 Mbit/s, 2 B-frames, keyframe every 1 s, AAC; 60 s out of ${SOURCES.length} clips`;

/** Path of the bench clip; made at the first use (about a minute). */
export const benchClip = (): Promise<string> => makeTimecodeClip(BENCH_CLIP);
