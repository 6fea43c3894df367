/** Frames remembered: five minutes at 60 a second, more than a player keeps loaded. */
const MAX_FRAMES = 20_000;
/** Two times closer than this are one frame, ms: at 240 frames a second they are 4 ms apart. */
const SAME_FRAME_MS = 1;

/**
 * The true presentation times of the frames that were loaded, read from the fragments themselves: a step by 1/fps misses
 * where the frame rate is not what it says, or not constant.
 */
export class FrameTimes {
  private times: number[] = [];
  private track: { readonly id: number; readonly timescale: number } | null = null;

  /** Reads what goes into the media element's buffer: an init segment, or fragments. Anything else is passed over. */
  read(bytes: Uint8Array): void {
    for (const box of boxes(bytes)) {
      if (box.type === 'moov') this.track = videoTrack(box.body) ?? this.track;
      else if (box.type === 'moof' && this.track) for (const ms of fragmentTimes(box.body, this.track)) this.add(ms);
    }
  }

  /** PTS of the frame after (or before) the one at `ptsMs`, ms; null when it is not loaded. */
  neighbour(ptsMs: number, direction: 1 | -1): number | null {
    if (direction > 0) return this.times[this.lowerBound(ptsMs + SAME_FRAME_MS)] ?? null;
    return this.times[this.lowerBound(ptsMs - SAME_FRAME_MS) - 1] ?? null;
  }

  /** A frame of this PTS, ms, is loaded. */
  has(ptsMs: number): boolean {
    const time = this.times[this.lowerBound(ptsMs - SAME_FRAME_MS)];
    return time !== undefined && Math.abs(time - ptsMs) <= SAME_FRAME_MS;
  }

  /** Another frame is loaded, PTS in ms. */
  add(ms: number): void {
    const at = this.lowerBound(ms - SAME_FRAME_MS / 2);
    const known = this.times[at];
    if (known !== undefined && Math.abs(known - ms) < SAME_FRAME_MS / 2) return;
    this.times.splice(at, 0, ms);
    // What lies furthest from what was loaded last goes.
    if (this.times.length > MAX_FRAMES) at > MAX_FRAMES / 2 ? this.times.shift() : this.times.pop();
  }

  private lowerBound(ms: number): number {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle]! < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Box {
  readonly type: string;
  readonly body: DataView;
}

/** Boxes side by side (ISO/IEC 14496-12 4.2); stops at what does not fit. */
function* boxes(bytes: Uint8Array | DataView): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > view.byteLength) return;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    yield { type, body: new DataView(view.buffer, view.byteOffset + at + 8, size - 8) };
    at += size;
  }
}

function child(parent: DataView | undefined, type: string): DataView | undefined {
  if (parent) for (const box of boxes(parent)) if (box.type === type) return box.body;
  return undefined;
}

function videoTrack(moov: DataView) {
  for (const { type, body } of boxes(moov)) {
    if (type !== 'trak') continue;
    const media = child(body, 'mdia');
    const [header, kind, time] = [child(body, 'tkhd'), child(media, 'hdlr'), child(media, 'mdhd')];
    // 'vide'
    if (!header || !kind || !time || kind.getUint32(8) !== 0x76696465) continue;
    const at = (full: DataView) => (full.getUint8(0) === 1 ? 20 : 12);
    return { id: header.getUint32(at(header)), timescale: time.getUint32(at(time)) };
  }
  return null;
}

/** Presentation times of a fragment's pictures, ms. */
function fragmentTimes(moof: DataView, track: { readonly id: number; readonly timescale: number }): number[] {
  const times: number[] = [];
  for (const { type, body } of boxes(moof)) {
    if (type !== 'traf') continue;
    const [header, decodeTime] = [child(body, 'tfhd'), child(body, 'tfdt')];
    if (!header || !decodeTime || header.getUint32(4) !== track.id) continue;
    const flags = header.getUint32(0) & 0xffffff;
    const durationAt = 8 + ((flags & 0x1) !== 0 ? 8 : 0) + ((flags & 0x2) !== 0 ? 4 : 0);
    const usual = (flags & 0x8) !== 0 ? header.getUint32(durationAt) : 0;
    let ticks = decodeTime.getUint8(0) === 1 ? Number(decodeTime.getBigUint64(4)) : decodeTime.getUint32(4);
    for (const run of boxes(body)) {
      if (run.type === 'trun') ticks = readRun(run.body, { ticks, usual, timescale: track.timescale, times });
    }
  }
  return times;
}

/** @returns the decode time behind the run, ticks */
function readRun(run: DataView, at: { ticks: number; usual: number; timescale: number; times: number[] }): number {
  const flags = run.getUint32(0) & 0xffffff;
  const count = run.getUint32(4);
  const has = (flag: number) => (flags & flag) !== 0;
  const fields = [0x100, 0x200, 0x400, 0x800].filter(has).length * 4;
  let offset = 8 + (has(0x1) ? 4 : 0) + (has(0x4) ? 4 : 0);
  let { ticks } = at;
  for (let i = 0; i < count && offset + fields <= run.byteLength; i++, offset += fields) {
    const composition = has(0x800) ? run.getInt32(offset + fields - 4) : 0;
    at.times.push(((ticks + composition) * 1000) / at.timescale);
    ticks += has(0x100) ? run.getUint32(offset) : at.usual;
  }
  return ticks;
}
