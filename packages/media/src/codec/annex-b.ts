/**
 * Byte stream format of H.264 and HEVC (Annex B of both): NAL units behind start codes `00 00 01`. AVI, MPEG-TS and raw
 * files carry it; coded samples carry a 4-byte length before each unit instead.
 */

/** Whether the bytes begin with a start code, of three or four bytes. */
export function isAnnexB(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1));
}

/** The NAL units of a byte stream, as views, without start codes and without the zero bytes that may trail a unit. */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = -1;
  const finish = (end: number): void => {
    if (start < 0) return;
    let last = end;
    while (last > start && bytes[last - 1] === 0) last -= 1;
    if (last > start) units.push(bytes.subarray(start, last));
  };
  for (let at = 0; at + 2 < bytes.length; at += 1) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    finish(at);
    start = at + 3;
    at += 2;
  }
  finish(bytes.length);
  return units;
}

/** The same units with 4-byte big-endian lengths, in memory of its own. */
export function annexBToLengthPrefixed(bytes: Uint8Array): Uint8Array {
  const units = splitAnnexB(bytes);
  const out = new Uint8Array(units.reduce((sum, unit) => sum + 4 + unit.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length);
    out.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return out;
}
