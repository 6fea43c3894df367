import type Hls from 'hls.js/light';
import { Events, type Fragment, type LevelDetails } from 'hls.js/light';
import type { FrameClock } from '../overlay/frame-clock';

/**
 * Tells the frame clock what hls.js knows. For fMP4 hls.js appends the file's timestamps untouched and sets the source
 * buffer's `timestampOffset` to minus `initPTS` of the discontinuity, so media time plus `initPTS` is the container's time,
 * exactly. `initPTS` may be found anew for the same discontinuity (after a seek), hence it is kept with each span.
 */
export class FrameClockFeed {
  /** Container time minus media time by discontinuity counter, seconds. */
  private readonly offsets = new Map<number, number>();

  constructor(
    hls: Hls,
    private readonly clock: FrameClock,
  ) {
    hls.on(Events.INIT_PTS_FOUND, (_event, { id, frag, initPTS, timescale }) => {
      if (id === 'main') this.offsets.set(frag.cc, initPTS / timescale);
    });
    hls.on(Events.LEVEL_PTS_UPDATED, (_event, { frag, type, start, end }) => {
      if (type !== 'audio') this.addSpan(frag, start, end);
    });
    hls.on(Events.BUFFER_APPENDING, (_event, { type, data }) => {
      if (type !== 'audio') clock.frames.read(data);
    });
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => clock.setPlaylist(playlistSpans(details)));
  }

  private addSpan(frag: Fragment, start: number, end: number): void {
    if (typeof frag.sn !== 'number') return;
    this.clock.addSpan({
      sequence: frag.sn,
      start,
      end,
      containerOffset: this.offsets.get(frag.cc) ?? null,
      dateAt: frag.programDateTime,
      // The date stands for the segment's start, and loading may have begun at a later part of it.
      dateTime: frag.startPTS ?? frag.start,
    });
  }
}

function playlistSpans(details: LevelDetails) {
  const fragments = details.fragmentHint ? [...details.fragments, details.fragmentHint] : details.fragments;
  return fragments.map((frag) => ({ start: frag.start, end: frag.end, dateAt: frag.programDateTime }));
}
