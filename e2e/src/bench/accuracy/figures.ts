import {
  type Analysis,
  type Appearance,
  type AppearanceLevels,
  addToAppearances,
  type Box,
  type Certainty,
  certaintyOf,
  type Detection,
  isAtLeast,
  labelOf,
} from '@media-analyzer/protocol';
import { CertaintyFold, Tracker } from '@media-analyzer/vision/tracker';
import { boxInWindow, type TrueBox } from './pictures.js';
import type { RecordedFrame } from './recording.js';
import { type ClipTruth, judge } from './truth.js';

/** A box counts as found where it overlaps the true one by this much: COCO's most lenient measure. */
const LEAST_OVERLAP = 0.5;
/** COCO calls an object small below 32 x 32 pixels. */
const SMALL_AREA = 32 * 32;
/** A picture's clip is counted from here on: the age that the presets ask for is over, the score decides. */
const SETTLED_MS = 1050;
/** Of a true box this much must be in the window, or it is neither to be found nor wrong. */
const LEAST_VISIBLE = 0.5;

/** Frames as the server stores them: tracked and judged. */
export function track(
  frames: readonly RecordedFrame[],
  model: { highScore: number; levels: AppearanceLevels },
): Analysis[] {
  const tracker = new Tracker({ highScore: model.highScore });
  const fold = new CertaintyFold();
  return frames.map(({ ptsMs, detections }) => ({
    ...{ streamId: 'bench', sessionId: 'bench', ptsMs, capturedAt: 0, completedAt: 0, status: 'final', model: 'bench' },
    detections: fold.update(ptsMs, tracker.update(ptsMs, detections), model.levels),
  }));
}

/** What a viewer of this preset sees of a clip, by a truth that knows classes and times but no boxes. */
export interface ClipFigures {
  readonly boxes: number;
  readonly wrongBoxes: number;
  readonly appearances: number;
  readonly wrongAppearances: number;
  /** Frames on which an expected class was due, and those on which at least one box of it was drawn. */
  readonly due: number;
  readonly shown: number;
}

/** Counts what of a clip's boxes and appearances is right. */
export function clipFigures(truth: ClipTruth, analyses: readonly Analysis[], preset: Certainty): ClipFigures {
  const seen = { boxes: 0, wrongBoxes: 0, due: 0, shown: 0 };
  const appearances = new Map<number, Appearance>();
  const wrongTracks = new Map<number, boolean>();
  for (const analysis of analyses) {
    const drawn = analysis.detections.filter((detection) => isAtLeast(certaintyOf(detection), preset));
    addToAppearances(appearances, { ...analysis, detections: drawn });
    for (const detection of drawn) {
      const judgement = judge(truth, labelOf(detection), analysis.ptsMs);
      if (judgement === 'unclear') continue;
      seen.boxes += 1;
      if (judgement === 'wrong') seen.wrongBoxes += 1;
      if (detection.trackId === null) continue;
      // An appearance is wrong when its label is wrong wherever it is drawn.
      wrongTracks.set(detection.trackId, (wrongTracks.get(detection.trackId) ?? true) && judgement === 'wrong');
    }
    for (const { label, fromMs, toMs } of truth.expected) {
      if (analysis.ptsMs < fromMs || analysis.ptsMs > toMs) continue;
      seen.due += 1;
      if (drawn.some((detection) => labelOf(detection) === label)) seen.shown += 1;
    }
  }
  const wrongAppearances = [...wrongTracks.values()].filter(Boolean).length;
  return { ...seen, appearances: wrongTracks.size, wrongAppearances };
}

/** What a viewer of this preset sees of moving pictures whose every box is known. */
export interface BoxFigures {
  readonly boxes: number;
  readonly wrong: number;
  readonly objects: number;
  readonly found: number;
  readonly smallObjects: number;
  readonly smallFound: number;
}

/** Counts which of the true boxes are found, and which drawn ones are true. */
export function boxFigures(objects: readonly TrueBox[], analyses: readonly Analysis[], preset: Certainty): BoxFigures {
  const sum = { boxes: 0, wrong: 0, objects: 0, found: 0, smallObjects: 0, smallFound: 0 };
  // The first frame of a file need not be at 0.
  const startMs = analyses[0]?.ptsMs ?? 0;
  for (const { ptsMs, detections } of analyses) {
    if (ptsMs - startMs < SETTLED_MS) continue;
    const drawn = detections
      .filter((detection) => isAtLeast(certaintyOf(detection), preset))
      .sort((a, b) => b.score - a.score);
    const here = objects.map((object) => ({
      ...object,
      ...visible(boxInWindow(object.box, ptsMs - startMs)),
      taken: false,
    }));
    for (const object of here) {
      if (object.crowd || object.share < LEAST_VISIBLE) continue;
      sum.objects += 1;
      if (object.area < SMALL_AREA) sum.smallObjects += 1;
    }
    for (const detection of drawn) {
      const match = bestMatch(detection, here);
      if (match && !match.crowd && match.share >= LEAST_VISIBLE) {
        match.taken = true;
        sum.boxes += 1;
        sum.found += 1;
        if (match.area < SMALL_AREA) sum.smallFound += 1;
      } else if (!match && !here.some((object) => coveredBy(detection, object))) {
        sum.boxes += 1;
        sum.wrong += 1;
      }
    }
  }
  return sum;
}

interface Here extends TrueBox {
  readonly cut: Box;
  /** Part of the box that is in the window. */
  readonly share: number;
  taken: boolean;
}

function bestMatch(detection: Detection, objects: readonly Here[]): Here | null {
  let best: Here | null = null;
  let most = LEAST_OVERLAP;
  for (const object of objects) {
    if (object.taken || object.crowd || object.label !== labelOf(detection)) continue;
    const value = overlap(detection.box, object.cut);
    if (value < most) continue;
    most = value;
    best = object;
  }
  return best;
}

/** In a crowd drawn as one, or in what is mostly outside of the window. */
function coveredBy(detection: Detection, object: Here): boolean {
  if (object.label !== labelOf(detection) || !(object.crowd || object.share < LEAST_VISIBLE)) return false;
  return intersection(detection.box, object.cut) >= 0.5 * detection.box[2] * detection.box[3];
}

function visible(box: Box): { cut: Box; share: number } {
  const [x, y] = [Math.max(0, box[0]), Math.max(0, box[1])];
  const width = Math.max(0, Math.min(1, box[0] + box[2]) - x);
  const height = Math.max(0, Math.min(1, box[1] + box[3]) - y);
  return { cut: [x, y, width, height], share: (width * height) / (box[2] * box[3]) };
}

function intersection(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

function overlap(a: Box, b: Box): number {
  const both = intersection(a, b);
  return both / (a[2] * a[3] + b[2] * b[3] - both);
}
