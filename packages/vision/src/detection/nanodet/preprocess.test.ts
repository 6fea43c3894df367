import type { ModelInput } from '@media-analyzer/protocol';
import { expect, it } from 'vitest';
import { blankFrame } from '../tensor.js';
import { createPreprocess } from './preprocess.js';

it('normalises each channel with its mean and deviation', () => {
  const input: ModelInput = {
    width: 1,
    height: 1,
    fit: 'stretch',
    pad: 0,
    channels: 'bgr',
    mean: [103.53, 116.28, 123.675],
    std: [57.375, 57.12, 58.395],
  };
  const feeds = createPreprocess(input, 'data')([{ ...blankFrame(input), pixels: Uint8Array.of(10, 20, 30) }]);
  const expected = [(30 - 103.53) / 57.375, (20 - 116.28) / 57.12, (10 - 123.675) / 58.395];
  expect([...(feeds.data!.data as Float32Array)]).toEqual(expected.map((value) => expect.closeTo(value, 5)));
});
