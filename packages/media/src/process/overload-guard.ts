/** What to leave out so that decoding catches up. */
export type Relief = 'none' | 'disposable' | 'to-keyframe';

/** A sample that waited longer than this is late: frames that nothing refers to are left out, ms. */
const LATE_MS = 250;
/** Caught up again below this, ms. */
const CAUGHT_UP_MS = 100;
/** Beyond this it is hopeless to decode everything: on to the next keyframe, ms. */
const HOPELESS_MS = 1_000;

/** Decides by how long samples waited for the decoder. */
export class OverloadGuard {
  private late = false;

  /** @param waitedMs from the sample's arrival to its turn */
  relief(waitedMs: number): Relief {
    if (waitedMs > LATE_MS) this.late = true;
    else if (waitedMs < CAUGHT_UP_MS) this.late = false;
    if (waitedMs > HOPELESS_MS) return 'to-keyframe';
    return this.late ? 'disposable' : 'none';
  }
}
