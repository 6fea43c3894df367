import { until } from './wait.js';

/** One media segment of a playlist. */
export interface HlsSegment {
  readonly url: string;
  /** URL of its init segment. */
  readonly initUrl: string;
  readonly durationMs: number;
  /** EXT-X-PROGRAM-DATE-TIME of its first sample, Unix ms, interpolated where the playlist leaves it out. */
  readonly programDateTime: number;
  readonly discontinuity: boolean;
}

/** A media playlist, as far as the tests look at it. */
export interface HlsPlaylist {
  readonly text: string;
  readonly segments: readonly HlsSegment[];
  readonly parts: number;
  readonly ended: boolean;
}

/** Text of a playlist or manifest. @throws Error with status and body when it is refused. */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}: ${text.slice(0, 200)}`);
  return text;
}

/** Bytes of a segment. @throws Error when it is refused. */
export async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Address of the first variant of a multivariant playlist. */
export async function variantUrl(multivariantUrl: string): Promise<string> {
  const lines = (await fetchText(multivariantUrl)).split('\n');
  const uri = lines.find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (!uri) throw new Error(`${multivariantUrl} names no variant`);
  return new URL(uri.trim(), multivariantUrl).href;
}

/** Fetches and reads a media playlist (RFC 8216bis), with a reader of our own tests, not with the product's writer. */
export async function fetchPlaylist(url: string): Promise<HlsPlaylist> {
  return parsePlaylist(await fetchText(url), url);
}

/** Waits until the media playlist of a stream has so many segments. */
export function untilSegments(multivariantUrl: string, count: number, withinMs: number): Promise<HlsPlaylist> {
  return until(
    async () => {
      const playlist = await fetchPlaylist(await variantUrl(multivariantUrl));
      return playlist.segments.length >= count && playlist;
    },
    { what: `${count} segments in the playlist`, withinMs, everyMs: 200 },
  );
}

/** An init segment with a media segment behind it: what a decoder can take by itself. */
export async function fetchPlayable({ initUrl, url }: HlsSegment): Promise<Uint8Array> {
  const [init, media] = await Promise.all([fetchBytes(initUrl), fetchBytes(url)]);
  const whole = new Uint8Array(init.length + media.length);
  whole.set(init);
  whole.set(media, init.length);
  return whole;
}

function parsePlaylist(text: string, base: string): HlsPlaylist {
  const segments: HlsSegment[] = [];
  let initUrl = '';
  let clock: number | null = null;
  let durationMs = 0;
  let discontinuity = false;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line.startsWith('#EXT-X-MAP:')) initUrl = new URL(/URI="([^"]+)"/.exec(line)?.[1] ?? '', base).href;
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) clock = Date.parse(line.slice(25));
    else if (line.startsWith('#EXTINF:')) durationMs = Number.parseFloat(line.slice(8)) * 1000;
    else if (line === '#EXT-X-DISCONTINUITY') discontinuity = true;
    else if (line !== '' && !line.startsWith('#')) {
      if (clock === null) throw new Error(`${base}: a segment has no program date and time`);
      segments.push({ url: new URL(line, base).href, initUrl, durationMs, programDateTime: clock, discontinuity });
      clock += durationMs;
      discontinuity = false;
    }
  }
  return { text, segments, parts: text.match(/^#EXT-X-PART:/gm)?.length ?? 0, ended: text.includes('#EXT-X-ENDLIST') };
}
