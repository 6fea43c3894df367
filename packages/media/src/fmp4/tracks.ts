import type { Track } from '@media-analyzer/protocol';

/** Ticks per second of every video track. RTMP's milliseconds and all usual frame rates are whole numbers of ticks. */
export const VIDEO_TIMESCALE = 90_000;

/** Ticks per second of a track: audio counts its own samples, so that frames have whole durations. */
export function trackTimescale(track: Track): number {
  return track.kind === 'video' ? VIDEO_TIMESCALE : track.sampleRate;
}

/** A track of a file, with the number that fragments refer to. */
export interface NumberedTrack {
  /** 1 or more. */
  readonly trackId: number;
  readonly track: Track;
}

/** Numbers tracks from 1 in the order given. */
export function numberTracks(tracks: readonly Track[]): NumberedTrack[] {
  return tracks.map((track, index) => ({ trackId: index + 1, track }));
}
