import type { DropReason, StreamHealth } from '@media-analyzer/protocol';
import { formatCount } from '../shared/format';

const REASONS: Readonly<Record<DropReason, string>> = {
  superseded: $localize`:why a frame was not analysed:a newer frame came first`,
  deadline: $localize`:why a frame was not analysed:waited too long`,
  wrong_size: $localize`:why a frame was not analysed:the model was switched`,
  link_busy: $localize`:why a frame was not analysed:the link to the vision process was full`,
  vision_down: $localize`:why a frame was not analysed:no vision process was there`,
  starting: $localize`:why a frame was not analysed:the decoder was still starting`,
  media_down: $localize`:why a frame was not analysed:the decoder was started again`,
  undecodable: $localize`:why a frame was not analysed:could not be decoded`,
  overload: $localize`:why a frame was not analysed:could not be decoded in time`,
};

/** How many sampled frames were not analysed, and why, most frequent first. */
export function droppedFrames(health: StreamHealth): { total: number; text: string } {
  const reasons = Object.entries(health.frames.dropped)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return { total, text: $localize`None dropped.` };
  const parts = reasons.map(
    ([reason, count]) => `${formatCount(count)} ${isReason(reason) ? REASONS[reason] : reason}`,
  );
  return { total, text: $localize`Dropped: ${parts.join(', ')}:counts with reasons:.` };
}

function isReason(reason: string): reason is DropReason {
  return Object.hasOwn(REASONS, reason);
}
