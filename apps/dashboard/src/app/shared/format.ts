import type { VideoInfo } from '@media-analyzer/protocol';

const pad = (value: number) => String(value).padStart(2, '0');

/** `0:07`, `12:34`, `1:02:03`: time on a clock from milliseconds. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** A number as the page's language writes it, with at most and at least so many digits after the point. */
export function formatNumber(value: number, digits: { readonly min?: number; readonly max?: number } = {}): string {
  const { min = 0, max = Math.max(min, 0) } = digits;
  const locale = (typeof document === 'undefined' ? '' : document.documentElement.lang) || 'en';
  const key = `${locale} ${min} ${max}`;
  const known = formatters.get(key);
  if (known) return known.format(value);
  const made = new Intl.NumberFormat(locale, { minimumFractionDigits: min, maximumFractionDigits: max });
  formatters.set(key, made);
  return made.format(value);
}

/** Making a formatter costs far more than using it. */
const formatters = new Map<string, Intl.NumberFormat>();

/** `<1 s`, `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: how long something has lasted. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 1) return $localize`<1 s`;
  if (seconds < 60) return $localize`${seconds}:seconds: s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return $localize`${minutes}:minutes: min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24)
    return minutes % 60 === 0
      ? $localize`${hours}:hours: h`
      : $localize`${hours}:hours: h ${minutes % 60}:minutes: min`;
  return $localize`${Math.floor(hours / 24)}:days: d ${hours % 24}:hours: h`;
}

/** `850 ms`, `1.8 s`. */
export function formatMs(ms: number): string {
  if (Math.abs(ms) < 9.95) return `${formatNumber(ms, { min: 1 })} ms`;
  return Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${formatNumber(ms / 1000, { min: 1 })} s`;
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
  return `${formatNumber(value, { min: unit === 0 || value >= 100 ? 0 : 1 })} ${units[unit]}`;
}

/** `820 kbit/s`, `4.5 Mbit/s`. */
export function formatBitrate(bitsPerSecond: number): string {
  return bitsPerSecond < 999_500
    ? `${Math.round(bitsPerSecond / 1000)} kbit/s`
    : `${formatNumber(bitsPerSecond / 1e6, { min: 1 })} Mbit/s`;
}

/** `29.97`, `25`: frames per second without a tail of zeros. */
export function formatRate(rate: number): string {
  return formatNumber(rate, { max: 2 });
}

/** `84%`, from 0..1. */
export function formatPercent(share: number): string {
  return $localize`:a share, as in 84%|:${Math.round(share * 100)}:percent:%`;
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
  return formatNumber(count);
}
