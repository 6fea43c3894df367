import type { Detection } from '@media-analyzer/protocol';
import type { RawDetection } from '@media-analyzer/protocol/process';
import { assign } from './assignment.js';
import { overlap } from './overlap.js';
import { Track } from './track.js';

export interface TrackerOptions {
  /** From this score on a detection stands on its own: it is reported, and may found a track. Default 0.3. */
  readonly highScore?: number;
  /** Below `highScore` and from here on a detection only keeps a known object alive. Default 0.1. */
  readonly lowScore?: number;
  /** Sightings before a track gets its number: a single flicker of the detector gets none. Default 2. */
  readonly confirmHits?: number;
  /** A confirmed track not seen for this long is forgotten, ms. Default 1500: longer, and constant velocity is a guess. */
  readonly lostMs?: number;
  /**
   * The same for a track without a number, ms. Default 350: three frames at ten a second. Where frames are rarer, it is
   * forgotten once the next one did not show it.
   */
  readonly tentativeMs?: number;
  /** Most tracks remembered at a time; past it, new objects go without a number. Default 500. */
  readonly maxTracks?: number;
}

/** Least overlap of the expected with the detected box, 0..1, by what speaks for the match otherwise. */
const LEAST_OVERLAP = {
  /** Same label, sure detection. */
  sure: 0.2,
  /** Same label, unsure detection: only where the object is expected. */
  unsure: 0.4,
  /** Same place, other label: a car that the detector calls a truck for a moment. */
  otherLabel: 0.6,
} as const;

/**
 * Gives detections their identity over time. Two-stage association after ByteTrack (Zhang et al., "ByteTrack: Multi-Object
 * Tracking by Associating Every Detection Box", 2022): sure detections first, then unsure ones for what was seen just before,
 * with the time steps taken from the PTS, since frames are dropped under load. One tracker per session; numbers grow and are
 * never used again.
 */
export class Tracker {
  private options: Required<TrackerOptions>;
  private tracks: Track[] = [];
  private lastPtsMs = Number.NEGATIVE_INFINITY;
  private nextId = 1;

  constructor(options: TrackerOptions = {}) {
    this.options = {
      highScore: 0.3,
      lowScore: 0.1,
      confirmHits: 2,
      lostMs: 1500,
      tentativeMs: 350,
      maxTracks: 500,
      ...options,
    };
  }

  /**
   * Takes the detections of one frame and returns those to report, in their order, with `trackId` where the object is known.
   * Unsure detections (below `highScore`) that belong to no track are left out.
   *
   * A frame that comes late (its PTS is not after the last one) gets the numbers of the tracks as they were around its time,
   * and changes nothing.
   *
   * @throws RangeError when `ptsMs` is not a finite number.
   */
  update(ptsMs: number, detections: readonly RawDetection[]): Detection[] {
    if (!Number.isFinite(ptsMs)) throw new RangeError(`ptsMs is ${ptsMs}; a finite number is needed`);
    const late = ptsMs <= this.lastPtsMs;
    if (!late) this.forget(ptsMs);
    const matches = this.match(ptsMs, detections);
    if (!late) this.learn(ptsMs, detections, matches);
    return detections.flatMap((detection, index) => {
      const track = matches.get(index);
      if (!track && detection.score < this.options.highScore) return [];
      return [{ ...detection, trackId: track?.id ?? null }];
    });
  }

  /** Forgets all objects: the content jumped. Numbers go on growing, and time may start anywhere. */
  reset(): void {
    this.tracks = [];
    this.lastPtsMs = Number.NEGATIVE_INFINITY;
  }

  /** Another model speaks from here on: all objects are forgotten, and its score counts. Numbers go on growing. */
  retune({ highScore }: Required<Pick<TrackerOptions, 'highScore'>>): void {
    this.options = { ...this.options, highScore };
    this.reset();
  }

  private forget(ptsMs: number): void {
    const { lostMs, tentativeMs } = this.options;
    this.tracks = this.tracks.filter((track) => {
      const unseenMs = ptsMs - track.lastSeenMs;
      if (track.id !== null) return unseenMs <= lostMs;
      const missed = track.lastSeenMs < this.lastPtsMs;
      return unseenMs <= (missed ? tentativeMs : lostMs);
    });
  }

  private match(ptsMs: number, detections: readonly RawDetection[]): Map<number, Track> {
    const { highScore, lowScore } = this.options;
    const all = detections.map((_, index) => index);
    const sure = all.filter((index) => detections[index]!.score >= highScore);
    const unsure = all.filter((index) => detections[index]!.score < highScore && detections[index]!.score >= lowScore);
    const confirmed = this.tracks.filter((track) => track.id !== null);
    const tentative = this.tracks.filter((track) => track.id === null);
    const justSeen = confirmed.filter((track) => track.lastSeenMs === this.lastPtsMs);

    const round = new MatchRound(ptsMs, detections);
    round.sameLabel(sure, confirmed, LEAST_OVERLAP.sure);
    round.sameLabel(unsure, justSeen, LEAST_OVERLAP.unsure);
    round.anyLabel(sure, confirmed, LEAST_OVERLAP.otherLabel);
    round.sameLabel(sure, tentative, LEAST_OVERLAP.sure);
    round.anyLabel(sure, tentative, LEAST_OVERLAP.otherLabel);
    return round.matches;
  }

  private learn(ptsMs: number, detections: readonly RawDetection[], matches: Map<number, Track>): void {
    const { highScore, confirmHits, maxTracks } = this.options;
    for (const [index, track] of matches) {
      track.see(detections[index]!, ptsMs);
      if (track.id === null && track.hits >= confirmHits) track.id = this.nextId++;
    }
    for (const track of this.tracks) if (track.lastSeenMs !== ptsMs) track.miss();
    detections.forEach((detection, index) => {
      if (matches.has(index) || detection.score < highScore || this.tracks.length >= maxTracks) return;
      const track = new Track(detection, ptsMs);
      this.tracks.push(track);
      if (confirmHits > 1) return;
      track.id = this.nextId++;
      matches.set(index, track);
    });
    this.lastPtsMs = ptsMs;
  }
}

/** The matching of one frame, round by round: what has found its partner is out of the later ones. */
class MatchRound {
  readonly matches = new Map<number, Track>();
  private readonly taken = new Set<Track>();

  constructor(
    private readonly ptsMs: number,
    private readonly detections: readonly RawDetection[],
  ) {}

  sameLabel(indices: readonly number[], tracks: readonly Track[], least: number): void {
    this.pair(indices, tracks, least, (detection, track) => detection.label === track.label);
  }

  anyLabel(indices: readonly number[], tracks: readonly Track[], least: number): void {
    this.pair(indices, tracks, least, () => true);
  }

  private pair(
    indices: readonly number[],
    tracks: readonly Track[],
    least: number,
    allowed: (detection: RawDetection, track: Track) => boolean,
  ): void {
    const open = indices
      .filter((index) => !this.matches.has(index))
      .map((index) => ({ index, detection: this.detections[index]! }));
    const free = tracks
      .filter((track) => !this.taken.has(track))
      .map((track) => ({ track, box: track.boxAt(this.ptsMs) }));
    const fit = (row: number, column: number): number => {
      const { detection } = open[row]!;
      const { track, box } = free[column]!;
      return allowed(detection, track) ? overlap(detection.box, box) : 0;
    };
    for (const [row, column] of assign(open.length, free.length, fit, least)) {
      this.matches.set(open[row]!.index, free[column]!.track);
      this.taken.add(free[column]!.track);
    }
  }
}
