import { readBoxes } from './box-reader.js';
import type { InitSegment } from './init-reader.js';

/**
 * Moves all fragments in the given bytes by so much on their timeline, in place: the decode times (`tfdt`) alone change, so
 * that no size does.
 *
 * @param shiftMs Added to the decode times; what would come before 0 becomes 0.
 * @throws CodedError `bitstream_invalid` when a box does not fit.
 */
export function shiftFragments(init: InitSegment, bytes: Uint8Array, shiftMs: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { trackId, at, large, ticks } of decodeTimes(bytes)) {
    const timescale = init.tracks.find((track) => track.trackId === trackId)?.timescale;
    if (timescale === undefined) continue;
    const moved = Math.max(0, ticks + Math.round((shiftMs * timescale) / 1000));
    if (large) view.setBigUint64(at, BigInt(moved));
    else view.setUint32(at, moved);
  }
}

/** The earliest decode time in the given bytes, ms; null when they have no fragments of these tracks. */
export function firstDecodeTime(init: InitSegment, bytes: Uint8Array): number | null {
  const times = [...decodeTimes(bytes)].flatMap(({ trackId, ticks }) => {
    const timescale = init.tracks.find((track) => track.trackId === trackId)?.timescale;
    return timescale === undefined ? [] : [(ticks * 1000) / timescale];
  });
  return times.length === 0 ? null : times.reduce((least, ms) => Math.min(least, ms));
}

/** Every `tfdt`: where its value stands, and what it is. */
function* decodeTimes(bytes: Uint8Array) {
  for (const moof of readBoxes(bytes)) {
    if (moof.type !== 'moof') continue;
    for (const traf of moof.children()) {
      if (traf.type !== 'traf') continue;
      const boxes = traf.children();
      const header = boxes.find((box) => box.type === 'tfhd');
      const time = boxes.find((box) => box.type === 'tfdt');
      if (!header || !time) continue;
      header.versionAndFlags();
      const large = time.versionAndFlags().version === 1;
      // Behind size, type, version and flags.
      yield { trackId: header.u32(), at: time.offset + 12, large, ticks: large ? time.u64() : time.u32() };
    }
  }
}
