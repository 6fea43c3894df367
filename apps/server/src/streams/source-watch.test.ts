import type { AudioTrack, CodedSample, Track, VideoTrack } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { SourceWatch } from './source-watch.js';

const configuration = new Uint8Array();
const videoTrack: VideoTrack = {
  ...{ kind: 'video', codec: 'h264', codecString: 'avc1.64001f', configuration, width: 640, height: 360 },
  ...{ displayWidth: 640, displayHeight: 360, chroma: '4:2:0', bitDepth: 8, frameRate: 30 },
};
const audioTrack: AudioTrack = {
  ...{ kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', configuration, sampleRate: 48_000, channels: 2 },
};

const codes = (watch: SourceWatch): string[] => watch.warnings(Date.now()).map(({ code }) => code);

describe('a kind that does not come while the other one is on air', () => {
  it.each([
    ['video', audioTrack, 'no_video', 'no_parameter_sets'],
    ['audio', videoTrack, 'no_audio', 'no_audio_header'],
  ] as const)('%s: it is told apart whether it is not sent, cannot be decoded, or cannot be carried', (...args) => {
    const [kind, other, notSent, undecodable] = args;
    const watch = new SourceWatch();
    expect(codes(watch), 'before anything came').toEqual([]);
    watch.track(other);
    watch.sample(sampleOf(other.kind), null);
    expect(codes(watch)).toEqual([notSent]);
    expect(watch.trouble('before_configuration', kind), 'news').toBe(true);
    expect(watch.trouble('before_configuration', kind), 'no news').toBe(false);
    expect(codes(watch)).toEqual([undecodable]);
    watch.unsupported(kind);
    expect(codes(watch)).toEqual([]);
  });

  it('is no matter any more when it comes after all', () => {
    const watch = new SourceWatch();
    watch.track(videoTrack);
    watch.sample(sampleOf('video'), null);
    watch.trouble('before_configuration', 'audio');
    watch.track(audioTrack);
    expect(codes(watch)).toEqual([]);
  });
});

describe('a kind that was on air and comes in a form that cannot be passed on', () => {
  const START = 1_700_000_000_000;
  const feed = (watch: SourceWatch, kind: Track['kind'], fromMs: number, toMs: number): void => {
    for (let ms = fromMs; ms <= toMs; ms += 40)
      watch.sample({ ...sampleOf(kind), dtsMs: ms, ptsMs: ms, capturedAt: START + ms }, null);
  };
  const stopped = (watch: SourceWatch): string[] =>
    watch.warnings(START + 20_000).flatMap(({ code }) => (code.endsWith('_stopped') ? code : []));

  it.each([
    ['is only missing', () => {}, ['audio_stopped']],
    ['changed to a codec that is not carried', (watch: SourceWatch) => watch.unsupported('audio'), []],
    ['has lost its header', (watch: SourceWatch) => watch.trouble('before_configuration', 'audio'), []],
    ['is damaged', (watch: SourceWatch) => watch.trouble('damaged', 'audio'), []],
  ])('is said to have stopped only where nothing of it comes: %s', (_, happen, expected) => {
    const watch = new SourceWatch();
    watch.track(videoTrack);
    watch.track(audioTrack);
    feed(watch, 'audio', 0, 8000);
    feed(watch, 'video', 0, 20_000);
    happen(watch);
    expect(stopped(watch)).toEqual(expected);
  });
});

it('what is missing of the sound is nothing that the picture waits for', () => {
  const watch = new SourceWatch();
  watch.trouble('before_configuration', 'audio');
  expect(watch.waiting(false)?.what).toBe('media');
  watch.trouble('before_configuration', 'video');
  expect(watch.waiting(false)?.what).toBe('parameter_sets');
});

function sampleOf(kind: Track['kind']): CodedSample {
  return { kind, ptsMs: 0, dtsMs: 0, keyframe: true, data: new Uint8Array(1), capturedAt: 0 };
}
