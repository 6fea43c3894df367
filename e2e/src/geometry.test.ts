import type { Box } from '@media-analyzer/protocol';
import type { Detector } from '@media-analyzer/vision/detection';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agreement } from './geometry/agreement.js';
import { openBundledDetector, type Seen, seeFile } from './geometry/seen.js';
import { testMedia } from './harness/paths.js';
import { transcodeFile } from './harness/transcode.js';

/** Many people who walk across, in square pixels and whole pictures. */
const CLIP = testMedia('video/pedestrian_street_480p25.mp4');
/** Of these every second one is looked at: woven variants have a picture for each two of the original. */
const ORIGINAL_FRAMES = 40;
const CUT = ['-t', '1.6', '-an'];
const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16', '-g', '25'];
const FIELDS = ['-flags', '+ilme+ildct'];
const [TOP, BOTTOM] = ['tff=1', 'bff=1'].map((order) => [...FIELDS, '-x264opts', order]) as [string[], string[]];

interface Variant {
  readonly what: string;
  readonly filters: string;
  readonly options?: readonly string[];
  /** The variant has a picture for each of the original, not for each two. */
  readonly wholeRate?: boolean;
  /** Least mean overlap of the boxes. */
  readonly overlap?: number;
  /** Least recall and precision. */
  readonly recall?: number;
}

const woven = (size: string, first: 'top' | 'bottom'): string =>
  `scale=${size},tinterlace=interleave_${first},fieldorder=${first === 'top' ? 'tff' : 'bff'}`;

/** Graded as programmes are: white at 203 cd/m². */
const hdr = (transfer: string): Pick<Variant, 'filters' | 'options'> => ({
  filters: [
    'scale=1280:720:in_color_matrix=bt601:out_color_matrix=bt709',
    'setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709',
    ...['zscale=t=linear:npl=203', 'format=gbrpf32le'],
    ...[`zscale=p=bt2020:t=${transfer}:m=bt2020nc:r=limited:npl=203`, 'format=yuv420p10le'],
  ].join(','),
  options: ['-colorspace', 'bt2020nc', '-color_primaries', 'bt2020', '-color_trc', transfer],
});

const VARIANTS: readonly Variant[] = [
  { what: '1080i, top field first', filters: woven('1920:1080', 'top'), options: TOP },
  { what: '1080i, bottom field first', filters: woven('1920:1080', 'bottom'), options: BOTTOM },
  { what: '576i with pixels of 64:45', filters: `${woven('720:576', 'top')},setsar=64/45`, options: TOP },
  { what: '480i with pixels of 32:27', filters: `${woven('720:480', 'bottom')},setsar=32/27`, options: BOTTOM },
  {
    what: 'fields of an odd height',
    filters: `${woven('852:478', 'top')},crop=852:474:0:0`,
    options: TOP,
    overlap: 0.8,
  },
  { what: 'fields that are not flagged as such', filters: `${woven('1280:720', 'top')},setfield=prog` },
  {
    ...{ what: 'whole pictures that are flagged as fields', filters: 'scale=1280:720,setfield=tff', options: TOP },
    wholeRate: true,
  },
  { what: 'pixels of 4:3', filters: 'scale=960:720,setsar=4/3', wholeRate: true },
  { what: 'pixels of 2:1', filters: 'scale=640:720,setsar=2/1', wholeRate: true },
  { what: 'pixels of 1:2', filters: 'scale=1280:360,setsar=1/2', wholeRate: true },
  { what: 'an odd size in 4:4:4', filters: 'scale=641:361,format=yuv444p', wholeRate: true },
  { what: '10 bits in 4:2:2', filters: 'scale=1280:720,format=yuv422p10le', wholeRate: true },
  { what: 'woven fields of 10 bits', filters: `${woven('1280:720', 'top')},format=yuv422p10le`, options: TOP },
  { what: 'full range', filters: 'scale=1280:720:out_range=full,format=yuvj420p', wholeRate: true },
  {
    what: 'BT.709',
    ...{ filters: 'scale=1280:720:out_color_matrix=bt709', options: ['-colorspace', 'bt709'], wholeRate: true },
  },
  {
    what: 'BT.2020',
    filters: 'scale=1280:720:out_color_matrix=bt2020',
    ...{ options: ['-colorspace', 'bt2020nc', '-color_primaries', 'bt2020'], wholeRate: true },
  },
  { what: 'HDR in PQ', ...hdr('smpte2084'), wholeRate: true },
  { what: 'HDR in HLG', ...hdr('arib-std-b67'), wholeRate: true },
  { what: 'grey alone', filters: 'scale=1280:720,format=gray', wholeRate: true, recall: 0.85 },
];

describe('the model sees what it sees on the square, progressive original in', () => {
  let detector: Detector;
  let original: readonly Seen[];
  beforeAll(async () => {
    detector = await openBundledDetector();
    const file = await transcodeFile(CLIP, 'original', [...CUT, '-vf', 'scale=1280:720,setsar=1', ...X264]);
    original = await seeFile(detector, file, { everyNth: 2, limit: ORIGINAL_FRAMES / 2 });
  });
  afterAll(() => detector?.close());

  it.each(VARIANTS.map((variant) => [variant.what, variant] as const))('%s', async (what, variant) => {
    const { filters, options = [], wholeRate = false, overlap = 0.85, recall = 0.95 } = variant;
    const args = [...CUT, '-vf', filters, ...X264, ...options];
    const file = await transcodeFile(CLIP, what.replace(/\W+/g, '-'), args);
    const seen = await seeFile(detector, file, { everyNth: wholeRate ? 2 : 1, limit: ORIGINAL_FRAMES / 2 });
    expect(seen.length).toBeGreaterThanOrEqual(ORIGINAL_FRAMES / 2 - 2);
    const [first] = seen;
    expect(Math.abs(first!.shown.height - original[0]!.shown.height)).toBeLessThanOrEqual(2);
    const result = agreement(original, seen);
    expect(result.sure).toBeGreaterThan(100);
    expect(result.recall).toBeGreaterThan(recall);
    expect(result.precision).toBeGreaterThan(recall);
    expect(result.overlap).toBeGreaterThan(overlap);
  });

  it('pictures that lie on their side and say so, with boxes as players show them: lying', async () => {
    const bsf = 'h264_metadata=display_orientation=insert:rotate=90';
    const args = [...CUT, '-vf', 'scale=1280:720,setsar=1,transpose=clock', ...X264, '-g', '100', '-bsf:v', bsf];
    const file = await transcodeFile(CLIP, 'lying', args);
    const lying = await seeFile(detector, file, { everyNth: 2, limit: ORIGINAL_FRAMES / 2 });
    expect(lying[0]!.shown).toEqual(original[0]!.shown);
    const upright = lying.map((one) => ({
      ...one,
      detections: one.detections.map(({ box: [x, y, width, height], ...rest }) => ({
        ...rest,
        box: [y, 1 - x - width, height, width] as Box,
      })),
    }));
    const result = agreement(original, upright);
    expect(result.recall).toBeGreaterThan(0.95);
    expect(result.overlap).toBeGreaterThan(0.85);
  });
});
