import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const CLIP_MS = 12_000;
/** PTS of the session's first frame: above zero, so that audio which starts a little earlier is not negative. */
export const START_MS = 1000;
export const FRAME_MS = 40;
export const SEGMENT_MS = 1000;
/** Bits of the frame number burnt into the lower left corner, lowest first, each a square of this many pixels. */
export const CODE = { bits: 9, size: 10, bottom: 10 };
export const PICTURE = { width: 854, height: 480 };

export interface Clip {
  readonly dir: string;
  readonly segments: number;
  /** Presentation time of the first frame in the files, seconds: encoders with B-frames and audio priming start above zero. */
  readonly lead: number;
}

/** Ticks per second of the tracks that ffmpeg writes here: video at 25 fps, audio at 48 kHz. */
const TIMESCALES = [12_800, 48_000];

/** Encodes the clip as fMP4 segments of a second each, with the frame number burnt in, and takes a few thumbnails. */
export async function prepareClip(file: string): Promise<Clip> {
  if (!existsSync(file)) throw new Error(`${file} does not exist; name a clip with --clip`);
  const dir = mkdtempSync(join(tmpdir(), 'dashboard-mock-'));
  const y = PICTURE.height - CODE.bottom - CODE.size;
  const bits = Array.from({ length: CODE.bits }, (_, bit) => {
    const box = `x=${bit * CODE.size}:y=${y}:w=${CODE.size}:h=${CODE.size}:t=fill`;
    return `drawbox=${box}:color=black,drawbox=${box}:color=white:enable='mod(floor(n/${2 ** bit}),2)'`;
  });
  const seconds = String(CLIP_MS / 1000);
  await run('ffmpeg', [
    ...['-v', 'error', '-i', file, '-f', 'lavfi', '-i', 'anoisesrc=amplitude=0.01:sample_rate=48000', '-t', seconds],
    ...['-vf', `fps=25,scale=${PICTURE.width}:${PICTURE.height},setpts=N/25/TB,${bits.join(',')}`],
    ...[
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '25',
      '-sc_threshold',
      '0',
      '-bf',
      '2',
    ],
    ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '96k', '-f', 'hls', '-hls_time', '1', '-hls_list_size', '0'],
    ...[
      '-hls_segment_type',
      'fmp4',
      '-hls_fmp4_init_filename',
      'init.mp4',
      '-hls_segment_filename',
      join(dir, 's%d.m4s'),
    ],
    join(dir, 'clip.m3u8'),
  ]);
  await run('ffmpeg', ['-v', 'error', '-i', file, '-vf', 'fps=1/2,scale=480:-2', '-q:v', '5', join(dir, 't%d.jpg')]);
  const probe = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', [...probe, join(dir, 'clip.m3u8')]);
  const lead = Math.min(
    ...stdout
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
  );
  return { dir, segments: readdirSync(dir).filter((name) => name.endsWith('.m4s')).length, lead };
}

/** A segment of the looped clip with its timestamps moved onto the session clock, as the packager writes them. */
export async function sessionSegment(clip: Clip, index: number): Promise<Uint8Array> {
  const bytes = await readFile(join(clip.dir, `s${index % clip.segments}.m4s`));
  const shift = START_MS / 1000 + (Math.floor(index / clip.segments) * CLIP_MS) / 1000 - clip.lead;
  // tfhd before tfdt in each traf; ffmpeg writes version 1 of tfdt (64 bits).
  for (let at = bytes.indexOf('tfhd'); at >= 0; at = bytes.indexOf('tfhd', at + 4)) {
    const track = bytes.readUInt32BE(at + 8);
    const time = bytes.indexOf('tfdt', at) + 8;
    const ticks = Math.round(shift * (TIMESCALES[track - 1] ?? 1000));
    bytes.writeBigInt64BE(bytes.readBigInt64BE(time) + BigInt(ticks), time);
  }
  return bytes;
}

/** Media playlist of a session in which the clip runs in a loop; each turn is a discontinuity with the clock going on. */
export function mediaPlaylist(options: {
  clip: Clip;
  epochAt: number;
  now: number;
  windowMs: number;
  ended: boolean;
}): string {
  const { clip, epochAt, now, windowMs, ended } = options;
  const edge = Math.floor((now - epochAt - START_MS) / SEGMENT_MS);
  const first = Math.max(0, edge - Math.floor(windowMs / SEGMENT_MS));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-TARGETDURATION:1',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.floor(first / clip.segments)}`,
    '#EXT-X-MAP:URI="init.mp4"',
  ];
  for (let index = first; index < edge; index++) {
    if (index > first && index % clip.segments === 0) lines.push('#EXT-X-DISCONTINUITY', '#EXT-X-MAP:URI="init.mp4"');
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(epochAt + START_MS + index * SEGMENT_MS).toISOString()}`,
      '#EXTINF:1.000,',
      `${index}.m4s`,
    );
  }
  if (ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

export const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=1800000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=${PICTURE.width}x${PICTURE.height},FRAME-RATE=25.000
media.m3u8
`;
