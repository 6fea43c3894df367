import type { CodedSample, KeyframeEntry, Track } from '@media-analyzer/protocol';
import { GroupCloser } from '../bitstream/group-closer.js';

/** What a picture is to the segments: a keyframe begins one, and may be no clean start. */
export interface PictureRole {
  readonly keyframe: boolean;
  readonly entry: KeyframeEntry | null;
}

/** Makes pictures such that decoding can begin with each segment, and only there. */
export class SegmentEntries {
  private readonly closer = new GroupCloser();
  /** Leading pictures of the keyframe that the segment began with are left out: they need what is not in it. */
  private skipsLeading = false;

  constructor(tracks: readonly Track[]) {
    this.configure(tracks);
  }

  /** The next pictures may be of these tracks. */
  configure(tracks: readonly Track[]): void {
    for (const track of tracks) if (track.kind === 'video') this.closer.configure(track);
  }

  /** Nobody who begins with the segment can decode this picture. */
  leavesOut({ leading }: CodedSample): boolean {
    return leading === true && this.skipsLeading;
  }

  /** A picture's data in the segment. Called for each that is not left out, in decode order. */
  dataOf({ data, keyframe, entry }: CodedSample, role: PictureRole): Uint8Array {
    if (keyframe) this.skipsLeading = role.entry === 'open';
    if (keyframe && (!entry || entry === 'closed')) this.closer.reset();
    if (role.entry === 'open') return this.closer.close(data) ?? data;
    return role.keyframe ? this.closer.count(data) : this.closer.follow(data);
  }
}
