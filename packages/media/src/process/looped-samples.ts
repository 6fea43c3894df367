import type { CodedSample, Track } from '@media-analyzer/protocol';

/** What a source yields: its tracks once, then samples in decode order. `readCodedSamples` is one. */
export type SourceItem = readonly Track[] | CodedSample;

/** Decode times of one track in one pass. */
interface Span {
  first: number;
  last: number;
  /** Distance of the last two samples, ms: how long the last one lasts. */
  interval: number;
}

/** Until two samples of a track were seen: one frame at 25 frames a second. */
const DEFAULT_INTERVAL_MS = 40;

/**
 * Repeats a source for ever on one clock: the tracks once, then the samples of pass after pass, each pass moved behind
 * the one before, so that the decode times of every track only grow.
 *
 * @param open Starts a new pass from the beginning.
 * @param onPass Called at the end of each pass with the number of passes so far.
 * @throws What the source throws, and Error when a pass has no samples (it would be repeated for ever).
 */
export async function* loopSamples(
  open: () => AsyncIterable<SourceItem>,
  onPass: (passes: number) => void = () => {},
): AsyncGenerator<SourceItem, never, undefined> {
  let offsetMs = 0;
  for (let pass = 1; ; pass++) {
    const spans = new Map<CodedSample['kind'], Span>();
    for await (const item of open()) {
      if (isTracks(item)) {
        if (pass === 1) yield item;
        continue;
      }
      measure(spans, item);
      yield { ...item, ptsMs: item.ptsMs + offsetMs, dtsMs: item.dtsMs + offsetMs };
    }
    if (spans.size === 0) throw new Error('the source has no samples to repeat');
    offsetMs += Math.max(...[...spans.values()].map(({ first, last, interval }) => last - first + interval));
    onPass(pass);
  }
}

/** Tells the two kinds of items apart. */
export function isTracks(item: SourceItem): item is readonly Track[] {
  return Array.isArray(item);
}

function measure(spans: Map<CodedSample['kind'], Span>, { kind, dtsMs }: CodedSample): void {
  const span = spans.get(kind);
  if (!span) spans.set(kind, { first: dtsMs, last: dtsMs, interval: DEFAULT_INTERVAL_MS });
  else if (dtsMs > span.last) Object.assign(span, { interval: dtsMs - span.last, last: dtsMs });
}
