import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAudioTag } from './flv-audio.js';
import { readVideoTag } from './flv-video.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const frame = { fractionMs: 0, otherTracks: 0, compositionMs: 0 };

describe('video tags', () => {
  it('reads the AVC sequence header', () => {
    expect(readVideoTag(hex('17 00 000000 0164001f'))).toEqual({
      type: 'configuration',
      codec: 'h264',
      configuration: hex('0164001f'),
    });
  });

  it.each([
    ['17 01 000043 aabb', true, 67],
    ['27 01 ffffff aabb', false, -1],
    ['27 01 800000 aabb', false, -8388608],
  ])('reads the signed composition time of an AVC frame (%s)', (tag, keyframe, compositionMs) => {
    expect(readVideoTag(hex(tag))).toEqual({
      ...frame,
      type: 'frame',
      codec: 'h264',
      keyframe,
      compositionMs,
      data: hex('aabb'),
    });
  });

  it('reads HEVC as the codec number 12 that no specification has', () => {
    expect(readVideoTag(hex('1c 01 000000 aa'))).toMatchObject({ type: 'frame', codec: 'hevc', keyframe: true });
  });

  it.each([
    ['avc1', 'h264', '91', '000028', 40],
    ['hvc1', 'hevc', '91', 'ffffd8', -40],
    ['hvc1', 'hevc', '93', '', 0],
    ['av01', 'av1', '91', '', 0],
  ])('reads an enhanced frame of %s', (fourCc, codec, first, composition, compositionMs) => {
    expect(readVideoTag(hex(`${first}${ascii(fourCc)}${composition}aabbccdd`))).toEqual({
      ...frame,
      type: 'frame',
      codec,
      keyframe: true,
      compositionMs,
      data: hex('aabbccdd'),
    });
  });

  it('adds up the nanoseconds of a ModEx prefix', () => {
    const tag = hex(`97 02 07a120 03 ${ascii('hvc1')} aabb`); // 500 000 ns, then CodedFramesX
    expect(readVideoTag(tag)).toMatchObject({ type: 'frame', codec: 'hevc', fractionMs: 0.5, data: hex('aabb') });
  });

  it('skips a ModEx of a type and length that it does not know', () => {
    const tag = hex(`97 ff 0100 ${'00'.repeat(257)} 53 ${ascii('hvc1')} aabb`);
    expect(readVideoTag(tag)).toMatchObject({ type: 'frame', fractionMs: 0, data: hex('aabb') });
  });

  it('takes track 0 out of several, and counts the others', () => {
    const many = hex(`96 13 ${ascii('hvc1')} 01 000002 1111 00 000003 000000 02 000001 22`);
    expect(readVideoTag(many)).toMatchObject({ type: 'frame', codec: 'hevc', otherTracks: 2, data: hex('000000') });
    const each = hex(`96 23 ${ascii('av01')} 01 000001 11 ${ascii('avc1')} 00 000001 22`);
    expect(readVideoTag(each)).toMatchObject({ type: 'frame', codec: 'h264', otherTracks: 1, data: hex('22') });
    expect(readVideoTag(hex(`96 03 ${ascii('hvc1')} 00 33`))).toMatchObject({ type: 'frame', data: hex('33') });
    expect(readVideoTag(hex(`96 03 ${ascii('hvc1')} 05 33`))).toEqual({ type: 'other_track' });
  });

  it.each([
    ['22 00', 'Sorenson H.263'],
    [`90 ${ascii('vp09')} 00`, 'VP9'],
    ['90 00010203 00', '0x00010203'],
    [`90 ${ascii('toS1')} 00`, 'toS1'],
  ])('names the codec that it cannot carry (%s)', (tag, codec) => {
    expect(readVideoTag(hex(tag))).toEqual({ type: 'unsupported', codec });
  });

  it.each(['', '17 02 000000', '27 01 000000', '57 00', `92 ${ascii('hvc1')}`, `94 ${ascii('hvc1')} 02`])(
    'ignores a tag that carries no picture (%s)',
    (tag) => {
      expect(readVideoTag(hex(tag))).toEqual({ type: 'ignored' });
    },
  );

  it.each(['17 01 00', '91 6876', `91 ${ascii('hvc1')} 0000`, '97 05 00', `96 13 ${ascii('hvc1')} 00 0000ff 11`])(
    'finds a tag that ends early (%s)',
    (tag) => {
      expect(readVideoTag(hex(tag))).toEqual({ type: 'malformed' });
    },
  );
});

describe('audio tags', () => {
  it('reads legacy AAC', () => {
    expect(readAudioTag(hex('af 00 1190'))).toEqual({
      type: 'configuration',
      codec: 'aac',
      configuration: hex('1190'),
    });
    expect(readAudioTag(hex('af 01 aabb'))).toEqual({
      ...frame,
      type: 'frame',
      codec: 'aac',
      keyframe: true,
      data: hex('aabb'),
    });
  });

  it('reads enhanced Opus and AAC', () => {
    expect(readAudioTag(hex(`90 ${ascii('Opus')} 01`))).toMatchObject({ type: 'configuration', codec: 'opus' });
    expect(readAudioTag(hex(`91 ${ascii('mp4a')} aa`))).toMatchObject({ type: 'frame', codec: 'aac', data: hex('aa') });
    expect(readAudioTag(hex(`95 11 ${ascii('Opus')} 00 000001 aa 01 000001 bb`))).toMatchObject({
      otherTracks: 1,
      data: hex('aa'),
    });
  });

  it.each([
    ['2f ff', 'MP3'],
    ['b6 00', 'Speex'],
    [`90 ${ascii('ac-3')}`, 'AC-3'],
  ])('names the codec that it cannot carry (%s)', (tag, codec) => {
    expect(readAudioTag(hex(tag))).toEqual({ type: 'unsupported', codec });
  });

  it.each(['', 'af 01', `92 ${ascii('Opus')}`, `94 ${ascii('Opus')} 00`])('ignores a tag without sound (%s)', (tag) => {
    expect(readAudioTag(hex(tag))).toEqual({ type: 'ignored' });
  });
});

describe('any tag', () => {
  it('is answered without throwing, whatever its bytes', () => {
    const bytes = fc.tuple(
      fc.constantFrom(0x17, 0x27, 0x1c, 0x90, 0x91, 0x93, 0x95, 0x96, 0x97, 0xaf, 0x22),
      fc.uint8Array({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(bytes, ([first, rest]) => {
        const tag = Buffer.concat([Buffer.of(first), rest]);
        for (const packet of [readVideoTag(tag), readAudioTag(tag)])
          if (packet.type === 'frame') expect(packet.data.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});
