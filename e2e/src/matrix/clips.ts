import { testMedia } from '../harness/paths.js';
import { type LoadedMedia, loadMedia } from '../harness/publish.js';
import { transcodeFile } from '../harness/transcode.js';

const PEOPLE = testMedia('video/woman_dog_ball_720p30.mp4');
/** Frames per second: what recovers from a change counts parts and keyframes, and drawing frames is what costs most here. */
const FPS = 12;
const GOP = ['-g', String(FPS)];
const TINY = ['-vf', `scale=320:180,setsar=1,fps=${FPS}`, '-t', '8'];
const TALL = ['-vf', `scale=180:320,setsar=1,fps=${FPS}`, '-t', '8'];
const SOUND = ['-c:a', 'aac', '-b:a', '64k', '-ar', '48000', '-ac', '2'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-crf', '30', '-sc_threshold', '0'];

/** ffmpeg's arguments for each clip: small enough for a page on two cores to play four of them at once. */
const CLIPS = {
  /** What is published first: a keyframe every second, with sound. */
  base: [...TINY, ...H264, ...GOP, ...SOUND],
  /** Another size, turned as a phone is. */
  tall: [...TALL, ...H264, ...GOP, ...SOUND],
  /** The same with parameter sets before each keyframe, for an encoder that says so nowhere else. */
  tallInBand: [...TALL, ...H264, ...GOP, '-bsf:v', 'dump_extra=freq=keyframe', ...SOUND],
  /** Another profile, another sound. */
  main: [
    ...[...TINY, '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-bf', '0', '-crf', '30', ...GOP],
    ...['-c:a', 'aac', '-b:a', '48k', '-ar', '44100', '-ac', '1'],
  ],
  av1: [...TINY, '-c:v', 'libaom-av1', '-cpu-used', '8', '-crf', '45', ...GOP, '-lag-in-frames', '0', ...SOUND],
  /** What Chromium plays only where there is hardware for it. */
  hevc: [
    ...TINY,
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    `keyint=${FPS}:bframes=0:log-level=error`,
    ...SOUND,
  ],
  /** What OBS does when it is left to choose: many seconds between keyframes, here as many as the clip has. */
  longGop: [...TINY, ...H264, '-g', '250', ...SOUND],
  /** A frame every two seconds, as of slides. */
  slides: ['-vf', 'scale=320:180,setsar=1,fps=1/2', '-t', '8', ...H264, '-g', '1', ...SOUND],
  /** Leading pictures that refer to what came before their keyframe. */
  openGop: [
    ...[...TINY, '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-crf', '30'],
    ...['-x264opts', `open-gop=1:keyint=${FPS}:min-keyint=${FPS}:scenecut=0`, ...SOUND],
  ],
  /** The same with groups that end at no whole second, for so long that several segments begin within them. */
  longOpenGop: [
    ...['-vf', `fps=${FPS},scale=320:180,setsar=1,trim=0:9,loop=3:105,setpts=N/${FPS}/TB`],
    ...['-af', 'aloop=3:400000', '-t', '25'],
    ...['-map', '0:v', '-map', '0:a', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-crf', '30'],
    ...['-x264opts', 'open-gop=1:keyint=30:min-keyint=30:scenecut=0', ...SOUND],
  ],
} as const;

export type ClipName = keyof typeof CLIPS;

const loaded = new Map<ClipName, Promise<LoadedMedia>>();

/** A clip of eight seconds, made at its first use. */
export function clip(name: ClipName): Promise<LoadedMedia> {
  const known = loaded.get(name) ?? transcodeFile(PEOPLE, `matrix-${name}`, CLIPS[name]).then(loadMedia);
  loaded.set(name, known);
  return known;
}

/** Makes all clips that were not made yet, one after the other: encoding them while people watch would disturb them. */
export async function makeClips(): Promise<void> {
  for (const name of Object.keys(CLIPS) as ClipName[]) await clip(name);
}
