import { Buffer } from 'node:buffer';
import type { CodedSample, Track, VideoTrack } from '@media-analyzer/protocol';

/** How much media is waited for the second track before the stream starts with one, ms. */
const SETTLE_MS = 500;
/** The same when the source has said that there will be one, ms: each change of tracks later costs everybody who watches a moment. */
const PROMISED_MS = 2000;
/** How much sound is waited for the first picture that decoding can start with, before sound starts alone, ms. */
const PICTURE_MS = 5000;
/** The same in bytes, for samples with frozen timestamps. */
const SETTLE_BYTES = 16 * 1024 * 1024;

export interface TrackSwitchListener {
  /** From now on samples are of these tracks. */
  configure(tracks: readonly Track[]): void;
  /** From the next picture on decoders need another configuration; what is seen and heard stays the same. */
  reconfigure(tracks: readonly Track[]): void;
  sample(sample: CodedSample): void;
  /** The sample's track is not part of the configuration, or decoding cannot start with it. */
  dropped(reason: 'no_track' | 'before_keyframe'): void;
}

/**
 * Turns announcements of tracks, which come one by one and at any time, into as few configurations as possible.
 *
 * - A source that has announced one track gets `SETTLE_MS` of media to announce the other, or `PROMISED_MS` when it has said
 *   that it will; until then samples are kept.
 * - A picture that was announced is promised to players only when there is one to start with; `PICTURE_MS` of sound without it,
 *   and sound starts alone.
 * - A change in a running stream takes effect at the next keyframe, and the old tracks go on until there.
 * - An announcement that repeats what is configured changes nothing: encoders send theirs again and again.
 */
export class TrackSwitch {
  private wanted: readonly Track[] = [];
  private promised: readonly Track['kind'][] = [];
  private configured: readonly Track[] | null = null;
  /** A source just began: nothing of it has been passed on. */
  private fresh = true;
  private backlog: CodedSample[] | null = null;
  private backlogBytes = 0;

  constructor(private readonly listener: TrackSwitchListener) {}

  /** What is configured now. */
  get tracks(): readonly Track[] {
    return this.configured ?? [];
  }

  get heldBytes(): number {
    return this.backlogBytes;
  }

  setTracks(tracks: readonly Track[], promised: readonly Track['kind'][] = []): void {
    this.promised = promised;
    // Video first: the order in the file and in CODECS.
    const ordered = [...tracks].sort((a, b) => b.kind.localeCompare(a.kind));
    if (sameTracks(ordered, this.wanted)) return;
    this.wanted = ordered;
    if (this.fresh) this.backlog ??= [];
    if (this.isSettled()) this.settle();
  }

  /** Another source begins: it may announce its tracks one by one again. */
  sourceBegins(): void {
    this.settle();
    this.fresh = true;
  }

  push(sample: CodedSample): void {
    if (this.wanted.length === 0) {
      this.listener.dropped('no_track');
      return;
    }
    if (!this.backlog) {
      this.route(sample);
      return;
    }
    if (sample.kind === 'video' && !sample.keyframe && !this.startsPicture()) {
      this.listener.dropped('before_keyframe');
      return;
    }
    this.backlog.push(sample);
    this.backlogBytes += sample.data.length;
    if (this.isSettled()) this.settle();
  }

  /** Stop waiting for a second track, or for the picture. */
  settle(): void {
    const { backlog } = this;
    if (!backlog) return;
    const promised = this.startsPicture() ? this.wanted : this.wanted.filter(({ kind }) => kind === 'audio');
    this.backlog = null;
    this.backlogBytes = 0;
    if (promised.length === 0) return;
    if (!this.configured || !sameTracks(promised, this.configured)) this.configure(promised);
    this.fresh = false;
    for (const sample of backlog) this.route(sample);
  }

  /** The samples that wait have a picture to start with, or none is expected. */
  private startsPicture(): boolean {
    if (!hasVideo(this.wanted)) return true;
    return this.backlog?.some(({ kind, keyframe }) => kind === 'video' && keyframe) === true;
  }

  private isSettled(): boolean {
    const { backlog } = this;
    const first = backlog?.[0];
    const newest = backlog?.at(-1);
    if (!first || !newest) return false;
    const waitedMs = Math.abs(newest.dtsMs - first.dtsMs);
    if (this.backlogBytes >= SETTLE_BYTES) return true;
    if (!this.startsPicture()) return waitedMs >= PICTURE_MS;
    const more = this.promised.some((kind) => this.wanted.every((track) => track.kind !== kind));
    return this.wanted.length > 1 || waitedMs >= (more ? PROMISED_MS : SETTLE_MS);
  }

  private route(sample: CodedSample): void {
    const { wanted, configured } = this;
    // The same list, but for a change that waits for its keyframe.
    if (wanted !== configured && (!configured || !sameTracks(wanted, configured))) {
      const starts = sample.kind === 'video' && sample.keyframe;
      if (starts && configured && sameFormats(wanted, configured)) {
        this.configured = wanted;
        this.listener.reconfigure(wanted);
      } else if (starts || !hasVideo(wanted)) this.configure(wanted);
    }
    this.fresh = false;
    if (this.carries(sample.kind)) this.listener.sample(sample);
    else this.listener.dropped('no_track');
  }

  /** Samples of the kind fit what is configured: their track is part of it, or looks and sounds the same. */
  private carries(kind: Track['kind']): boolean {
    const track = this.configured?.find((one) => one.kind === kind);
    if (!track || this.wanted === this.configured) return track !== undefined;
    const announced = this.wanted.find((one) => one.kind === kind);
    return announced !== undefined && (track === announced || sameFormats([track], [announced]));
  }

  private configure(tracks: readonly Track[]): void {
    this.configured = tracks;
    this.listener.configure(tracks);
  }
}

function hasVideo(tracks: readonly Track[]): boolean {
  return tracks.some(({ kind }) => kind === 'video');
}

/** Same codecs and byte-identical configurations. */
export function sameTracks(a: readonly Track[], b: readonly Track[]): boolean {
  return a.length === b.length && a.every((track, i) => sameConfiguration(track, b[i]!));
}

/** Players need not be told of a break: the picture has the same profile, size and sampling; sound is byte-identical. */
function sameFormats(a: readonly Track[], b: readonly Track[]): boolean {
  return (
    a.length === b.length &&
    a.every((track, i) => {
      const other = b[i]!;
      if (track.kind !== 'video' || other.kind !== 'video') return sameConfiguration(track, other);
      return track.codec === other.codec && formatOf(track) === formatOf(other);
    })
  );
}

function formatOf({ codecString, width, height, displayWidth, displayHeight, chroma, bitDepth }: VideoTrack): string {
  // The profile stands first in the codec strings of all three codecs.
  const profile = /^\w+\.[0-9a-f]{1,2}/i.exec(codecString)?.[0];
  return [profile, width, height, displayWidth, displayHeight, chroma, bitDepth].join('/');
}

function sameConfiguration(a: Track, b: Track): boolean {
  return a.codec === b.codec && Buffer.compare(a.configuration, b.configuration) === 0;
}
