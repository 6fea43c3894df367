import { type AppearanceLevels, type Certainty, type Detection, labelOf } from '@media-analyzer/protocol';

/** The scores of the last so many ms make the median: long enough to calm it, short enough for an object to become clearer. */
const WINDOW_MS = 5000;
/** Sightings remembered of one object: the window at 50 analyses a second. */
const MAX_SIGHTINGS = 250;
/** A median of fewer sightings is none. At two analyses a second that is a second. */
const LEAST_SIGHTINGS = 3;
/** An object not seen for so long will not be seen again under its number, ms: trackers forget sooner. */
const FORGET_MS = 10_000;

interface Sighting {
  readonly ptsMs: number;
  readonly label: string;
  readonly score: number;
  /** Highest running median up to here. */
  readonly confidence: number;
}

interface ObjectState {
  readonly firstMs: number;
  lastMs: number;
  /** Those of the window, in order. */
  sightings: Sighting[];
  label: string;
  /** From these moments on; null: not yet. */
  sureMs: number | null;
  verySureMs: number | null;
}

/**
 * Says of every tracked detection how sure its object is by then: a fold over detections in order of PTS, by time and not by
 * frames, so that gaps and any rate of analysis mean the same. An object becomes `sure` and `very_sure` when its running
 * median score and its age pass the model's values, and stays so. From `sure` on it keeps one label, however the model calls
 * it later.
 */
export class CertaintyFold {
  private readonly objects = new Map<number, ObjectState>();
  private newestMs = Number.NEGATIVE_INFINITY;

  /**
   * Takes the detections of one frame as the tracker gives them and returns them, in their order, with what is known of
   * their objects. A frame that comes late is told what was known at its time, and changes nothing.
   *
   * @param levels of the model that found them
   */
  update(ptsMs: number, detections: readonly Detection[], levels: AppearanceLevels): Detection[] {
    const late = ptsMs <= this.newestMs;
    if (!late) {
      this.newestMs = ptsMs;
      for (const [trackId, { lastMs }] of this.objects) if (ptsMs - lastMs > FORGET_MS) this.objects.delete(trackId);
    }
    return detections.map((detection) => {
      if (detection.trackId === null) return { ...detection, certainty: 'raw' };
      if (!late) this.see(ptsMs, detection, detection.trackId, levels);
      const object = this.objects.get(detection.trackId);
      return object ? describe(object, detection, ptsMs) : { ...detection, certainty: 'raw', confidence: 0, ageMs: 0 };
    });
  }

  private see(ptsMs: number, detection: Detection, trackId: number, levels: AppearanceLevels): void {
    const known = this.objects.get(trackId);
    const object: ObjectState = known ?? {
      ...{ firstMs: ptsMs, lastMs: ptsMs, sightings: [], label: labelOf(detection), sureMs: null, verySureMs: null },
    };
    if (!known) this.objects.set(trackId, object);
    object.lastMs = ptsMs;
    const { label, score } = detection;
    const before = object.sightings.at(-1)?.confidence ?? 0;
    const recent = object.sightings.filter((sighting) => ptsMs - sighting.ptsMs <= WINDOW_MS).slice(1 - MAX_SIGHTINGS);
    const scores = [...recent.map((sighting) => sighting.score), score];
    const current = scores.length < LEAST_SIGHTINGS ? 0 : median(scores);
    object.sightings = [...recent, { ptsMs, label, score, confidence: Math.max(before, current) }];
    if (object.sureMs === null) object.label = favourite(object.sightings, object.label);
    const age = ptsMs - object.firstMs;
    if (current >= levels.sure.score && age >= levels.sure.ageMs) object.sureMs ??= ptsMs;
    if (current >= levels.verySure.score && age >= levels.verySure.ageMs) object.verySureMs ??= ptsMs;
  }
}

function describe(object: ObjectState, detection: Detection, ptsMs: number): Detection {
  const then = object.sightings.findLast((sighting) => sighting.ptsMs <= ptsMs);
  const described: Detection = {
    ...detection,
    certainty: levelAt(object, ptsMs),
    confidence: Math.round((then?.confidence ?? 0) * 1000) / 1000,
    ageMs: Math.max(0, Math.round(ptsMs - object.firstMs)),
  };
  return object.label === detection.label ? described : { ...described, shownAs: object.label };
}

function levelAt({ sureMs, verySureMs }: ObjectState, ptsMs: number): Certainty {
  if (verySureMs !== null && ptsMs >= verySureMs) return 'very_sure';
  return sureMs !== null && ptsMs >= sureMs ? 'sure' : 'raw';
}

/** The label with most of the scores; the one that it has, among equals. */
function favourite(sightings: readonly Sighting[], current: string): string {
  const votes = new Map<string, number>();
  for (const { label, score } of sightings) votes.set(label, (votes.get(label) ?? 0) + score);
  let best = current;
  for (const [label, sum] of votes) if (sum > (votes.get(best) ?? 0)) best = label;
  return best;
}

/** The middle score; the lower one of two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}
