import path from 'node:path';
import type { CodedSample, VideoCodec, VideoTrack } from '@media-analyzer/protocol';
import { ffmpeg, readVideo, scratchFolder } from '../../testing/media.js';
import type { ParameterTrouble } from '../access-unit.js';
import { type PictureDropReason, VideoAssembler, type VideoMessage } from '../video-assembler.js';

const FOLDER = scratchFolder();
const made = new Map<string, Promise<Bitstream>>();

/** A real bitstream: what an encoder made, as its track and one sample a picture. */
export interface Bitstream {
  readonly track: VideoTrack;
  readonly samples: readonly CodedSample[];
}

/** What to encode, in ffmpeg's words. */
export interface EncodeOptions {
  readonly size?: string;
  readonly seconds?: number;
  readonly rate?: number;
  /** For example `-c:v libx264 -g 10 -bf 0`. */
  readonly codec: string;
  /** A filter after the source. */
  readonly filter?: string;
}

/** Encodes a test picture; the same options are encoded once. */
export function encode({ size = '320x180', seconds = 2, rate = 25, codec, filter }: EncodeOptions): Promise<Bitstream> {
  const source = `testsrc2=size=${size}:rate=${rate}:duration=${seconds}${filter ? `,${filter}` : ''}`;
  const key = `${source} ${codec}`;
  const known = made.get(key);
  if (known) return known;
  const file = path.join(FOLDER, `${made.size}.mp4`);
  ffmpeg(`-f lavfi -i ${source} -pix_fmt yuv420p ${codec} -an ${file}`);
  const bitstream = readVideo(file);
  made.set(key, bitstream);
  return bitstream;
}

/** Messages as an honest encoder would publish the samples. */
export function messagesOf(samples: readonly CodedSample[]): VideoMessage[] {
  return samples.map(({ data, keyframe, dtsMs, ptsMs, capturedAt }) => ({
    ...{ data, claimed: keyframe, dtsMs, ptsMs, capturedAt },
  }));
}

/** What came out, in order. */
export interface Outcome {
  readonly samples: CodedSample[];
  readonly tracks: VideoTrack[];
  /** Index of the sample before which each track was announced. */
  readonly trackAt: number[];
  readonly dropped: PictureDropReason[];
  readonly troubles: ParameterTrouble[];
}

/** Publishes: byte arrays are sequence headers. */
export function assemble(codec: VideoCodec, input: readonly (VideoMessage | Uint8Array)[]): Outcome {
  const outcome: Outcome = { samples: [], tracks: [], trackAt: [], dropped: [], troubles: [] };
  const assembler = new VideoAssembler(codec, {
    onTrack: (track) => {
      outcome.tracks.push(track);
      outcome.trackAt.push(outcome.samples.length);
    },
    onSample: (sample) => void outcome.samples.push(sample),
    onDropped: (reason) => void outcome.dropped.push(reason),
    onTrouble: (trouble) => void outcome.troubles.push(trouble),
  });
  for (const item of input) {
    if (item instanceof Uint8Array) assembler.configure(item);
    else assembler.message(item);
  }
  assembler.flush();
  return outcome;
}

/** The NAL units of a sample. */
export function unitsOf(data: Uint8Array): Uint8Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const units: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += 4 + view.getUint32(at)) {
    units.push(data.subarray(at + 4, at + 4 + view.getUint32(at)));
  }
  return units;
}

/** Units with lengths of `size` bytes before them. */
export function framed(units: readonly Uint8Array[], size = 4): Uint8Array {
  return Uint8Array.from(
    units.flatMap((unit) => [
      ...Array.from({ length: size }, (_, i) => (unit.length / 256 ** (size - 1 - i)) & 0xff),
      ...unit,
    ]),
  );
}

/** Units between start codes. */
export function annexB(units: readonly Uint8Array[], longCode = true): Uint8Array {
  return Uint8Array.from(units.flatMap((unit) => [...(longCode ? [0] : []), 0, 0, 1, ...unit]));
}

/** The bytes of samples with their keyframes and times: equal when the same was passed on. */
export const content = ({ samples }: Pick<Bitstream, 'samples'>) =>
  samples.map(({ data, keyframe, dtsMs }) => [Buffer.from(data).toString('base64'), keyframe, dtsMs]);

/** Messages with some of them changed, taken out, or joined by others. */
export const change = (
  messages: readonly VideoMessage[],
  how: (message: VideoMessage, index: number) => VideoMessage[],
) => messages.flatMap(how);

/** The message with other bytes. */
export const withData = (message: VideoMessage, data: Uint8Array): VideoMessage => ({ ...message, data });
