import type { ModelInput } from '@media-analyzer/protocol';
import { expect, it } from 'vitest';
import { blankFrame } from '../tensor.js';
import { createPreprocess } from './preprocess.js';

it('feeds the picture from 0 to 1, and for each frame the size in whose pixels boxes shall come out', () => {
  const input: ModelInput = {
    width: 4,
    height: 2,
    fit: 'stretch',
    pad: 255,
    channels: 'rgb',
    mean: [0, 0, 0],
    std: [255, 255, 255],
  };
  const feeds = createPreprocess(input)([blankFrame(input), blankFrame(input)]);
  expect(new Set(feeds.images!.data as Float32Array)).toEqual(new Set([1]));
  expect(feeds.orig_target_sizes?.dims).toEqual([2, 2]);
  expect([...(feeds.orig_target_sizes!.data as BigInt64Array)]).toEqual([4n, 2n, 4n, 2n]);
});
