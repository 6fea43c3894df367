import type { AudioTrack, CodedSample, Track, UnsupportedTrack, VideoTrack } from '@media-analyzer/protocol';
import { CodedError } from '@media-analyzer/protocol';
import type { Packet, Stream } from 'node-av/lib';
import { MediaInput, toMs } from './media-input.js';
import { audioFormat, type SampleFormat, unsupported, videoFormat } from './sample-format.js';

export interface MediaFileInfo {
  /** FFmpeg's name of the container. */
  readonly container: string;
  /** Length, ms, or null when the file does not say. */
  readonly durationMs: number | null;
  /** What can be carried as it is: at most one video and one audio track. */
  readonly tracks: readonly Track[];
  /** What cannot; `transcodeToCodedSamples` makes it fit. */
  readonly unsupported: readonly UnsupportedTrack[];
}

/** What comes out of a file: its tracks once, then their samples in the file's order. */
export type FileItem = readonly Track[] | CodedSample;

/** Packets read ahead to learn the configuration of the audio and the earliest decode time. */
const LOOK_AHEAD = 64;

/**
 * A file as a source of coded samples. The earliest decode time is moved to 0: MP4 files with B-frames begin below, MPEG-TS
 * files somewhere above.
 */
export class MediaFile {
  private constructor(
    private readonly input: MediaInput,
    readonly info: MediaFileInfo,
    private readonly converter: SampleConverter,
    private ahead: CodedSample[],
  ) {}

  /** @throws CodedError `media_unreadable` */
  static async open(path: string): Promise<MediaFile> {
    const input = await MediaInput.open(path);
    try {
      const video = input.video && videoFormat(input.video.codecpar);
      const converter = new SampleConverter(input, video);
      const read: CodedSample[] = [];
      for (let count = 0; count < LOOK_AHEAD; count += 1) {
        const next = await input.read();
        if (!next) break;
        const sample = converter.convert(next.stream, next.packet);
        if (sample) read.push(sample);
      }
      const ahead = fillDts(read, frameIntervalMs(input.video));
      const shiftMs = ahead.length > 0 ? -Math.min(...ahead.map((sample) => sample.dtsMs)) : 0;
      const carried = converter.tracks();
      const info: MediaFileInfo = {
        container: input.container,
        durationMs: input.durationMs,
        tracks: carried,
        unsupported: [
          ...(input.video && !carried.some((track) => track.kind === 'video')
            ? [unsupported('video', input.video.codecpar)]
            : []),
          ...(input.audio && !carried.some((track) => track.kind === 'audio')
            ? [unsupported('audio', input.audio.codecpar)]
            : []),
        ],
      };
      converter.shiftMs = shiftMs;
      const carriedKinds = new Set(carried.map((track) => track.kind));
      const samples = ahead
        .filter((sample) => carriedKinds.has(sample.kind))
        .map((sample) => ({ ...sample, ptsMs: sample.ptsMs + shiftMs, dtsMs: sample.dtsMs + shiftMs }));
      return new MediaFile(input, info, converter, samples);
    } catch (error) {
      await input.close();
      throw error;
    }
  }

  /**
   * The samples of the carried tracks, in the file's order. To be read once.
   * @throws CodedError `media_unreadable`
   */
  async *samples(): AsyncGenerator<CodedSample, void, undefined> {
    const ahead = this.ahead;
    this.ahead = [];
    for (const sample of ahead) yield { ...sample, capturedAt: Date.now() };
    for (;;) {
      const read = await this.input.read();
      if (!read) return;
      const sample = this.converter.convert(read.stream, read.packet);
      if (sample) yield sample;
    }
  }

  async close(): Promise<void> {
    await this.input.close();
  }
}

/**
 * What a file holds, without reading it through.
 * @throws CodedError `media_unreadable`
 */
export async function probeFile(path: string): Promise<MediaFileInfo> {
  const file = await MediaFile.open(path);
  await file.close();
  return file.info;
}

/**
 * The file's tracks, then its samples in the file's order; closes the file when it ends or when the reader stops.
 * @throws CodedError `media_unreadable`, also when nothing in the file can be carried as it is
 */
export async function* readCodedSamples(path: string): AsyncGenerator<FileItem, void, undefined> {
  const file = await MediaFile.open(path);
  try {
    if (file.info.tracks.length === 0) {
      const codecs = file.info.unsupported.map((track) => `${track.kind} ${track.codec}`).join(', ') || 'no stream';
      throw new CodedError('media_unreadable', {
        file: path,
        problem: `it has nothing that can be carried as it is: ${codecs}`,
      });
    }
    yield file.info.tracks;
    yield* file.samples();
  } finally {
    await file.close();
  }
}

/** Tells the two kinds of items apart. */
export function isSample(item: FileItem): item is CodedSample {
  return !Array.isArray(item);
}

/** Turns packets into samples, and learns on the way which streams can be carried. */
class SampleConverter {
  shiftMs = 0;
  private audio: SampleFormat<AudioTrack> | null = null;
  private audioSeen = false;
  private lastVideoDtsMs: number | null = null;

  constructor(
    private readonly input: MediaInput,
    private video: SampleFormat<VideoTrack> | null,
  ) {
    // A track whose stream ends before the first packet still counts when the container has its configuration.
    this.audio = input.audio && audioFormat(input.audio.codecpar, null);
  }

  tracks(): Track[] {
    return [this.video?.track, this.audio?.track].filter((track) => track !== undefined);
  }

  convert(stream: Stream, packet: Packet): CodedSample | null {
    const data = packet.data;
    if (!data || data.length === 0) return null;
    return stream === this.input.video
      ? this.convertVideo(stream, packet, data)
      : this.convertAudio(stream, packet, data);
  }

  private convertVideo(stream: Stream, packet: Packet, data: Uint8Array): CodedSample | null {
    if (!this.video) return null;
    const pts = toMs(packet.pts, stream.timeBase);
    if (pts === null) {
      // AVI and raw files have no presentation times; with B-frames they cannot be known without decoding.
      this.video = null;
      return null;
    }
    const dts = toMs(packet.dts, stream.timeBase) ?? this.missingDts(pts);
    if (!Number.isNaN(dts)) this.lastVideoDtsMs = dts;
    return this.sample('video', { pts, dts, keyframe: packet.isKeyframe, data: this.video.convert(data) });
  }

  private convertAudio(stream: Stream, packet: Packet, data: Uint8Array): CodedSample | null {
    if (!this.audioSeen) this.audio ??= audioFormat(stream.codecpar, data);
    this.audioSeen = true;
    const pts = toMs(packet.pts, stream.timeBase) ?? toMs(packet.dts, stream.timeBase);
    if (!this.audio || pts === null) return null;
    return this.sample('audio', { pts, dts: pts, keyframe: true, data: this.audio.convert(data) });
  }

  private sample(
    kind: 'video' | 'audio',
    one: { pts: number; dts: number; keyframe: boolean; data: Uint8Array },
  ): CodedSample {
    const { shiftMs } = this;
    return {
      kind,
      ptsMs: one.pts + shiftMs,
      dtsMs: one.dts + shiftMs,
      keyframe: one.keyframe,
      data: one.data,
      capturedAt: Date.now(),
    };
  }

  /** Matroska has no decode times, and FFmpeg cannot tell those of the first packets: `fillDts` does when more are known. */
  private missingDts(pts: number): number {
    return this.lastVideoDtsMs === null ? Number.NaN : Math.min(pts, this.lastVideoDtsMs);
  }
}

/** Distance of two pictures as the container announces it, ms; 40 when it does not. */
function frameIntervalMs(stream: Stream | null): number {
  const rate = stream?.avgFrameRate;
  return rate && rate.num > 0 && rate.den > 0 ? (1000 * rate.den) / rate.num : 40;
}

/** Gives the leading video samples without decode time (NaN) equally spaced ones before the first that is known. */
function fillDts(samples: readonly CodedSample[], intervalMs: number): CodedSample[] {
  const video = samples.filter((sample) => sample.kind === 'video');
  const known = video.findIndex((sample) => !Number.isNaN(sample.dtsMs));
  let dtsMs = known < 0 ? Math.min(...video.map((sample) => sample.ptsMs)) : video[known]!.dtsMs;
  const filled = new Map<CodedSample, number>();
  for (let index = (known < 0 ? video.length : known) - 1; index >= 0; index -= 1) {
    dtsMs -= intervalMs;
    filled.set(video[index]!, dtsMs);
  }
  return samples.map((sample) => ({ ...sample, dtsMs: filled.get(sample) ?? sample.dtsMs }));
}
