import type { Session } from '@media-analyzer/protocol';
import { fetchPlayable, type HlsPlaylist } from '../harness/hls.js';
import { readTimecodes } from './read.js';

/** Where frames lie on the session clock, as a decoder that shares no code with the product sees it. */
export interface FrameClock {
  /** PTS on the session clock of the frame with this timecode, ms; null when no segment has it. */
  ptsOf(frame: number): number | null;
  /** Timecode of the frame at a PTS; null when the nearest frame is more than half a frame away. */
  frameAt(ptsMs: number): number | null;
  readonly frames: number;
  /** PTS of the last frame that was read, ms. */
  readonly endMs: number;
  readonly unreadable: number;
  /** Largest deviation from a straight line PTS = frame * duration + offset, ms. */
  readonly jitterMs: number;
}

/**
 * Reads the timecodes out of the segments that the server serves and puts each on the session clock:
 *
 *   PTS(frame) = EXT-X-PROGRAM-DATE-TIME(segment) - epoch + (presentation time in the segment - that of its first frame)
 *
 * No browser, and nothing of the analysis path is involved: what those claim is compared with this.
 *
 * @param frameMs duration of a frame of the source, ms
 */
export async function readFrameClock(playlist: HlsPlaylist, session: Session, frameMs: number): Promise<FrameClock> {
  const ptsByFrame = new Map<number, number>();
  let unreadable = 0;
  for (const segment of playlist.segments) {
    const frames = await readTimecodes(await fetchPlayable(segment));
    const firstSeconds = frames[0]?.ptsSeconds ?? 0;
    for (const { frame, ptsSeconds } of frames) {
      if (frame === null) unreadable++;
      else ptsByFrame.set(frame, segment.programDateTime - session.epochAt + (ptsSeconds - firstSeconds) * 1000);
    }
  }
  const offsets = [...ptsByFrame].map(([frame, pts]) => pts - frame * frameMs).sort((a, b) => a - b);
  const offset = offsets[Math.floor(offsets.length / 2)] ?? 0;
  return {
    ptsOf: (frame) => ptsByFrame.get(frame) ?? null,
    frameAt: (ptsMs) => {
      const frame = Math.round((ptsMs - offset) / frameMs);
      return Math.abs(offset + frame * frameMs - ptsMs) <= frameMs / 2 && frame >= 0 ? frame : null;
    },
    frames: ptsByFrame.size,
    endMs: Math.max(0, ...ptsByFrame.values()),
    unreadable,
    jitterMs: Math.max(0, ...offsets.map((one) => Math.abs(one - offset))),
  };
}
