import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AudioCodec, AudioTrack, CodedError, CodedSample } from '@media-analyzer/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { isSample, readCodedSamples } from '../codec/index.js';
import { ffmpeg, scratchFolder } from '../testing/media.js';
import { AudioAssembler } from './audio-assembler.js';

const FOLDER = scratchFolder();
/** A frame of 1024 samples at 48 kHz, ms. */
const FRAME_MS = 1024 / 48;
/** AudioSpecificConfig of AAC-LC at 48 kHz in stereo, of the same with SBR and PS, and of others. */
const LC_48K = Uint8Array.of(0x11, 0x90);
const LC_44K = Uint8Array.of(0x12, 0x10);
const MAIN_48K = Uint8Array.of(0x09, 0x90);
const HE_OF_24K = Uint8Array.of(0x2b, 0x11, 0x88, 0x00);

let raw: readonly Uint8Array[];
let adts: readonly Uint8Array[];
beforeAll(async () => {
  const file = path.join(FOLDER, 'sound.mp4');
  ffmpeg(`-f lavfi -i sine=440:r=48000 -t 0.5 -ac 2 -c:a aac ${file}`);
  ffmpeg(`-i ${file} -c copy -f adts ${path.join(FOLDER, 'sound.aac')}`);
  const units: Uint8Array[] = [];
  for await (const item of readCodedSamples(file)) if (isSample(item)) units.push(item.data);
  raw = units;
  adts = pieces(readFileSync(path.join(FOLDER, 'sound.aac')));
});

describe('sound in ADTS frames', () => {
  it('without a sequence header is what the frames say', () => {
    const { tracks, samples, dropped } = assemble('aac', messages(adts));
    expect(tracks).toMatchObject([
      { codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2, configuration: LC_48K },
    ]);
    expect(bytes(samples)).toEqual(bytes(raw));
    expect(dropped).toBe(0);
  });

  it('several of them in one message lie one after the other in time', () => {
    const together = [joined(adts.slice(0, 3)), joined(adts.slice(3, 6))];
    const { samples } = assemble('aac', [
      { data: together[0]!, ptsMs: 1000, capturedAt: 0 },
      { data: together[1]!, ptsMs: 1064, capturedAt: 0 },
    ]);
    expect(bytes(samples)).toEqual(bytes(raw.slice(0, 6)));
    const expected = [0, 1, 2].map((i) => 1000 + i * FRAME_MS).concat([0, 1, 2].map((i) => 1064 + i * FRAME_MS));
    expect(samples.map(({ ptsMs }) => ptsMs)).toEqual(expected.map((at) => expect.closeTo(at, 6)));
  });

  it('after a header that says the same are told once', () => {
    const { tracks, samples } = assemble('aac', [LC_48K, ...messages(adts), LC_48K]);
    expect(tracks).toHaveLength(1);
    expect(bytes(samples)).toEqual(bytes(raw));
  });

  it('are believed against a header that says something else, however often that is repeated', () => {
    const { tracks } = assemble('aac', [LC_44K, ...messages(adts.slice(0, 2)), LC_44K, ...messages(adts.slice(2, 4))]);
    expect(tracks.map(({ sampleRate }) => sampleRate)).toEqual([44_100, 48_000]);
  });

  it('leave alone what a header knows more of: the frames of HE-AAC say only what its core is', () => {
    const core = adts.map((frame) => at24k(frame));
    const { tracks, samples } = assemble('aac', [HE_OF_24K, ...messages(core)]);
    expect(tracks).toMatchObject([{ codecString: 'mp4a.40.5', sampleRate: 48_000 }]);
    expect(samples).toHaveLength(core.length);
  });

  it('of a kind that no browser plays are named, once, and left out', () => {
    const main = adts.map((frame) => Uint8Array.from(frame, (byte, i) => (i === 2 ? byte & 0x3f : byte)));
    const { tracks, unusable, dropped } = assemble('aac', messages(main));
    expect(tracks).toEqual([]);
    expect(unusable.map(({ code, details }) => [code, details.codec])).toEqual([['codec_unsupported', 'AAC Main']]);
    expect(dropped).toBe(main.length);
  });

  it('that are cut off are taken as they came', () => {
    const cut = adts[0]!.subarray(0, adts[0]!.length - 1);
    expect(bytes(assemble('aac', [LC_48K, ...messages([cut])]).samples)).toEqual(bytes([cut]));
  });
});

describe('a sequence header', () => {
  it('in the form of an ADTS header is read as one', () => {
    const { tracks, samples } = assemble('aac', [adts[0]!.subarray(0, 7), ...messages(raw)]);
    expect(tracks).toMatchObject([{ configuration: LC_48K }]);
    expect(bytes(samples)).toEqual(bytes(raw));
  });

  it('that cannot be carried is said once, and another one is taken', () => {
    const { tracks, unusable, samples } = assemble('aac', [MAIN_48K, MAIN_48K, LC_48K, ...messages(raw)]);
    expect(unusable.map(({ message }) => message)).toEqual([
      'Audio codec "AAC Main" cannot be carried; set the encoder to AAC-LC',
    ]);
    expect(tracks).toHaveLength(1);
    expect(samples).toHaveLength(raw.length);
  });

  it('that does not come leaves nothing to decode raw sound with', () => {
    const { tracks, samples, dropped } = assemble('aac', messages(raw));
    expect([tracks, samples, dropped]).toEqual([[], [], raw.length]);
  });

  it('is all that Opus has to say', () => {
    const packet = Uint8Array.of(0xff, 0xf1, 0x4c, 0x80, 0x01, 0x1f, 0xfc, 0);
    const head = Uint8Array.from(Buffer.from('OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00', 'latin1'));
    const { samples } = assemble('opus', [head, ...messages([packet])]);
    expect(bytes(samples)).toEqual(bytes([packet]));
  });
});

interface Outcome {
  readonly tracks: AudioTrack[];
  readonly samples: CodedSample[];
  readonly unusable: CodedError[];
  dropped: number;
}

/** Publishes: byte arrays are sequence headers. */
function assemble(codec: AudioCodec, input: readonly (ReturnType<typeof messages>[number] | Uint8Array)[]): Outcome {
  const outcome: Outcome = { tracks: [], samples: [], unusable: [], dropped: 0 };
  const assembler = new AudioAssembler(codec, {
    onTrack: (track) => void outcome.tracks.push(track),
    onSample: (sample) => void outcome.samples.push(sample),
    onUnusable: (error) => void outcome.unusable.push(error),
    onDropped: () => void outcome.dropped++,
  });
  for (const item of input) {
    if (item instanceof Uint8Array) assembler.configure(item);
    else assembler.message(item);
  }
  return outcome;
}

function messages(units: readonly Uint8Array[]) {
  return units.map((data, i) => ({ data, ptsMs: i * FRAME_MS, capturedAt: 0 }));
}

function bytes(units: readonly (Uint8Array | CodedSample)[]): string[] {
  return units.map((unit) => Buffer.from('data' in unit ? unit.data : unit).toString('hex'));
}

function joined(units: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(units.flatMap((unit) => [...unit]));
}

/** The frames of an ADTS file, by the lengths in their headers. */
function pieces(file: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = ((file[at + 3]! & 3) << 11) | (file[at + 4]! << 3) | (file[at + 5]! >> 5);
    frames.push(Uint8Array.from(file.subarray(at, at + length)));
    at += length;
  }
  return frames;
}

/** The frame with a header that says 24 kHz (index 6). */
function at24k(frame: Uint8Array): Uint8Array {
  return Uint8Array.from(frame, (byte, i) => (i === 2 ? (byte & 0xc3) | (6 << 2) : byte));
}
