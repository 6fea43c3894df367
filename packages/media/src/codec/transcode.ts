import { CodedError, type CodedSample, describeError, type Track } from '@media-analyzer/protocol';
import type { FileItem } from './media-file.js';
import { MediaInput } from './media-input.js';
import {
  type AudioTranscodeOptions,
  audioTranscoder,
  type Transcoder,
  type VideoTranscodeOptions,
  videoTranscoder,
} from './transcoders.js';

export interface TranscodeOptions {
  /** null leaves the video out. */
  readonly video?: VideoTranscodeOptions | null;
  /** null leaves the audio out. */
  readonly audio?: AudioTranscodeOptions | null;
}

/** Most samples held back while one track waits for the other; files are interleaved within a second or two. */
const MAX_HELD = 1_000;

/**
 * Decodes any file and encodes it again as H.264 and AAC: the file's tracks, then their samples in decode order, the first
 * at 0. Runs as fast as its reader takes the samples; closes the file when it ends or when the reader stops.
 *
 * @throws CodedError `media_unreadable`
 */
export async function* transcodeToCodedSamples(
  path: string,
  options: TranscodeOptions = {},
): AsyncGenerator<FileItem, void, undefined> {
  const input = await MediaInput.open(path);
  const transcoders = new Map<number, Transcoder>();
  try {
    if (input.video && options.video !== null) {
      transcoders.set(input.video.index, await videoTranscoder(input.video, options.video ?? {}));
    }
    if (input.audio && options.audio !== null) {
      transcoders.set(input.audio.index, await audioTranscoder(input.audio, options.audio ?? {}));
    }
    yield* interleave([...transcoders.values()], encoded(input, transcoders));
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new CodedError('media_unreadable', { file: path, problem: describeError(error) });
  } finally {
    for (const transcoder of transcoders.values()) transcoder.close();
    await input.close();
  }
}

async function* encoded(
  input: MediaInput,
  transcoders: ReadonlyMap<number, Transcoder>,
): AsyncGenerator<CodedSample, void, undefined> {
  for (;;) {
    const read = await input.read();
    if (!read) break;
    yield* (await transcoders.get(read.stream.index)?.push(read.packet)) ?? [];
  }
  for (const transcoder of transcoders.values()) yield* await transcoder.push(null);
}

/** Puts the tracks' samples into one order of decode times and moves the first to 0. */
async function* interleave(
  transcoders: readonly Transcoder[],
  samples: AsyncIterable<CodedSample>,
): AsyncGenerator<FileItem, void, undefined> {
  const held: CodedSample[] = [];
  let shiftMs: number | null = null;
  const release = function* (until: number): Generator<FileItem> {
    if (shiftMs === null) {
      const tracks: Track[] = transcoders.flatMap(({ track }) => track ?? []);
      if (tracks.length === 0) throw new Error('no frame of it could be decoded');
      yield tracks;
      shiftMs = -Math.min(...held.map((sample) => sample.dtsMs));
    }
    while (held.length > 0 && held[0]!.dtsMs <= until) {
      const sample = held.shift()!;
      yield { ...sample, ptsMs: sample.ptsMs + shiftMs, dtsMs: sample.dtsMs + shiftMs };
    }
  };
  const newest = new Map<string, number>();
  for await (const sample of samples) {
    let at = held.length;
    while (at > 0 && held[at - 1]!.dtsMs > sample.dtsMs) at -= 1;
    held.splice(at, 0, sample);
    newest.set(sample.kind, sample.dtsMs);
    if (newest.size === transcoders.length) yield* release(Math.min(...newest.values()));
    else if (held.length > MAX_HELD) yield* release(held[held.length - MAX_HELD]!.dtsMs);
  }
  yield* release(Number.POSITIVE_INFINITY);
}
