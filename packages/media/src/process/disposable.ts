import type { VideoTrack } from '@media-analyzer/protocol';
import { nalLengthSize } from '../bitstream/index.js';

/**
 * Says of each sample of a track whether no other picture refers to it, so that it can be left out without harm. Where the
 * codec does not say it cheaply, the answer is no.
 */
export function disposableTest(track: VideoTrack): (data: Uint8Array) => boolean {
  if (track.codec === 'av1') return () => false;
  const lengthBytes = nalLengthSize(track.codec, track.configuration);
  if (track.codec === 'h264') {
    return (data) =>
      firstPicture(data, lengthBytes, (header) => {
        const type = header & 0x1f;
        return type >= 1 && type <= 5 ? (header & 0x60) === 0 : null; // nal_ref_idc, H.264 7.4.1
      });
  }
  // With temporal layers a sub-layer non-reference picture may still be referred to from a higher layer (H.265 7.4.2.2).
  const temporalLayers = (track.configuration[21]! >> 3) & 7;
  if (temporalLayers !== 1) return () => false;
  return (data) =>
    firstPicture(data, lengthBytes, (header) => {
      const type = (header >> 1) & 0x3f;
      return type < 32 ? type < 16 && type % 2 === 0 : null;
    });
}

/** Asks about the header byte of each NAL unit until one belongs to a picture. */
function firstPicture(data: Uint8Array, lengthBytes: number, judge: (header: number) => boolean | null): boolean {
  let at = 0;
  while (at + lengthBytes < data.length) {
    let length = 0;
    for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + data[at + i]!;
    const verdict = judge(data[at + lengthBytes]!);
    if (verdict !== null) return verdict;
    at += lengthBytes + length;
  }
  return false;
}
