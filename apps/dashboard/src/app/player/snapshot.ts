import { OverlayRenderer, type OverlaySettings } from '../overlay/overlay-renderer';
import type { OverlayFrame } from '../overlay/overlay-timeline';

/** The picture that a snapshot is made of. */
export interface SnapshotInput {
  readonly video: HTMLVideoElement;
  /** What to draw on it; null for the picture alone. */
  readonly overlay: OverlayFrame | null;
  readonly settings: OverlaySettings;
}

/** The frame on the screen in its full size, with the boxes as they are shown, as PNG. @throws Error without a picture */
export async function takeSnapshot({ video, overlay, settings }: SnapshotInput): Promise<Blob> {
  const { videoWidth: width, videoHeight: height } = video;
  if (width === 0 || height === 0) throw new Error('There is no picture');
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser has no 2D canvas');
  context.drawImage(video, 0, 0, width, height);
  if (overlay) {
    const layer = document.createElement('canvas');
    const renderer = new OverlayRenderer(layer);
    // Lines and labels as large on the picture as they are on the screen.
    const ratio = Math.max(1, width / Math.max(1, video.clientWidth));
    renderer.resize({ width: width / ratio, height: height / ratio }, ratio);
    renderer.draw(overlay, { width, height }, settings, null);
    context.drawImage(layer, 0, 0, width, height);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made'))), 'image/png');
  });
}

/** `Studio 1 2026-11-25 10-42-13.040Z.png`: in UTC to the millisecond, without what file systems do not take. */
export function snapshotName(stream: string, at: number): string {
  const name =
    stream
      .replace(/[\\/:*?"<>|\p{C}]+/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim() || 'snapshot';
  return `${name} ${new Date(at).toISOString().replace('T', ' ').replaceAll(':', '-')}.png`;
}

/** Hands a file to the browser's downloads. */
export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
