import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { CodedSample } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SessionClock } from '../clock/index.js';
import { vodPlaylist } from './index.js';
import { type Clip, encodeClip, ffmpegTool, testInputs, x264 } from './testing/clips.js';
import { type PlaybackServer, startPlayback } from './testing/playback-server.js';
import { type ParsedPlaylist, parsePlaylist, playlistProblems, updateProblems } from './testing/playlist-validator.js';

const EPOCH = 1_700_000_000_000;
const X265 = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-tag:v',
  'hvc1',
  '-x265-params',
  'log-level=error:keyint=48:min-keyint=48:bframes=3',
];
const SVT_AV1 = ['-c:v', 'libsvtav1', '-preset', '12', '-g', '50'];
/** Drops frames so that the rest come at 33 to 670 ms. */
const VARIABLE_RATE = ['-vf', "select='not(between(mod(n,60),20,38))*gt(mod(n,7),1)'", '-vsync', 'vfr'];

const CASES: Record<string, readonly string[]> = {
  'H.264 at 24 fps with B-frames, AAC at 44.1 kHz': [
    ...testInputs({ rate: '24', audio: 'r=44100' }),
    ...x264(48, '-bf', '3'),
    '-c:a',
    'aac',
  ],
  'H.264 at 25 fps, AAC at 48 kHz': [...testInputs({ rate: '25' }), ...x264(25), '-c:a', 'aac'],
  'H.264 at 29.97 fps with B-frames, AAC at 44.1 kHz': [
    ...testInputs({ rate: '30000/1001', audio: 'r=44100' }),
    ...x264(60, '-bf', '2'),
    '-c:a',
    'aac',
  ],
  'H.264 at 30 fps in portrait, mono AAC at 32 kHz': [
    ...testInputs({ size: '90x160', audio: 'r=32000' }),
    ...x264(30, '-bf', '2'),
    '-c:a',
    'aac',
    '-ac',
    '1',
  ],
  'H.264 at 50 fps, 5.1 AAC': [...testInputs({ rate: '50' }), ...x264(100, '-bf', '3'), '-c:a', 'aac', '-ac', '6'],
  'H.264 at 60 fps of odd size, stereo AAC': [
    ...testInputs({ rate: '60', size: '322x182' }),
    ...x264(120),
    '-c:a',
    'aac',
    '-ac',
    '2',
  ],
  'H.264 at a variable frame rate with B-frames': [
    ...testInputs(),
    ...VARIABLE_RATE,
    ...x264(30, '-bf', '2'),
    '-c:a',
    'aac',
  ],
  'H.264 with keyframes every 8.3 seconds': [...testInputs({ seconds: 18 }), ...x264(250, '-bf', '2'), '-c:a', 'aac'],
  'HEVC at 24 fps with B-frames, Opus': [...testInputs({ rate: '24' }), ...X265, '-c:a', 'libopus'],
  'AV1 at 25 fps, stereo Opus': [...testInputs({ rate: '25', seconds: 5 }), ...SVT_AV1, '-c:a', 'libopus', '-ac', '2'],
  'picture alone': [...testInputs({ rate: '25', audio: null }), ...x264(25, '-bf', '2')],
  'sound alone': ['-f', 'lavfi', '-i', 'sine=r=44100:d=6', '-c:a', 'aac'],
};

/** Pushes a clip as a live session would, and checks the playlist in each of its states. */
async function play(server: PlaybackServer, clip: Clip): Promise<CodedSample[]> {
  const clock = new SessionClock({ epochAt: EPOCH });
  const pushed: CodedSample[] = [];
  let before: ParsedPlaylist | null = null;
  let etag = '';
  server.packager.setTracks(clip.tracks);
  for (const sample of clip.samples) {
    const mapped = clock.map({ ...sample, capturedAt: EPOCH + sample.dtsMs });
    expect(mapped.discontinuity).toBeNull();
    pushed.push(mapped.sample);
    server.packager.push(mapped.sample);
    if (!server.packager.playable) continue;
    const response = await server.packager.mediaPlaylist({});
    if (response.etag === etag) continue;
    etag = response.etag;
    const now = parsePlaylist(response.body);
    expect(playlistProblems(now)).toEqual([]);
    if (before) expect(updateProblems(before, now)).toEqual([]);
    before = now;
  }
  await server.packager.end();
  return pushed;
}

interface Probed {
  readonly warnings: string;
  readonly streams: readonly {
    codec_type: string;
    width?: number;
    height?: number;
    nb_read_frames?: string;
    sample_rate?: string;
    channels?: number;
  }[];
  readonly packets: readonly { codec_type: string; pts_time: string; duration_time: string }[];
}

async function probe(url: string): Promise<Probed> {
  const entries =
    'stream=codec_type,width,height,nb_read_frames,sample_rate,channels:packet=codec_type,pts_time,duration_time';
  const { stdout, stderr } = await ffmpegTool('ffprobe', [
    '-v',
    'warning',
    '-count_frames',
    '-show_entries',
    entries,
    '-of',
    'json',
    url,
  ]);
  return { warnings: stderr, ...(JSON.parse(stdout) as Omit<Probed, 'warnings'>) };
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const ptsOf = (samples: readonly CodedSample[], kind: string): number[] =>
  sorted(samples.filter((s) => s.kind === kind).map((s) => s.ptsMs));

async function expectPlays(server: PlaybackServer, clip: Clip, pushed: readonly CodedSample[]): Promise<void> {
  const { stderr } = await ffmpegTool('ffmpeg', ['-v', 'warning', '-i', `${server.url}/index.m3u8`, '-f', 'null', '-']);
  expect(stderr).toBe('');
  const probed = await probe(`${server.url}/index.m3u8`);
  expect(probed.warnings).toBe('');
  const times = (kind: string): number[] =>
    sorted(probed.packets.filter((p) => p.codec_type === kind).map((p) => Number(p.pts_time) * 1000));
  for (const track of clip.tracks) {
    const stream = probed.streams.find(({ codec_type }) => codec_type === track.kind)!;
    const expected = ptsOf(pushed, track.kind);
    const actual = times(track.kind);
    expect(actual).toHaveLength(expected.length);
    if (track.kind === 'video') {
      expect([stream.width, stream.height]).toEqual([track.width, track.height]);
      expect(Number(stream.nb_read_frames)).toBe(expected.length);
      expect(actual.map(Math.round)).toEqual(expected);
    } else {
      expect([Number(stream.sample_rate), stream.channels]).toEqual([track.sampleRate, track.channels]);
      actual.forEach((ms, i) => {
        // The clips begin with a gap of up to 35 ms behind the encoder's first frame; it is found within a few frames.
        expect(Math.abs(ms - expected[i]!)).toBeLessThan(i < 6 ? 36 : 10);
      });
    }
  }
}

describe('a live session, as ffmpeg plays it', () => {
  it.each(Object.entries(CASES))(
    '%s: no warning, every frame, every time',
    async (_, args) => {
      const clip = await encodeClip(args);
      await using server = await startPlayback({ epochAt: EPOCH });
      const pushed = await play(server, clip);
      await expectPlays(server, clip, pushed);
    },
    120_000,
  );

  it('plays each segment by itself', async () => {
    const clip = await encodeClip([...testInputs(), ...x264(30, '-bf', '2'), '-c:a', 'aac']);
    await using server = await startPlayback({ epochAt: EPOCH });
    await play(server, clip);
    expect(server.segments.length).toBeGreaterThan(2);
    for (const { name, initName, startMs } of server.segments) {
      const { objects } = server.store;
      objects.set(`whole-${name}`, Buffer.concat([objects.get(initName)!, objects.get(name)!]));
      const url = `${server.url}/whole-${name}`;
      const { warnings, packets } = await probe(url);
      expect(warnings).toBe('');
      const video = packets
        .filter(({ codec_type }) => codec_type === 'video')
        .map(({ pts_time }) => Number(pts_time) * 1000);
      expect(Math.round(Math.min(...video))).toBe(startMs);
    }
  });

  it('stays one presentation over a reconnect with another picture size, live and from the store', async () => {
    const small = await encodeClip([...testInputs({ seconds: 4 }), ...x264(30, '-bf', '2'), '-c:a', 'aac']);
    const large = await encodeClip([
      ...testInputs({ seconds: 4, size: '640x360', rate: '25' }),
      ...x264(25),
      '-c:a',
      'aac',
    ]);
    await using server = await startPlayback({ epochAt: EPOCH });
    const { packager } = server;
    const clock = new SessionClock({ epochAt: EPOCH });
    const frames: number[] = [];
    for (const [clip, arrivesAt] of [
      [small, 0],
      [large, 15_000],
    ] as const) {
      clock.startSource();
      packager.discontinuity();
      packager.setTracks(clip.tracks);
      for (const sample of clip.samples)
        packager.push(clock.map({ ...sample, capturedAt: EPOCH + arrivesAt + sample.dtsMs }).sample);
      frames.push(clip.samples.filter(({ kind }) => kind === 'video').length);
    }
    await packager.end();
    const live = parsePlaylist((await packager.mediaPlaylist({})).body);
    expect(playlistProblems(live)).toEqual([]);
    const breaks = live.segments.filter(({ discontinuity }) => discontinuity);
    expect(breaks.map(({ map, dateTime }) => [map, dateTime! - EPOCH])).toEqual([['init-1.mp4', 15_000]]);

    server.store.objects.set('stored.m3u8', Buffer.from(vodPlaylist(server.segments, { epochAt: EPOCH })));
    for (const playlist of ['index.m3u8', 'stored.m3u8']) {
      const { stdout } = await ffmpegTool('ffprobe', [
        '-v',
        'error',
        '-count_packets',
        '-select_streams',
        'v',
        '-show_entries',
        'stream=nb_read_packets',
        '-of',
        'csv=p=0',
        `${server.url}/${playlist}`,
      ]);
      const lastTail = server.packager.stats().dropped.tail;
      expect(Number(stdout.trim().split('\n')[0])).toBe(frames[0]! + frames[1]! - lastTail);
    }
  });
});

const mediaFolder =
  process.env.TEST_MEDIA ?? join(fileURLToPath(new URL('../../../../../shared/media', import.meta.url)));

interface ManifestItem {
  readonly file: string;
  readonly media?: { readonly video_codec?: string; readonly audio_codec?: string };
}

describe('real clips, copied as they are', () => {
  it('play without a warning, with every frame at its time', async () => {
    const { items } = JSON.parse(await readFile(join(mediaFolder, 'MANIFEST.json'), 'utf8')) as {
      items: ManifestItem[];
    };
    const usable = items.filter(
      ({ media }) => media?.video_codec === 'h264' && (media.audio_codec === undefined || media.audio_codec === 'aac'),
    );
    const withSound = usable.filter(({ media }) => media?.audio_codec);
    const picked = [...withSound.slice(0, 3), ...usable.filter((item) => !withSound.includes(item)).slice(0, 2)];
    expect(picked.length).toBeGreaterThan(0);
    for (const { file } of picked) {
      const clip = await encodeClip([
        '-t',
        '12',
        '-i',
        join(mediaFolder, file),
        '-map',
        '0:v:0',
        '-map',
        '0:a:0?',
        '-c',
        'copy',
      ]);
      await using server = await startPlayback({ epochAt: EPOCH });
      const pushed = await play(server, clip);
      const { stderr } = await ffmpegTool('ffmpeg', [
        '-v',
        'warning',
        '-i',
        `${server.url}/index.m3u8`,
        '-f',
        'null',
        '-',
      ]);
      expect(stderr, file).toBe('');
      const { packets } = await probe(`${server.url}/index.m3u8`);
      const video = sorted(
        packets
          .filter(({ codec_type }) => codec_type === 'video')
          .map(({ pts_time }) => Math.round(Number(pts_time) * 1000)),
      );
      expect(video, file).toEqual(ptsOf(pushed, 'video'));
    }
  }, 180_000);
});
