import { CodedError } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  audioFrameSampler,
  audioTrackFromConfiguration,
  nalLengthSize,
  pixelAspect,
  videoTrackFromConfiguration,
} from './index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** x264, 642x362 (cropped from 656x368), 30000/1001, High@3.0. */
const AVC = hex('0164001effe10019 6764001eacd940a42fe224c04400000fa40003a9803c58b658 01000668ebe3cb22c0 fdf8f800');
/** x265, the same picture: parameter sets of video and sequence. */
const HEVC = hex(
  `0101600000009000000000003ff000fcfdf8f800000f02
   2000010018 40010c01ffff01600000030090000003000003003f959809
   210001002a 42010101600000030090000003000003003fa005120171c9265959a4932bc05a02000007d20000ea6010`,
);
/** SVT-AV1, the same picture. */
const AV1 = hex('81010c000a0b0000000cc5036900be0010');

/** Throws a coded error of the parsers, or nothing; anything else fails the test. */
function expectOnlyCodedErrors(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError);
    expect(['codec_configuration_invalid', 'bitstream_invalid', 'codec_unsupported']).toContain(
      (error as CodedError).code,
    );
  }
}

describe('AudioSpecificConfig', () => {
  const read = (text: string) => {
    const track = audioTrackFromConfiguration('aac', hex(text));
    return {
      codec: track.codecString,
      rate: track.sampleRate,
      channels: track.channels,
      frame: audioFrameSampler(track)(hex('00')),
    };
  };

  it('reads AAC-LC', () => {
    expect(read('1190')).toEqual({ codec: 'mp4a.40.2', rate: 48_000, channels: 2, frame: 1024 });
    expect(read('1208')).toEqual({ codec: 'mp4a.40.2', rate: 44_100, channels: 1, frame: 1024 });
  });

  it('is not misled by the mark that there is no SBR', () => {
    expect(read('120856e500')).toEqual({ codec: 'mp4a.40.2', rate: 44_100, channels: 1, frame: 1024 });
  });

  it('reads explicit SBR, with frames twice as long at twice the rate', () => {
    // Object type 5, core 24 kHz, stereo, extension 48 kHz, then object type 2.
    expect(read('2b118800')).toEqual({ codec: 'mp4a.40.5', rate: 48_000, channels: 2, frame: 2048 });
  });

  it('reads backward compatible SBR and PS', () => {
    expect(read('130856e598')).toEqual({ codec: 'mp4a.40.5', rate: 48_000, channels: 1, frame: 2048 });
    expect(read('130856e59d4880')).toEqual({ codec: 'mp4a.40.29', rate: 48_000, channels: 2, frame: 2048 });
  });

  it('reads a sample rate that is not in the table', () => {
    // Index 15, then 24 bits: 37800 Hz.
    expect(read('1780 49d4 10'.replaceAll(' ', ''))).toMatchObject({ rate: 37_800, channels: 2 });
  });

  it('counts 5.1 as six channels and configuration 7 as eight', () => {
    expect(read('11b0').channels).toBe(6);
    expect(read('11b8').channels).toBe(8);
  });

  it('counts the channels of a program config element', () => {
    // Front: one single and one pair; back: one pair; one LFE.
    const bits =
      '00010 0011 0000 0 0 0' + '0000 01 0011 0010 0000 0001 01 000 0000 0 0 0' + '0 0000 1 0000 1 0000 0000';
    const packed = bits.replaceAll(' ', '');
    const padded = `${packed.padEnd(Math.ceil(packed.length / 8) * 8, '0')}00000000`;
    const bytes = Uint8Array.from(padded.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
    expect(audioTrackFromConfiguration('aac', bytes).channels).toBe(6);
  });

  it.each([
    ['0990', 'AAC Main'],
    ['1990', 'AAC SSR'],
    ['2190', 'AAC LTP'],
    ['b9800000', 'AAC-LD'],
    ['f8e63000', 'AAC-ELD'],
    ['f8427000', 'MP3'],
    ['f9466000', 'xHE-AAC'],
    ['f95000', 'xHE-AAC'],
    ['4190', 'MPEG-4 audio of type 8'],
  ])('refuses %s, which browsers do not play, as %s, and says what to set', (configuration, name) => {
    expect(() => read(configuration)).toThrow(
      expect.objectContaining({ code: 'codec_unsupported', details: expect.objectContaining({ codec: name }) }),
    );
    expect(() => read(configuration)).toThrow(/AAC-LC/);
  });

  it('refuses a configuration that is cut off, and says how much is missing', () => {
    expect(() => read('11')).toThrow(/1 bytes, at least 2/);
    expect(() => read('1788')).toThrow(/bit \d+ is needed, it ends at bit 16/);
  });
});

describe('Opus configuration', () => {
  it('turns an OpusHead packet into the payload of dOps', () => {
    const head = Buffer.concat([Buffer.from('OpusHead'), hex('01 02 3801 80bb0000 0000 00')]);
    const track = audioTrackFromConfiguration('opus', head);
    expect(Buffer.from(track.configuration).toString('hex')).toBe('0002013800 00bb80000000'.replace(' ', ''));
    expect(track).toMatchObject({ codecString: 'opus', sampleRate: 48_000, channels: 2 });
  });

  it('takes dOps as it is', () => {
    expect(audioTrackFromConfiguration('opus', hex('0001013800 00bb80000000')).channels).toBe(1);
  });

  it('refuses channels that the mapping family does not have', () => {
    expect(() => audioTrackFromConfiguration('opus', hex('000601380000bb80000000'))).toThrow(
      /6 channels; mapping family 0 allows 1..2/,
    );
  });

  it.each([
    ['fc00', 960],
    ['fc', 960],
    ['e400', 120],
    ['ec00', 240],
    ['0800', 960],
    ['fb03', 2880],
    ['', 0],
    ['1b3f', 0],
  ])('knows the length of packet %s', (packet, samples) => {
    const track = audioTrackFromConfiguration('opus', hex('0002013800 00bb80000000'));
    expect(audioFrameSampler(track)(hex(packet))).toBe(samples);
  });
});

describe('H.264 configuration', () => {
  it('reads profile, level, cropped size, frame rate and pixel shape', () => {
    const track = videoTrackFromConfiguration('h264', AVC);
    expect(track).toMatchObject({ codecString: 'avc1.64001e', width: 642, height: 362 });
    expect(track.frameRate).toBeCloseTo(30_000 / 1001, 6);
    expect(pixelAspect(track)).toEqual([1, 1]);
    expect(nalLengthSize('h264', AVC)).toBe(4);
  });

  it('says what is wrong with a record', () => {
    expect(() => videoTrackFromConfiguration('h264', hex('02'))).toThrow(/1 bytes, at least 7/);
    expect(() => videoTrackFromConfiguration('h264', hex('0264001effe10000'))).toThrow(/configurationVersion is 2/);
    expect(() => videoTrackFromConfiguration('h264', hex('0164001effe00000'))).toThrow(/no sequence parameter set/);
    expect(() => videoTrackFromConfiguration('h264', AVC.subarray(0, 20))).toThrow(/has 25 bytes, the record 20/);
  });
});

describe('HEVC configuration', () => {
  it('reads profile, tier, constraints, cropped size, frame rate and pixel shape', () => {
    const track = videoTrackFromConfiguration('hevc', HEVC);
    expect(track).toMatchObject({ codecString: 'hvc1.1.6.L63.90', width: 642, height: 362 });
    expect(track.frameRate).toBeCloseTo(30_000 / 1001, 6);
    expect(pixelAspect(track)).toEqual([1, 1]);
    expect(nalLengthSize('hevc', HEVC)).toBe(4);
  });

  it('says what is wrong with a record', () => {
    expect(() => videoTrackFromConfiguration('hevc', HEVC.subarray(0, 22))).toThrow(/22 bytes, at least 23/);
    const withoutSets = Uint8Array.from(HEVC.subarray(0, 23));
    withoutSets[22] = 0;
    expect(() => videoTrackFromConfiguration('hevc', withoutSets)).toThrow(/no sequence parameter set/);
    expect(() => videoTrackFromConfiguration('hevc', HEVC.subarray(0, 60))).toThrow(
      /NAL unit ends at byte \d+, the record at 60/,
    );
  });
});

describe('AV1 configuration', () => {
  it('reads profile, level, depth and size', () => {
    expect(videoTrackFromConfiguration('av1', AV1)).toMatchObject({
      codecString: 'av01.0.01M.08',
      width: 642,
      height: 362,
      frameRate: null,
    });
  });

  it('says what is wrong with a record', () => {
    expect(() => videoTrackFromConfiguration('av1', hex('01010c00'))).toThrow(/0x1, must be 0x81/);
    expect(() => videoTrackFromConfiguration('av1', hex('81010c00'))).toThrow(/no sequence header/);
    expect(() => videoTrackFromConfiguration('av1', AV1.subarray(0, 10))).toThrow(/ends at byte 13 of 6/);
  });
});

describe('hostile configurations', () => {
  const seeds = { h264: AVC, hevc: HEVC, av1: AV1 } as const;

  it('never break a parser: it describes a track or throws a coded error', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, (input) => {
        for (const codec of ['h264', 'hevc', 'av1'] as const)
          expectOnlyCodedErrors(() => videoTrackFromConfiguration(codec, input));
        for (const codec of ['aac', 'opus'] as const)
          expectOnlyCodedErrors(() => audioTrackFromConfiguration(codec, input));
      }),
      { numRuns: 2000 },
    );
  });

  it('nor do mutations of real ones, and sizes stay believable', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('h264' as const, 'hevc' as const, 'av1' as const),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
        (codec, edits) => {
          const input = Uint8Array.from(seeds[codec]);
          for (const [at, value] of edits) input[at % input.length] = value;
          expectOnlyCodedErrors(() => {
            const { width, height, frameRate } = videoTrackFromConfiguration(codec, input);
            expect(Math.min(width, height)).toBeGreaterThan(0);
            expect(Math.max(width, height)).toBeLessThanOrEqual(32_768);
            expect(frameRate ?? 1).toBeGreaterThanOrEqual(1);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
