import type { Presence } from '@media-analyzer/protocol';

/** A stretch in which a class was seen without a break, PTS in ms. */
export interface Stretch {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
}

type Columns = Pick<Presence, 'fromMs' | 'everyMs' | 'classes'>;

/** When which class was seen, columns side by side joined. */
export function stretches({ fromMs, everyMs, classes }: Columns): Stretch[] {
  return classes.flatMap(({ label, most }) => {
    const found: Stretch[] = [];
    let begin = -1;
    for (let i = 0; i <= most.length; i++) {
      const seen = (most[i] ?? 0) > 0;
      if (seen && begin < 0) begin = i;
      if (seen || begin < 0) continue;
      found.push({ label, fromMs: fromMs + begin * everyMs, toMs: fromMs + i * everyMs });
      begin = -1;
    }
    return found;
  });
}

/** What came this short before a moment is where the viewer is, ms: who goes back from there means the one before. */
const HERE_MS = 1000;
/** Clocks of the player and of the analysis differ by less than this at the same frame, ms. */
const SAME_FRAME_MS = 5;

/** PTS in ms at which a class comes in, the nearest after (or before) a moment; null when there is none. */
export function appearanceFrom(
  classes: readonly Pick<Presence['classes'][number], 'comesMs'>[],
  ptsMs: number,
  direction: 1 | -1,
): number | null {
  const starts = classes
    .flatMap(({ comesMs }) => comesMs)
    .filter((atMs) => (direction > 0 ? atMs > ptsMs + SAME_FRAME_MS : atMs < ptsMs - HERE_MS));
  if (starts.length === 0) return null;
  return direction > 0 ? Math.min(...starts) : Math.max(...starts);
}
