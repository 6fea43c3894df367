import { setTimeout as delay } from 'node:timers/promises';
import { isSample, readCodedSamples } from '@media-analyzer/media/codec';
import { RtmpPublisher, type RtmpPublisherOptions } from '@media-analyzer/media/rtmp';
import type { CodedSample, Track } from '@media-analyzer/protocol';
import { Child } from './child.js';
import { findProgram } from './programs.js';

/** How `ffmpeg` publishes a file. */
export interface FfmpegPublishOptions {
  /** Repeats the file this many times more; -1 for ever (the default). */
  readonly loops?: number;
  /** In place of `-c copy`. */
  readonly codec?: readonly string[];
  /** Before `-i`. */
  readonly input?: readonly string[];
  /** After the codec. */
  readonly output?: readonly string[];
}

/** Publishes a file with `ffmpeg` in real time, as a script or an encoder box does, until it is stopped. */
export function publishWithFfmpeg(url: string, file: string, options: FfmpegPublishOptions = {}): Child {
  return new Child('ffmpeg publisher', findProgram('ffmpeg'), [
    ...['-hide_banner', '-nostdin', '-loglevel', 'warning', '-re', '-stream_loop', String(options.loops ?? -1)],
    ...(options.input ?? []),
    ...['-i', file, ...(options.codec ?? ['-c', 'copy']), ...(options.output ?? [])],
    ...['-flvflags', 'no_duration_filesize', '-f', 'flv', url],
  ]);
}

/** A file in memory: its tracks, and its samples in decode order. */
export interface LoadedMedia {
  readonly tracks: readonly Track[];
  readonly samples: readonly CodedSample[];
  /** Decode time at which sending begins, ms; 0 when not given. */
  readonly startMs?: number;
}

/** Reads a whole file. For short clips. */
export async function loadMedia(file: string): Promise<LoadedMedia> {
  const tracks: Track[] = [];
  const samples: CodedSample[] = [];
  for await (const item of readCodedSamples(file)) {
    if (isSample(item)) samples.push(item);
    else tracks.push(...item);
  }
  return { tracks, samples: samples.sort((a, b) => a.dtsMs - b.dtsMs) };
}

/** What a test decides about an own publisher. */
export interface OwnPublishOptions {
  readonly rtmp?: RtmpPublisherOptions;
  /** Called right after the last byte of a sample was handed to the socket. */
  readonly onSent?: (sample: CodedSample) => void;
  /** Kinds to send; both when not given. */
  readonly only?: CodedSample['kind'];
  /** Sequence headers are sent; so it is when not given. */
  readonly headers?: boolean;
  /** Added to every time, ms: where the encoder's clock stands. */
  readonly startMs?: number;
}

/**
 * A publisher under full control of the test: publishes media in real time, once, and can vanish, fall silent or go on.
 */
export class OwnPublisher {
  private readonly stopping = new AbortController();
  private constructor(
    readonly rtmp: RtmpPublisher,
    private readonly options: OwnPublishOptions,
  ) {}

  /** Connects and is accepted. @throws CodedError `rtmp_publish_refused` */
  static async open(url: string, options: OwnPublishOptions = {}): Promise<OwnPublisher> {
    const rtmp = new RtmpPublisher(options.rtmp);
    try {
      await rtmp.connect(url);
      await rtmp.publish();
    } catch (error) {
      rtmp.destroy();
      throw error;
    }
    return new OwnPublisher(rtmp, options);
  }

  /** Sends media in real time; resolves when all are sent or `close`, `vanish` or `fallSilent` was called. */
  async play({ tracks, samples, startMs: from = 0 }: LoadedMedia): Promise<void> {
    const { only, headers = true, startMs = 0, onSent } = this.options;
    const wanted = (kind: CodedSample['kind']): boolean => only === undefined || only === kind;
    for (const track of tracks.filter(({ kind }) => wanted(kind)))
      if (headers) await this.rtmp.writeTrack(track, startMs + from);
      else this.rtmp.announceWithoutHeader(track);
    const startedAt = performance.now();
    for (const sample of samples) {
      if (!wanted(sample.kind)) continue;
      const waitMs = startedAt + sample.dtsMs - from - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal: this.stopping.signal }).catch(() => {});
      if (this.stopping.signal.aborted) return;
      await this.rtmp.writeSample({ ...sample, ptsMs: sample.ptsMs + startMs, dtsMs: sample.dtsMs + startMs });
      onSent?.(sample);
    }
  }

  /** Stops sending and keeps the connection open: a half-open publisher, as seen from the server. */
  fallSilent(): void {
    this.stopping.abort();
  }

  /** Ends without a word. */
  vanish(): void {
    this.stopping.abort();
    this.rtmp.destroy();
  }

  /** Ends in good order. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.rtmp.close();
  }
}
