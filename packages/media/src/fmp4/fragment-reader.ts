import { CodedError, type CodedSample } from '@media-analyzer/protocol';
import { type BoxCursor, readBoxes } from './box-reader.js';
import type { InitSegment, ReadTrack } from './init-reader.js';

/** A sample as read from a fragment. Times are ticks of its track. */
export interface ReadSample {
  readonly trackId: number;
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly durationTicks: number;
  readonly keyframe: boolean;
  /** A view into what was read, no copy. */
  readonly data: Uint8Array;
}

/** Samples that one call reads at most: runs can announce samples without bytes, which nothing else bounds. */
const MAX_SAMPLES = 1_000_000;
const NON_SYNC_BIT = 0x10000;

/**
 * Reads the samples of all fragments (`moof` and `mdat`) in the given bytes: a segment, a part, or a whole file.
 *
 * @returns Samples in file order: fragment by fragment, track by track. Tracks that are not in `init` are left out.
 * @throws CodedError `bitstream_invalid` when a box or a sample lies outside the bytes.
 */
export function readFragments(init: InitSegment, bytes: Uint8Array): ReadSample[] {
  const tracks = new Map(init.tracks.map((track) => [track.trackId, track]));
  const samples: ReadSample[] = [];
  /** Decode time at which each track goes on, for fragments without `tfdt`. */
  const ends = new Map<number, number>();
  for (const moof of readBoxes(bytes)) {
    if (moof.type !== 'moof') continue;
    for (const traf of moof.children()) {
      if (traf.type === 'traf') readTrackFragment({ traf, moofOffset: moof.offset, bytes, tracks, ends, samples });
    }
  }
  return samples;
}

interface TrackFragmentInput {
  readonly traf: BoxCursor;
  readonly moofOffset: number;
  readonly bytes: Uint8Array;
  readonly tracks: ReadonlyMap<number, ReadTrack>;
  readonly ends: Map<number, number>;
  readonly samples: ReadSample[];
}

function readTrackFragment({ traf, moofOffset, bytes, tracks, ends, samples }: TrackFragmentInput): void {
  const boxes = traf.children();
  const header = boxes.find((box) => box.type === 'tfhd');
  if (!header) throw traf.error('it has no box "tfhd"');
  const { flags } = header.versionAndFlags();
  const trackId = header.u32();
  const track = tracks.get(trackId);
  if (!track) return;
  const base = (flags & 0x1) !== 0 ? header.u64() : moofOffset;
  if ((flags & 0x2) !== 0) header.skip(4);
  const defaults = {
    durationTicks: (flags & 0x8) !== 0 ? header.u32() : track.defaults.durationTicks,
    bytes: (flags & 0x10) !== 0 ? header.u32() : track.defaults.bytes,
    flags: (flags & 0x20) !== 0 ? header.u32() : track.defaults.flags,
  };
  let dts = ends.get(trackId) ?? 0;
  const decodeTime = boxes.find((box) => box.type === 'tfdt');
  if (decodeTime) dts = decodeTime.versionAndFlags().version === 1 ? decodeTime.u64() : decodeTime.u32();

  let next = base;
  for (const run of boxes.filter((box) => box.type === 'trun')) {
    const { version, flags: runFlags } = run.versionAndFlags();
    const count = run.u32();
    if (samples.length + count > MAX_SAMPLES)
      throw run.error(`it brings the samples to ${samples.length + count}, at most ${MAX_SAMPLES} are read`);
    // Without an offset of its own, a run's data follow those of the run before.
    let at = (runFlags & 0x1) !== 0 ? base + run.i32() : next;
    const firstFlags = (runFlags & 0x4) !== 0 ? run.u32() : null;
    for (let i = 0; i < count; i += 1) {
      const durationTicks = (runFlags & 0x100) !== 0 ? run.u32() : defaults.durationTicks;
      const size = (runFlags & 0x200) !== 0 ? run.u32() : defaults.bytes;
      const own = (runFlags & 0x400) !== 0 ? run.u32() : defaults.flags;
      const sampleFlags = i === 0 && firstFlags !== null ? firstFlags : own;
      const composition = (runFlags & 0x800) === 0 ? 0 : version === 0 ? run.u32() : run.i32();
      if (at < 0 || at + size > bytes.length)
        throw run.error(`sample ${i} lies at ${at}..${at + size}, there are ${bytes.length} bytes`);
      samples.push({
        trackId,
        dtsTicks: dts,
        ptsTicks: dts + composition + track.presentationShiftTicks,
        durationTicks,
        keyframe: (sampleFlags & NON_SYNC_BIT) === 0,
        data: bytes.subarray(at, at + size),
      });
      at += size;
      dts += durationTicks;
    }
    next = at;
  }
  ends.set(trackId, dts);
}

/**
 * Turns read samples into coded samples, ordered by decode time over all tracks.
 *
 * @param capturedAt Unix ms of decode time 0; a sample's capture time is that plus its decode time.
 */
export function toCodedSamples(init: InitSegment, samples: readonly ReadSample[], capturedAt = 0): CodedSample[] {
  const tracks = new Map(init.tracks.map((track) => [track.trackId, track]));
  const coded = samples.map((sample): CodedSample => {
    const track = tracks.get(sample.trackId);
    if (!track)
      throw new CodedError('bitstream_invalid', {
        what: 'fMP4 fragment',
        problem: `track ${sample.trackId} is not in the init segment`,
      });
    const ms = 1000 / track.timescale;
    const dtsMs = (sample.dtsTicks + track.presentationShiftTicks) * ms;
    return {
      kind: track.track.kind,
      ptsMs: sample.ptsTicks * ms,
      dtsMs,
      keyframe: sample.keyframe,
      data: sample.data,
      capturedAt: capturedAt + dtsMs,
    };
  });
  return coded.sort((a, b) => a.dtsMs - b.dtsMs);
}
