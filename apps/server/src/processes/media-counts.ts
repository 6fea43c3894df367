/** What became of a session's frames. Every sampled frame is sent, dropped for a reason, or on its way. */
export interface MediaCounts {
  /** Pictures decoded. */
  readonly decoded: number;
  /** Frames picked for analysis, those that were lost before they could be decoded included. */
  readonly sampled: number;
  /** Frames handed to the vision process. */
  readonly sent: number;
  /** Sampled frames that were not handed over, by `DropReason`. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Times that the link to the vision process broke: what was sent before and not answered never is. */
  readonly linkLosses: number;
}

/** Before anything happened. */
export const NO_COUNTS: MediaCounts = { decoded: 0, sampled: 0, sent: 0, dropped: {}, linkLosses: 0 };

/** The sum of two counts, reason by reason. */
export function addCounts(a: MediaCounts, b: MediaCounts): MediaCounts {
  const dropped = { ...a.dropped };
  for (const [reason, count] of Object.entries(b.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  return {
    decoded: a.decoded + b.decoded,
    sampled: a.sampled + b.sampled,
    sent: a.sent + b.sent,
    dropped,
    linkLosses: a.linkLosses + b.linkLosses,
  };
}
