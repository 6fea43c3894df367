import { describe, expect, it } from 'vitest';
import {
  annexB,
  assemble,
  type Bitstream,
  change,
  content,
  encode,
  framed,
  messagesOf,
  unitsOf,
  withData,
} from './testing/published.js';
import type { VideoMessage } from './video-assembler.js';

const H264 = '-c:v libx264 -preset ultrafast -g 10 -bf 0 -x264-params scenecut=0';
const REPEATED = `${H264}:repeat-headers=1`;
const SEI = Uint8Array.from([6, 5, 24, ...Array.from({ length: 16 }, (_, i) => i), ...Buffer.from('captions'), 0x80]);
const AUD = Uint8Array.of(9, 0xf0);
const FILLER = Uint8Array.of(12, 0xff, 0xff, 0x80);

const plain = () => encode({ codec: H264 });
const repeated = () => encode({ codec: REPEATED });
const type = (unit: Uint8Array): number => unit[0]! & 0x1f;

describe('keyframes are what the slices say', () => {
  it.each([
    ['when none is flagged', () => false],
    ['when every picture is flagged', () => true],
    ['when the flags are the wrong way round', (claimed: boolean) => !claimed],
  ])('%s', async (_what, claim) => {
    const { track, samples } = await plain();
    const messages = messagesOf(samples).map((message) => ({ ...message, claimed: claim(message.claimed) }));
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(content(outcome)).toEqual(content({ samples }));
    expect(outcome.samples.filter(({ keyframe }) => keyframe)).toHaveLength(5);
  });

  it('and the bytes of an honest message are passed on without a copy', async () => {
    const { track, samples } = await plain();
    const outcome = assemble('h264', [track.configuration, ...messagesOf(samples)]);
    expect(outcome.samples.every((sample, i) => sample.data === samples[i]!.data)).toBe(true);
    expect(outcome.tracks).toHaveLength(1);
    expect(outcome.tracks[0]?.configuration).toBe(track.configuration);
  });
});

describe('messages without a picture', () => {
  const cases: [string, Uint8Array[], boolean][] = [
    ['an SEI alone is joined to the picture after it', [SEI], true],
    ['several SEIs are joined to the picture after them', [SEI, SEI], true],
    ['a delimiter alone is left out', [AUD], false],
    ['filler alone is left out', [FILLER], false],
    ['the end of a sequence alone is left out', [Uint8Array.of(10)], false],
  ];
  it.each(cases)('%s', async (_what, units, joined) => {
    const { track, samples } = await plain();
    const messages = change(messagesOf(samples), (message, i) =>
      i % 7 === 3 ? [withData(message, framed(units)), message] : [message],
    );
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.samples).toHaveLength(samples.length);
    expect(outcome.dropped).toEqual([]);
    outcome.samples.forEach((sample, i) => {
      const own = unitsOf(samples[i]!.data);
      expect(unitsOf(sample.data)).toEqual(i % 7 === 3 && joined ? [...units, ...own] : own);
    });
  });

  it('a delimiter stays the first unit of a picture that an SEI is joined to', async () => {
    const { track, samples } = await plain();
    const [first] = messagesOf(samples);
    const own = unitsOf(first!.data);
    const outcome = assemble('h264', [
      track.configuration,
      withData(first!, framed([SEI])),
      withData(first!, framed([AUD, ...own])),
    ]);
    expect(unitsOf(outcome.samples[0]!.data)).toEqual([AUD, SEI, ...own]);
  });

  it('what waits for a picture is bounded', async () => {
    const { track, samples } = await plain();
    const [first] = messagesOf(samples);
    const flood = Array.from({ length: 5000 }, () => withData(first!, framed([SEI])));
    const outcome = assemble('h264', [track.configuration, ...flood, first!]);
    expect(outcome.samples).toHaveLength(1);
    expect(outcome.samples[0]!.data.length).toBeLessThan(100_000);
  });
});

describe('framing', () => {
  const frames: [string, (units: Uint8Array[]) => Uint8Array][] = [
    ['start codes of four bytes', (units) => annexB(units)],
    ['start codes of three bytes', (units) => annexB(units, false)],
    ['start codes with zeros behind the units', (units) => Uint8Array.from([...annexB(units), 0, 0, 0])],
    ['lengths of three bytes', (units) => framed(units, 3)],
    ['empty units between the others', (units) => framed(units.flatMap((unit) => [new Uint8Array(0), unit]))],
    ['padding behind the last unit', (units) => Uint8Array.from([...framed(units), 0, 0])],
  ];
  it.each(frames)('%s becomes lengths of four bytes', async (_what, write) => {
    const { track, samples } = await plain();
    const messages = messagesOf(samples).map((message) => withData(message, write(unitsOf(message.data))));
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(content(outcome)).toEqual(content({ samples }));
    expect(outcome.dropped).toEqual([]);
  });

  it('lengths of two bytes, as the header says, and the header is made to fit', async () => {
    const { track, samples } = await encode({ size: '128x72', codec: H264 });
    const record = Uint8Array.from(track.configuration);
    record[4] = 0xfd;
    const messages = messagesOf(samples).map((message) => withData(message, framed(unitsOf(message.data), 2)));
    const outcome = assemble('h264', [record, ...messages]);
    expect(content(outcome)).toEqual(content({ samples }));
    expect(outcome.tracks[0]?.configuration[4]).toBe(0xff);
    expect(outcome.tracks[0]).toMatchObject({ width: 128, height: 72, codecString: track.codecString });
  });

  it('a sequence header of start codes is read', async () => {
    const { track, samples } = await repeated();
    const sets = unitsOf(samples[0]!.data).filter((unit) => [7, 8].includes(type(unit)));
    const messages = messagesOf(samples).map((message) => withData(message, annexB(unitsOf(message.data))));
    const outcome = assemble('h264', [annexB(sets), ...messages]);
    expect(outcome.tracks).toHaveLength(1);
    expect(outcome.tracks[0]).toMatchObject({ codecString: track.codecString, width: 320, height: 180 });
    expect(outcome.samples).toHaveLength(samples.length);
  });

  it('lengths that lead nowhere: the message is left out and counted, what depends on it too', async () => {
    const { track, samples } = await plain();
    const messages = messagesOf(samples);
    const cut = (i: number): void => {
      messages[i] = withData(messages[i]!, messages[i]!.data.subarray(0, messages[i]!.data.length - 5));
    };
    cut(13); // an inter picture: those after it are concealed by decoders
    cut(20); // a keyframe: what follows is worth nothing
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.dropped.filter((reason) => reason === 'broken')).toHaveLength(2);
    expect(outcome.dropped.filter((reason) => reason === 'incomplete')).toHaveLength(9);
    expect(outcome.samples.map(({ dtsMs }) => dtsMs)).toEqual(
      samples.filter((_, i) => i !== 13 && (i < 20 || i >= 30)).map(({ dtsMs }) => dtsMs),
    );
  });
});

describe('picture boundaries', () => {
  const sliced = () => encode({ codec: `${H264}:slices=4` });

  it('slices of one picture in one message stay together', async () => {
    const { track, samples } = await sliced();
    const outcome = assemble('h264', [track.configuration, ...messagesOf(samples)]);
    expect(content(outcome)).toEqual(content({ samples }));
  });

  it('a picture in pieces, one slice a message with the same time, is put together', async () => {
    const { track, samples } = await sliced();
    const messages = change(messagesOf(samples), (message) =>
      unitsOf(message.data).map((unit) => withData(message, framed([unit]))),
    );
    expect(messages.length).toBeGreaterThan(4 * samples.length - 1);
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(content(outcome)).toEqual(content({ samples }));
    expect(outcome.dropped).toEqual([]);
  });

  it('an encoder that begins to send pieces in the middle loses no more than up to the next keyframe', async () => {
    const { track, samples } = await sliced();
    const messages = change(messagesOf(samples), (message, i) =>
      i < 15 ? [message] : unitsOf(message.data).map((unit) => withData(message, framed([unit]))),
    );
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(content({ samples: outcome.samples.slice(-30) })).toEqual(content({ samples: samples.slice(-30) }));
  });

  it('several pictures in one message are taken apart, at even distances', async () => {
    const { track, samples } = await plain();
    const all = messagesOf(samples);
    const messages = all.flatMap((message, i) =>
      i % 2 === 0
        ? [withData(message, framed([...unitsOf(message.data), ...unitsOf(all[i + 1]?.data ?? new Uint8Array())]))]
        : [],
    );
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.samples.map(({ data }) => Buffer.from(data).toString('base64'))).toEqual(
      samples.map(({ data }) => Buffer.from(data).toString('base64')),
    );
    expect(outcome.samples.map(({ dtsMs }) => Math.round(dtsMs))).toEqual(
      samples.map(({ dtsMs }) => Math.round(dtsMs)),
    );
  });

  it('the two fields of an interlaced frame are one picture', async () => {
    const { track, samples } = await encode({
      codec: '-c:v libx264 -preset ultrafast -flags +ilme+ildct -g 10 -x264-params tff=1:scenecut=0',
      filter: 'interlace',
    });
    const outcome = assemble('h264', [track.configuration, ...messagesOf(samples)]);
    expect(content(outcome)).toEqual(content({ samples }));
  });
});

describe('parameter sets', () => {
  const small = () => encode({ size: '180x320', codec: REPEATED });

  it('in band only, no header at all: the configuration is made of them', async () => {
    const { track, samples } = await repeated();
    const outcome = assemble('h264', messagesOf(samples));
    expect(outcome.tracks).toHaveLength(1);
    expect(outcome.trackAt).toEqual([0]);
    const { configuration: _, ...told } = outcome.tracks[0]!;
    const { configuration: __, ...known } = track;
    expect(told).toEqual(known);
    expect(outcome.samples).toHaveLength(samples.length);
  });

  it('in band only, in messages of their own, with start codes', async () => {
    const { samples } = await repeated();
    const messages = change(messagesOf(samples), (message) => {
      const units = unitsOf(message.data);
      const isSet = (unit: Uint8Array): boolean => [7, 8].includes(type(unit));
      const sets = units.filter(isSet);
      const rest = units.filter((unit) => !isSet(unit));
      return [...(sets.length > 0 ? [withData(message, annexB(sets))] : []), withData(message, annexB(rest))];
    });
    const outcome = assemble('h264', messages);
    expect(outcome.tracks).toMatchObject([{ width: 320, height: 180 }]);
    expect(outcome.samples).toHaveLength(samples.length);
  });

  it('that come late: what is before them is counted, not passed on', async () => {
    const { samples } = await repeated();
    const outcome = assemble('h264', messagesOf(samples.slice(4)));
    expect(outcome.dropped).toEqual(Array.from({ length: 6 }, () => 'before_configuration'));
    expect(outcome.samples[0]).toMatchObject({ keyframe: true });
  });

  it('that change in band are a new track, with the keyframe that they come with', async () => {
    const wide = await repeated();
    const tall = await small();
    const after = tall.samples.map((sample) => ({ ...sample, dtsMs: sample.dtsMs + 2000, ptsMs: sample.ptsMs + 2000 }));
    const outcome = assemble('h264', [wide.track.configuration, ...messagesOf([...wide.samples, ...after])]);
    expect(outcome.tracks.map(({ width, height }) => [width, height])).toEqual([
      [320, 180],
      [180, 320],
    ]);
    expect(outcome.trackAt).toEqual([0, 50]);
    expect(outcome.samples[50]?.keyframe).toBe(true);
  });

  it('that a header contradicts again and again win, and are told once', async () => {
    const { samples } = await repeated();
    const { track: other } = await small();
    const messages = messagesOf(samples).flatMap((message) =>
      message.claimed ? [other.configuration, message] : [message],
    );
    const outcome = assemble('h264', messages);
    expect(outcome.tracks.map(({ width }) => width)).toEqual([180, 320]);
    expect(outcome.trackAt, 'before the first picture').toEqual([0, 0]);
  });

  it('that differ in their bytes and are equal in effect change nothing', async () => {
    const { track, samples } = await repeated();
    const messages = messagesOf(samples).map((message, i) => {
      if (!message.claimed) return message;
      const units = unitsOf(message.data).map((unit) => {
        if (![7, 8].includes(type(unit))) return unit;
        // Another importance in the header byte, or zeros behind the end.
        return i % 20 === 0
          ? Uint8Array.from([unit[0]! & 0x1f, ...unit.subarray(1)])
          : Uint8Array.from([...unit, 0, 0]);
      });
      return withData(message, framed(units));
    });
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.tracks).toHaveLength(1);
    expect(outcome.troubles).toEqual([]);
  });

  it('that alternate between two rates: told a few times, then carried in band, and said', async () => {
    const slow = await encode({ codec: REPEATED, rate: 25 });
    const fast = await encode({ codec: REPEATED, rate: 30 });
    const gop = (of: Bitstream, k: number): VideoMessage[] =>
      messagesOf(of.samples.slice(0, 10)).map((message) => ({
        ...message,
        dtsMs: message.dtsMs + k * 400,
        ptsMs: message.ptsMs + k * 400,
      }));
    const messages = Array.from({ length: 40 }, (_, k) => gop(k % 2 === 0 ? slow : fast, k)).flat();
    const outcome = assemble('h264', [slow.track.configuration, ...messages]);
    expect(outcome.tracks.length).toBeLessThanOrEqual(8);
    expect(outcome.troubles).toContain('unstable');
    expect(outcome.samples).toHaveLength(400);
    for (const sample of outcome.samples.filter(({ keyframe }) => keyframe))
      expect(unitsOf(sample.data).map(type)).toEqual(expect.arrayContaining([7, 8, 5]));
  });

  it('a PPS that changes alone is in the configuration of the keyframes after it', async () => {
    const first = await encode({ codec: `${H264}:qp=20` });
    const second = await encode({ codec: `${H264}:qp=40` });
    const ppsOf = ({ configuration }: { configuration: Uint8Array }): string => {
      const sps = (configuration[6]! << 8) | configuration[7]!;
      return Buffer.from(configuration.subarray(8 + sps + 1)).toString('hex');
    };
    expect(ppsOf(first.track), 'the two encoders differ in the PPS').not.toEqual(ppsOf(second.track));
    const at = 8 + ((second.track.configuration[6]! << 8) | second.track.configuration[7]!);
    const length = (second.track.configuration[at + 1]! << 8) | second.track.configuration[at + 2]!;
    const pps = second.track.configuration.slice(at + 3, at + 3 + length);
    const after = messagesOf(second.samples).map((message, i) => ({
      ...message,
      dtsMs: message.dtsMs + 2000,
      ptsMs: message.ptsMs + 2000,
      ...(i === 0 && { data: framed([pps, ...unitsOf(message.data)]) }),
    }));
    const outcome = assemble('h264', [first.track.configuration, ...messagesOf(first.samples), ...after]);
    expect(outcome.trackAt).toEqual([0, 50]);
    expect(ppsOf(outcome.tracks[1]!)).toContain(Buffer.from(pps).toString('hex'));
  });

  it('that cannot be read are said, and the picture goes on', async () => {
    const { track, samples } = await plain();
    const bad = Uint8Array.of(0x67, 0x64, 0, 0x1f, 0);
    const messages = messagesOf(samples).map((message, i) =>
      i === 20 ? withData(message, framed([bad, ...unitsOf(message.data)])) : message,
    );
    const outcome = assemble('h264', [track.configuration, ...messages]);
    expect(outcome.samples).toHaveLength(samples.length);
    expect(outcome.troubles).toContain('unreadable');
    expect(outcome.tracks).toHaveLength(1);
  });
});

describe('places to start', () => {
  it('an open GOP: keyframes say so, and the pictures before them too', async () => {
    const { track, samples } = await encode({
      seconds: 4,
      codec: '-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=26:min-keyint=26:scenecut=0:b-adapt=0',
    });
    const outcome = assemble('h264', [track.configuration, ...messagesOf(samples)]);
    const keyframes = outcome.samples.filter(({ keyframe }) => keyframe);
    expect(keyframes.map(({ entry }) => entry ?? 'closed')).toEqual(['closed', 'open', 'open', 'open']);
    const leading = outcome.samples.filter((sample) => sample.leading);
    expect(leading.length).toBeGreaterThan(2);
    for (const sample of leading) {
      const before = outcome.samples.findLast(({ keyframe, dtsMs }) => keyframe && dtsMs < sample.dtsMs);
      expect(sample.ptsMs).toBeLessThan(before!.ptsMs);
    }
  });

  it('a picture of I slices among IDRs that come often is none, whatever is claimed', async () => {
    const { track, samples } = await encode({
      seconds: 4,
      codec: `-c:v libx264 -preset ultrafast -bf 0 -g 20 -x264-params keyint=20:min-keyint=20:scenecut=0 -force_key_frames 0`,
    });
    const outcome = assemble('h264', [
      track.configuration,
      ...messagesOf(samples).map((m) => ({ ...m, claimed: true })),
    ]);
    expect(outcome.samples.filter(({ keyframe }) => keyframe)).toHaveLength(5);
    expect(outcome.samples.some(({ entry }) => entry !== undefined)).toBe(false);
  });

  it('a refresh bit by bit is a keyframe where its recovery point says so, and says what it is', async () => {
    const { track, samples } = await encode({
      seconds: 4,
      codec: '-c:v libx264 -preset veryfast -bf 0 -x264-params intra-refresh=1:keyint=25:scenecut=0',
    });
    const outcome = assemble('h264', [track.configuration, ...messagesOf(samples)]);
    const entries = outcome.samples.filter(({ keyframe }) => keyframe).map(({ entry }) => entry ?? 'closed');
    expect(entries[0]).toBe('closed');
    expect(entries.slice(1)).toContain('gradual');
    expect(entries.length).toBeLessThan(12);
  });
});
