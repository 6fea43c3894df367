import type { KeyframeEntry } from '@media-analyzer/protocol';
import type { FragmentSample } from '../fmp4/index.js';

/** A sample with its place in the file: ticks of its track, and the same in ms for comparison between tracks. */
export interface TimedSample extends FragmentSample {
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  /** Decode time, ms. */
  readonly startMs: number;
  /** Decode time of what follows, ms. */
  readonly endMs: number;
  readonly capturedAt: number;
  /** Of a keyframe that is no clean start: see `CodedSample.entry`. */
  readonly entry: KeyframeEntry | null;
  /** A segment begins here, whatever its length: with this init segment, or because nothing that follows may be lost. */
  readonly begins: { readonly initName: string | null } | null;
}

/** A sample and where it lies on its track's timescale. */
export interface TimingOptions {
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly durationTicks: number;
  readonly timescale: number;
  readonly keyframe: boolean;
  readonly data: Uint8Array;
  readonly capturedAt: number;
  readonly entry?: KeyframeEntry | null;
  readonly begins?: TimedSample['begins'];
}

/** Puts a sample on its track's timescale. */
export function timedSample(options: TimingOptions): TimedSample {
  const { dtsTicks, ptsTicks, durationTicks, timescale, keyframe, data, capturedAt } = options;
  const { entry = null, begins = null } = options;
  return {
    dtsTicks,
    ptsTicks,
    durationTicks,
    compositionOffsetTicks: ptsTicks - dtsTicks,
    startMs: (dtsTicks * 1000) / timescale,
    endMs: ((dtsTicks + durationTicks) * 1000) / timescale,
    keyframe,
    data,
    capturedAt,
    entry,
    begins,
  };
}

/** The same sample with another duration. */
export function withDuration(sample: TimedSample, durationTicks: number, timescale: number): TimedSample {
  return { ...sample, durationTicks, endMs: ((sample.dtsTicks + durationTicks) * 1000) / timescale };
}
