import type { VideoInfo } from '@media-analyzer/protocol';

const pad = (value: number) => String(value).padStart(2, '0');

/** `0:07`, `12:34`, `1:02:03`: time on a clock from milliseconds. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** `<1 s`, `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: how long something has lasted. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return '<1 s';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `850 ms`, `1.8 s`. */
export function formatMs(ms: number): string {
  if (Math.abs(ms) < 9.95) return `${ms.toFixed(1)} ms`;
  return Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `640 kB`, `3.7 MB`, `12 GB`, in powers of ten. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `820 kbit/s`, `4.5 Mbit/s`. */
export function formatBitrate(bitsPerSecond: number): string {
  return bitsPerSecond < 999_500
    ? `${Math.round(bitsPerSecond / 1000)} kbit/s`
    : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** `29.97`, `25`: frames per second without a tail of zeros. */
export function formatRate(rate: number): string {
  return String(Math.round(rate * 100) / 100);
}

/** `1920×1080`. */
export function formatResolution(video: Pick<VideoInfo, 'width' | 'height'>): string {
  return `${video.width}×${video.height}`;
}

const CODEC_NAMES: Readonly<Record<string, string>> = {
  h264: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  aac: 'AAC',
  opus: 'Opus',
};

/** Name of a codec as encoders show it. */
export function codecName(codec: string): string {
  return CODEC_NAMES[codec] ?? codec;
}

/** A count with thousands separated. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
