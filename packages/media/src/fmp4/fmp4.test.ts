import { CodedError, type Track } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioTrackFromConfiguration, videoTrackFromConfiguration } from '../bitstream/index.js';
import {
  type FragmentTrack,
  numberTracks,
  readFragments,
  readInitSegment,
  toCodedSamples,
  trackTimescale,
  writeFragment,
  writeInitSegment,
} from './index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const VIDEO = videoTrackFromConfiguration(
  'h264',
  hex('0164001effe100196764001eacd940a42fe224c04400000fa40003a9803c58b65801000668ebe3cb22c0fdf8f800'),
);
const AAC = audioTrackFromConfiguration('aac', hex('1190'));
const OPUS = audioTrackFromConfiguration('opus', hex('000201380000bb80000000'));

const fragmentTrack = (trackId: number): fc.Arbitrary<FragmentTrack> =>
  fc.record({
    trackId: fc.constant(trackId),
    baseDecodeTime: fc.integer({ min: 0, max: 2 ** 40 }),
    samples: fc.array(
      fc.record({
        durationTicks: fc.integer({ min: 0, max: 0xffffffff }),
        compositionOffsetTicks: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        keyframe: fc.boolean(),
        data: fc.uint8Array({ maxLength: 40 }),
      }),
      { minLength: 1, maxLength: 20 },
    ),
  });

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

describe('an init segment', () => {
  it.each<[string, Track[]]>([
    ['picture and sound', [VIDEO, AAC]],
    ['picture alone', [VIDEO]],
    ['Opus alone', [OPUS]],
  ])('with %s reads back as the tracks that were written', (_, tracks) => {
    const init = readInitSegment(writeInitSegment(numberTracks(tracks)));
    expect(init.unsupported).toEqual([]);
    expect(init.tracks.map(({ trackId, timescale }) => [trackId, timescale])).toEqual(
      tracks.map((track, i) => [i + 1, trackTimescale(track)]),
    );
    for (const [i, { track }] of init.tracks.entries()) {
      expect({ ...track, configuration: [...track.configuration] }).toEqual({
        ...tracks[i],
        configuration: [...tracks[i]!.configuration],
      });
    }
  });

  it('needs tracks with different numbers, and says which it got', () => {
    expect(() => writeInitSegment([])).toThrow(/they are \[\]/);
    expect(() =>
      writeInitSegment([
        { trackId: 1, track: VIDEO },
        { trackId: 1, track: AAC },
      ]),
    ).toThrow(/they are \[1, 1\]/);
  });
});

describe('fragments', () => {
  const init = readInitSegment(writeInitSegment(numberTracks([VIDEO, AAC])));

  it('read back as the samples that were written, whatever these are', () => {
    fc.assert(
      fc.property(
        fragmentTrack(1),
        fragmentTrack(2),
        fc.boolean(),
        fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
        (video, audio, segmentStart, producedAt) => {
          const bytes = writeFragment({ sequenceNumber: 7, tracks: [video, audio], segmentStart, producedAt });
          const read = readFragments(init, bytes);
          const expected = [video, audio].flatMap(({ trackId, baseDecodeTime, samples }) => {
            let dtsTicks = baseDecodeTime;
            return samples.map(({ durationTicks, compositionOffsetTicks, keyframe, data }) => {
              const sample = {
                trackId,
                dtsTicks,
                ptsTicks: dtsTicks + compositionOffsetTicks,
                durationTicks,
                keyframe,
                data: [...data],
              };
              dtsTicks += durationTicks;
              return sample;
            });
          });
          expect(read.map((sample) => ({ ...sample, data: [...sample.data] }))).toEqual(expected);
        },
      ),
    );
  });

  it('are read one after the other from a segment, with their samples in order of time', () => {
    const sample = { durationTicks: 3000, compositionOffsetTicks: 0, keyframe: true, data: hex('00') };
    const sound = { ...sample, durationTicks: 1024 };
    const fragment = (at: number): Uint8Array =>
      writeFragment({
        sequenceNumber: 1,
        tracks: [
          { trackId: 1, baseDecodeTime: at * 90, samples: [sample, sample] },
          { trackId: 2, baseDecodeTime: at * 48, samples: [sound] },
        ],
      });
    const samples = toCodedSamples(init, readFragments(init, join(fragment(0), fragment(100))), 5000);
    expect(samples.map(({ kind, dtsMs }) => [kind, Math.round(dtsMs)])).toEqual([
      ['video', 0],
      ['audio', 0],
      ['video', 33],
      ['video', 100],
      ['audio', 100],
      ['video', 133],
    ]);
    expect(samples.at(-1)!.capturedAt).toBeCloseTo(5133.33, 1);
  });

  it('are refused when a value does not fit its field, and the error has the value', () => {
    const sample = { durationTicks: 1, compositionOffsetTicks: 0, keyframe: true, data: hex('00') };
    const write = (track: Partial<FragmentTrack>) =>
      writeFragment({ sequenceNumber: 1, tracks: [{ trackId: 1, baseDecodeTime: 0, samples: [sample], ...track }] });
    expect(() => write({ samples: [] })).toThrow(/track 1 has no samples/);
    expect(() => write({ baseDecodeTime: -5 })).toThrow(/decode time of track 1 is -5/);
    expect(() => write({ baseDecodeTime: 0.5 })).toThrow(/is 0.5, must be a whole number/);
    expect(() => write({ samples: [{ ...sample, durationTicks: 2 ** 32 }] })).toThrow(/lasts 4294967296 ticks/);
    expect(() => write({ samples: [{ ...sample, compositionOffsetTicks: 2 ** 31 }] })).toThrow(/is 2147483648 ticks/);
    expect(() => writeFragment({ sequenceNumber: 1, tracks: [] })).toThrow(/no tracks/);
  });

  it('that are broken cost a coded error, never more', () => {
    const file = join(
      writeInitSegment(numberTracks([VIDEO, AAC])),
      writeFragment({
        sequenceNumber: 1,
        segmentStart: true,
        tracks: [
          {
            trackId: 1,
            baseDecodeTime: 9,
            samples: [{ durationTicks: 1, compositionOffsetTicks: 2, keyframe: false, data: hex('0011') }],
          },
        ],
      }),
    );
    const edit = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), fc.nat(file.length), (edits, length) => {
        const bytes = Uint8Array.from(file.subarray(0, length));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        try {
          const samples = readFragments(readInitSegment(bytes), bytes);
          expect(samples.length).toBeLessThanOrEqual(1_000_000);
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('that announce more samples than are ever there are refused before any is made', () => {
    const bytes = writeFragment({
      sequenceNumber: 1,
      tracks: [
        {
          trackId: 1,
          baseDecodeTime: 0,
          samples: [{ durationTicks: 1, compositionOffsetTicks: 0, keyframe: true, data: new Uint8Array(0) }],
        },
      ],
    });
    const at = Buffer.from(bytes).indexOf('trun') + 4;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(at, 0x01000001); // no field per sample: nothing but the count bounds them
    view.setUint32(at + 4, 0xffffffff);
    expect(() => readFragments(init, bytes)).toThrow(/brings the samples to 4294967295, at most 1000000/);
  });
});
