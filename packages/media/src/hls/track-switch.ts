import { Buffer } from 'node:buffer';
import type { CodedSample, Track } from '@media-analyzer/protocol';

/** How much media is waited for the second track before the stream starts with one, ms. */
const SETTLE_MS = 500;
/** The same in bytes, for samples with frozen timestamps. */
const SETTLE_BYTES = 16 * 1024 * 1024;

export interface TrackSwitchListener {
  /** From now on samples are of these tracks. */
  configure(tracks: readonly Track[]): void;
  sample(sample: CodedSample): void;
  /** The sample's track is not part of the configuration. */
  dropped(sample: CodedSample): void;
}

/**
 * Turns announcements of tracks, which come one by one and at any time, into as few configurations as possible.
 *
 * - A source that has announced one track gets `SETTLE_MS` of media to announce the other; until then samples are kept.
 * - A change in a running stream takes effect at the next keyframe, and the old tracks go on until there.
 * - An announcement that repeats what is configured changes nothing: encoders send theirs again and again.
 */
export class TrackSwitch {
  private wanted: readonly Track[] = [];
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

  setTracks(tracks: readonly Track[]): void {
    // Video first: the order in the file and in CODECS.
    const ordered = [...tracks].sort((a, b) => b.kind.localeCompare(a.kind));
    if (sameTracks(ordered, this.wanted)) return;
    this.wanted = ordered;
    if (ordered.length > 1) this.settle();
    else if (this.fresh) this.backlog ??= [];
  }

  /** Another source begins: it may announce its tracks one by one again. */
  sourceBegins(): void {
    this.settle();
    this.fresh = true;
  }

  push(sample: CodedSample): void {
    if (this.wanted.length === 0) {
      this.listener.dropped(sample);
      return;
    }
    if (!this.backlog) {
      this.route(sample);
      return;
    }
    this.backlog.push(sample);
    this.backlogBytes += sample.data.length;
    const first = this.backlog[0]!;
    if (Math.abs(sample.dtsMs - first.dtsMs) >= SETTLE_MS || this.backlogBytes >= SETTLE_BYTES) this.settle();
  }

  /** Stop waiting for a second track. */
  settle(): void {
    const { backlog } = this;
    this.backlog = null;
    this.backlogBytes = 0;
    for (const sample of backlog ?? []) this.route(sample);
  }

  private route(sample: CodedSample): void {
    if (!this.configured || !sameTracks(this.wanted, this.configured)) {
      const hasVideo = this.wanted.some((track) => track.kind === 'video');
      if (this.fresh || !hasVideo || (sample.kind === 'video' && sample.keyframe)) {
        this.configured = this.wanted;
        this.listener.configure(this.wanted);
      }
    }
    this.fresh = false;
    const track = this.configured?.find(({ kind }) => kind === sample.kind);
    const announced = this.wanted.find(({ kind }) => kind === sample.kind);
    if (track && announced && sameTracks([track], [announced])) this.listener.sample(sample);
    else this.listener.dropped(sample);
  }
}

/** Same codecs and byte-identical configurations. */
export function sameTracks(a: readonly Track[], b: readonly Track[]): boolean {
  return (
    a.length === b.length &&
    a.every((track, i) => {
      const other = b[i]!;
      return track.codec === other.codec && Buffer.compare(track.configuration, other.configuration) === 0;
    })
  );
}
