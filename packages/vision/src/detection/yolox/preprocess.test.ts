import type { ModelInput } from '@media-analyzer/protocol';
import { expect, it } from 'vitest';
import { blankFrame } from '../tensor.js';
import { createPreprocess } from './preprocess.js';

it('feeds the picture without normalisation, under the name that the file gives its input', () => {
  const input: ModelInput = {
    ...{ width: 32, height: 32, fit: 'letterbox-top-left', pad: 114, channels: 'bgr', mean: [0, 0, 0], std: [1, 1, 1] },
  };
  const feeds = createPreprocess(input, 'pictures')([blankFrame(input)]);
  expect(Object.keys(feeds)).toEqual(['pictures']);
  expect(feeds.pictures!.dims).toEqual([1, 3, 32, 32]);
  expect(new Set(feeds.pictures!.data as Float32Array)).toEqual(new Set([114]));
});
