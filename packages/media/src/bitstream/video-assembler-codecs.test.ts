import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  annexB,
  assemble,
  change,
  content,
  encode,
  framed,
  messagesOf,
  unitsOf,
  withData,
} from './testing/published.js';

describe('HEVC', () => {
  const hevc = () =>
    encode({
      codec:
        '-c:v libx265 -preset ultrafast -g 10 -bf 0 -x265-params log-level=none:scenecut=0:repeat-headers=1:open-gop=0',
    });

  it('keyframes, start codes and a missing header, as in H.264', async () => {
    const { track, samples } = await hevc();
    const messages = messagesOf(samples).map((message) => ({
      ...message,
      claimed: false,
      data: annexB(unitsOf(message.data)),
    }));
    const outcome = assemble('hevc', messages);
    expect(outcome.samples.map(({ keyframe }) => keyframe)).toEqual(samples.map(({ keyframe }) => keyframe));
    const { configuration: _, ...told } = outcome.tracks[0]!;
    const { configuration: __, ...known } = track;
    expect(told).toEqual(known);
    expect(outcome.tracks).toHaveLength(1);
  });

  it('an SEI alone is joined to the picture after it', async () => {
    const { track, samples } = await hevc();
    const sei = Uint8Array.of(39 << 1, 1, 4, 2, 0xaa, 0xbb, 0x80);
    const messages = change(messagesOf(samples), (message, i) =>
      i === 5 ? [withData(message, framed([sei])), message] : [message],
    );
    const outcome = assemble('hevc', [track.configuration, ...messages]);
    expect(outcome.samples).toHaveLength(samples.length);
    expect(unitsOf(outcome.samples[5]!.data)[0]).toEqual(sei);
  });

  it('an open GOP: CRA pictures say so, and the pictures that are skipped when starting there', async () => {
    const { track, samples } = await encode({
      seconds: 4,
      codec:
        '-c:v libx265 -preset ultrafast -bf 3 -x265-params log-level=none:keyint=26:min-keyint=26:scenecut=0:open-gop=1:b-adapt=0',
    });
    const outcome = assemble('hevc', [track.configuration, ...messagesOf(samples)]);
    expect(outcome.samples.filter(({ keyframe }) => keyframe).map(({ entry }) => entry ?? 'closed')).toEqual([
      'closed',
      'open',
      'open',
      'open',
    ]);
    expect(outcome.samples.filter(({ leading }) => leading).length).toBeGreaterThan(0);
  });

  it('parameter sets that change in band are a new track', async () => {
    const wide = await hevc();
    const tall = await encode({
      size: '180x320',
      codec: '-c:v libx265 -preset ultrafast -g 10 -bf 0 -x265-params log-level=none:repeat-headers=1:open-gop=0',
    });
    const outcome = assemble('hevc', [
      wide.track.configuration,
      ...messagesOf(wide.samples),
      ...messagesOf(tall.samples),
    ]);
    expect(outcome.tracks.map(({ width, height }) => [width, height])).toEqual([
      [320, 180],
      [180, 320],
    ]);
  });
});

describe('AV1', () => {
  const av1 = (size = '320x180') =>
    encode({ size, seconds: 1, codec: '-c:v libaom-av1 -cpu-used 8 -g 10 -lag-in-frames 0' });

  it('keyframes are those of the frame headers', async () => {
    const { track, samples } = await av1();
    const messages = messagesOf(samples).map((message) => ({ ...message, claimed: !message.claimed }));
    const outcome = assemble('av1', [track.configuration, ...messages]);
    expect(outcome.samples.map(({ keyframe }) => keyframe)).toEqual(samples.map(({ keyframe }) => keyframe));
    expect(outcome.tracks).toHaveLength(1);
  });

  it('delimiters are taken out, no header at all is made up for by the stream', async () => {
    const { track, samples } = await av1();
    const messages = messagesOf(samples).map((message) =>
      withData(message, Uint8Array.from([0x12, 0, ...message.data])),
    );
    const outcome = assemble('av1', messages);
    expect(content(outcome)).toEqual(content({ samples }));
    const { configuration: _, ...told } = outcome.tracks[0]!;
    const { configuration: __, ...known } = track;
    expect(told).toEqual(known);
  });

  it('a sequence header that changes in band is a new track', async () => {
    const wide = await av1();
    const tall = await av1('180x320');
    const outcome = assemble('av1', [
      wide.track.configuration,
      ...messagesOf(wide.samples),
      ...messagesOf(tall.samples),
    ]);
    expect(outcome.tracks.map(({ width, height }) => [width, height])).toEqual([
      [320, 180],
      [180, 320],
    ]);
  });

  it('what is no unit is left out and counted', async () => {
    const { track, samples } = await av1();
    const messages = messagesOf(samples);
    messages[4] = withData(messages[4]!, messages[4]!.data.subarray(0, 9));
    const outcome = assemble('av1', [track.configuration, ...messages]);
    expect(outcome.dropped).toEqual(['broken']);
  });
});

describe('hostile messages', () => {
  it.each(['h264', 'hevc', 'av1'] as const)(
    'of %s never throw, and what is passed on can be taken apart',
    async (codec) => {
      const { track, samples } =
        codec === 'h264'
          ? await encode({
              size: '96x64',
              codec: '-c:v libx264 -preset ultrafast -g 10 -bf 0 -x264-params scenecut=0:repeat-headers=1',
            })
          : codec === 'hevc'
            ? await encode({
                size: '96x64',
                codec: '-c:v libx265 -preset ultrafast -g 10 -x265-params log-level=none:repeat-headers=1',
              })
            : await encode({ size: '96x64', seconds: 1, codec: '-c:v libaom-av1 -cpu-used 8 -g 10 -lag-in-frames 0' });
      const real = messagesOf(samples.slice(0, 12));
      const mutation = fc.record({
        index: fc.nat(real.length - 1),
        at: fc.nat(200),
        value: fc.nat(255),
        cut: fc.option(fc.nat(300)),
      });
      fc.assert(
        fc.property(
          fc.array(mutation, { maxLength: 6 }),
          fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }),
          (mutations, noise) => {
            const messages = real.map((message) => withData(message, Uint8Array.from(message.data)));
            for (const { index, at, value, cut } of mutations) {
              const { data } = messages[index]!;
              data[at % data.length] = value;
              if (cut !== null) messages[index] = withData(messages[index]!, data.subarray(0, cut));
            }
            const all = [...messages, ...noise.map((data) => withData(real[0]!, data))];
            const { samples: out } = assemble(codec, [track.configuration, ...all]);
            for (const { data } of out) {
              if (data.length === 0) throw new Error('an empty sample was passed on');
              if (codec === 'av1') continue;
              const bytes = unitsOf(data).reduce((sum, unit) => sum + 4 + unit.length, 0);
              if (bytes !== data.length) throw new Error('a sample cannot be taken apart');
            }
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
