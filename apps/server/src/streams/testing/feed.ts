/** Sends parts of a clip into a session, as fast as it takes them, with arrival times as if in real time. */
import type { Clip } from '../../testing/clip.js';
import type { SessionSink } from '../session-sink.js';

export interface FeedOptions {
  /** Part of the clip, ms of its decode time; all of it when left out. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Unix ms at which the clip's time 0 arrives. */
  readonly at: number;
  readonly only?: 'video' | 'audio';
  /** Leave the tracks out: they were sent before. */
  readonly goesOn?: boolean;
}

export function feed(sink: SessionSink, clip: Clip, options: FeedOptions): void {
  const { fromMs = 0, toMs = Number.POSITIVE_INFINITY, at, only, goesOn = false } = options;
  if (!goesOn) for (const track of clip.tracks) if (!only || track.kind === only) sink.onTrack(track);
  for (const sample of clip.samples)
    if (sample.dtsMs >= fromMs && sample.dtsMs < toMs && (!only || sample.kind === only))
      sink.onSample({ ...sample, capturedAt: Math.round(at + sample.dtsMs) });
}
