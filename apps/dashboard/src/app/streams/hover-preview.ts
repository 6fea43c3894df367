import Hls, { Events } from 'hls.js/light';

/**
 * Plays the live edge of a stream into a video element without sound, with as little in memory as that takes: one viewer's worth of
 * network while a pointer rests on it. @returns ends it
 */
export function startPreview(video: HTMLVideoElement, url: string): () => void {
  if (!Hls.isSupported()) return () => {};
  const hls = new Hls({ maxBufferLength: 4, backBufferLength: 0, maxBufferSize: 4_000_000, lowLatencyMode: true });
  hls.loadSource(url);
  hls.attachMedia(video);
  hls.on(Events.MANIFEST_PARSED, () => void video.play().catch(() => {}));
  // What cannot be played stays a still picture: nobody asked for more than a glance.
  hls.on(Events.ERROR, (_event, { fatal }) => {
    if (fatal) hls.destroy();
  });
  return () => hls.destroy();
}
