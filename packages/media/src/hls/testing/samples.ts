import type { CodedSample, Track } from '@media-analyzer/protocol';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../../bitstream/index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

export const VIDEO: Track = videoTrackFromConfiguration(
  'h264',
  hex('0164001effe100196764001eacd940a42fe224c04400000fa40003a9803c58b65801000668ebe3cb22c0fdf8f800'),
);
export const AUDIO: Track = audioTrackFromConfiguration('aac', hex('1190'));
/** Another encoder configuration of the same codec. */
export const OTHER_AUDIO: Track = audioTrackFromConfiguration('aac', hex('1208'));

export interface ProgramOptions {
  readonly fromMs?: number;
  readonly toMs: number;
  /** Frames per second; 0: no picture. */
  readonly rate?: number;
  readonly keyframeEveryMs?: number;
  readonly sound?: boolean;
  /** PTS minus DTS of pictures, ms. */
  readonly reorderMs?: number;
  readonly frameBytes?: number;
}

/** A programme without content: pictures and AAC frames at 48 kHz in order of decode time, in whole ms. */
export function program(options: ProgramOptions): CodedSample[] {
  const {
    fromMs = 0,
    toMs,
    rate = 30,
    keyframeEveryMs = 1000,
    sound = true,
    reorderMs = 0,
    frameBytes = 100,
  } = options;
  const samples: CodedSample[] = [];
  const add = (kind: 'video' | 'audio', ms: number, keyframe: boolean, bytes: number): void => {
    const dtsMs = Math.round(ms);
    samples.push({
      kind,
      dtsMs,
      ptsMs: kind === 'video' ? dtsMs + reorderMs : dtsMs,
      keyframe,
      data: unit(bytes),
      capturedAt: dtsMs,
    });
  };
  let nextKeyframe = fromMs;
  for (let i = 0; rate > 0 && fromMs + (i * 1000) / rate < toMs - 1e-6; i += 1) {
    const ms = fromMs + (i * 1000) / rate;
    const keyframe = ms >= nextKeyframe - 1;
    if (keyframe) nextKeyframe += keyframeEveryMs;
    add('video', ms, keyframe, frameBytes);
  }
  for (let i = 0; sound && fromMs + (i * 1024) / 48 < toMs - 1e-6; i += 1)
    add('audio', fromMs + (i * 1024) / 48, true, 10);
  return samples.sort((a, b) => a.dtsMs - b.dtsMs || a.kind.localeCompare(b.kind));
}

/** One unit that fills the sample, after its length: what the assembler passes on has no empty ones. */
function unit(bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  new DataView(data.buffer).setUint32(0, bytes - 4);
  return data;
}
