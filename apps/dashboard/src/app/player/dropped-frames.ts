import type { DropReason, StreamHealth } from '@media-analyzer/protocol';
import { formatCount } from '../shared/format';

const REASONS: Readonly<Record<DropReason, string>> = {
  superseded: 'a newer frame came first',
  deadline: 'waited too long',
  wrong_size: 'the model was switched',
  link_busy: 'the link to the vision process was full',
  vision_down: 'no vision process was there',
  media_down: 'no media process was there',
  overload: 'could not be decoded in time',
};

/** How many sampled frames were not analysed, and why, most frequent first. */
export function droppedFrames(health: StreamHealth): { total: number; text: string } {
  const reasons = Object.entries(health.frames.dropped)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return { total, text: 'None dropped.' };
  const parts = reasons.map(
    ([reason, count]) => `${formatCount(count)} ${isReason(reason) ? REASONS[reason] : reason}`,
  );
  return { total, text: `Dropped: ${parts.join(', ')}.` };
}

function isReason(reason: string): reason is DropReason {
  return Object.hasOwn(REASONS, reason);
}
