import type { Stream } from '@media-analyzer/protocol';
import { codecName, formatClock, formatDuration, formatRate } from '../shared/format';

/** `1920×1080 · 30 fps · H.264`, or null while nothing is known. */
export function pictureFacts(stream: Stream): string | null {
  const video = stream.session?.video;
  if (!video) return stream.session?.audio ? 'Audio only' : null;
  const rate = video.frameRate === null ? null : `${formatRate(video.frameRate)} fps`;
  return [`${video.width}×${video.height}`, rate, codecName(video.codec)].filter(Boolean).join(' · ');
}

/** How long it has been on air, or when it was. `now` is the server's time, Unix ms. */
export function timeFacts(stream: Stream, now: number): string {
  const { session, state } = stream;
  if (!session) return 'Never published';
  if (state === 'live' || state === 'reconnecting') return formatClock(now - session.startedAt);
  const endedAt = session.endedAt ?? session.startedAt + session.durationMs;
  return `${formatDuration(now - endedAt)} ago`;
}
