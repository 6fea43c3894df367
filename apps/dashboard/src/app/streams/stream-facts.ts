import type { Stream } from '@media-analyzer/protocol';
import { codecName, formatRate } from '../shared/format';

/** `1920×1080 · 30 fps · H.264`, or null while nothing is known. */
export function pictureFacts(stream: Stream): string | null {
  const video = stream.session?.video;
  if (!video) return stream.session?.audio ? $localize`Audio only` : null;
  const rate = video.frameRate === null ? null : $localize`${formatRate(video.frameRate)}:rate: fps`;
  return [`${video.width}×${video.height}`, rate, codecName(video.codec)].filter(Boolean).join(' · ');
}
