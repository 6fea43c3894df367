/** Folds over the stays of a class's objects: how many were there at one time, for how long any, and when the class came. */

/** A class that was away for no longer than this has not come again, ms: detectors blink. */
const BREAK_MS = 1500;

/** When objects came and went, PTS in ms; each list in any order. Both ends belong to the stay. */
export interface Stays {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

interface Change {
  readonly atMs: number;
  /** Objects that are there from here on. */
  readonly here: number;
  /** The class comes into the picture after none of it was there. */
  readonly comes: boolean;
}

/** Most objects at one time, and for how long any was there, ms. */
export function sumOf(stays: Stays): { readonly most: number; readonly lastingMs: number } {
  let [most, lastingMs, before, since] = [0, 0, 0, 0];
  for (const { atMs, here } of changes(stays)) {
    if (before > 0) lastingMs += atMs - since;
    most = Math.max(most, here);
    [before, since] = [here, atMs];
  }
  return { most, lastingMs };
}

/** Most objects at one time in each of the columns, and of each column the first moment at which the class comes. */
export function columnsOf(
  stays: Stays,
  { beginMs, everyMs, columns }: { readonly beginMs: number; readonly everyMs: number; readonly columns: number },
): { readonly most: number[]; readonly comesMs: number[] } {
  const most: number[] = [];
  const comesMs: number[] = [];
  let before = 0;
  let comesIn = -1;
  for (const { atMs, here, comes } of changes(stays)) {
    const place = Math.max(0, Math.floor((atMs - beginMs) / everyMs));
    if (place >= columns) break;
    // What was there when the last change was over is there in all columns up to this one.
    while (most.length <= place) most.push(before);
    most[place] = Math.max(most[place]!, here);
    before = here;
    if (!comes || atMs < beginMs || comesIn === place) continue;
    comesMs.push(atMs);
    comesIn = place;
  }
  while (most.length < columns) most.push(before);
  return { most, comesMs };
}

/** Comings and goings in order of time. What goes at the moment at which another one comes was there with it. */
function* changes({ from, to }: Stays): Generator<Change> {
  const [comings, goings] = [Float64Array.from(from).sort(), Float64Array.from(to).sort()];
  let [came, here, emptySince] = [0, 0, Number.NEGATIVE_INFINITY];
  for (const goesMs of goings) {
    for (; came < comings.length && comings[came]! <= goesMs; came++) {
      here++;
      yield { atMs: comings[came]!, here, comes: here === 1 && comings[came]! - emptySince > BREAK_MS };
    }
    here--;
    if (here === 0) emptySince = goesMs;
    yield { atMs: goesMs, here, comes: false };
  }
}
