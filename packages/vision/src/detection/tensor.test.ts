import type { ModelInput } from '@media-analyzer/protocol';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { blankFrame, expectTensors, floatOutput, onlyTensor, PictureTensor } from './tensor.js';

const input: ModelInput = {
  width: 2,
  height: 1,
  fit: 'stretch',
  pad: 114,
  channels: 'rgb',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const frame = (...pixels: number[]) => ({ ...blankFrame(input), pixels: Uint8Array.from(pixels) });

describe('PictureTensor', () => {
  it('puts the channels one plane after the other', () => {
    const tensor = new PictureTensor(input).fill([frame(1, 2, 3, 4, 5, 6)]);
    expect(tensor.dims).toEqual([1, 3, 1, 2]);
    expect([...(tensor.data as Float32Array)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('swaps red and blue for a model trained on BGR', () => {
    const tensor = new PictureTensor({ ...input, channels: 'bgr' }).fill([frame(1, 2, 3, 4, 5, 6)]);
    expect([...(tensor.data as Float32Array)]).toEqual([3, 6, 2, 5, 1, 4]);
  });

  it('normalises each channel in the order of the channels', () => {
    const tensor = new PictureTensor({ ...input, channels: 'bgr', mean: [3, 2, 1], std: [1, 2, 4] }).fill([
      frame(1, 2, 3, 5, 6, 7),
    ]);
    expect([...(tensor.data as Float32Array)]).toEqual([0, 4, 0, 2, 0, 1]);
  });

  it('stacks the frames of a batch', () => {
    const tensor = new PictureTensor(input).fill([frame(1, 2, 3, 4, 5, 6), frame(7, 8, 9, 10, 11, 12)]);
    expect(tensor.dims).toEqual([2, 3, 1, 2]);
    expect([...(tensor.data as Float32Array)].slice(6)).toEqual([7, 10, 8, 11, 9, 12]);
  });

  it('refuses a frame of another size and says both', () => {
    const wrong = { ...frame(1, 2, 3, 4, 5, 6), width: 1, height: 2 };
    expect(() => new PictureTensor(input).fill([wrong])).toThrow('1x2 (6 bytes) came to a model of 2x1');
    expect(() => new PictureTensor(input).fill([frame(1, 2, 3)])).toThrow('3 bytes');
  });
});

describe('expectTensors', () => {
  const declared = [{ name: 'images', type: 'float32', shape: [null, 3, 416, 416] }];

  it('accepts open dimensions on either side', () => {
    expectTensors('input', declared, [{ name: 'images', type: 'float32', shape: [1, 3, 416, 416] }]);
    expectTensors('input', declared, [{ name: 'images', type: 'float32', shape: [null, 3, null, 416] }]);
  });

  it.each([
    [{ name: 'picture', type: 'float32', shape: [1, 3, 416, 416] }, 'its input "picture" is missing; it has images'],
    [{ name: 'images', type: 'uint8', shape: [1, 3, 416, 416] }, 'is float32, not uint8'],
    [{ name: 'images', type: 'float32', shape: [1, 3, 640, 640] }, 'is ?x3x416x416, not 1x3x640x640'],
    [{ name: 'images', type: 'float32', shape: [1, 3] }, 'is ?x3x416x416, not 1x3'],
  ])('tells what differs: %j', (expected, message) => {
    expect(() => expectTensors('input', declared, [expected])).toThrow(message);
  });

  it('wants one tensor where the family has one', () => {
    expect(onlyTensor('input', declared).name).toBe('images');
    expect(() => onlyTensor('output', [])).toThrow('0 outputs');
  });
});

describe('floatOutput', () => {
  it('checks what a run really gave', () => {
    const outputs = {
      a: new ort.Tensor('float32', new Float32Array(6), [1, 2, 3]),
      b: new ort.Tensor('int64', new BigInt64Array(1), [1]),
    };
    expect(floatOutput(outputs, 'a', [1, 2, 3])).toHaveLength(6);
    expect(() => floatOutput(outputs, 'a', [1, 3, 2])).toThrow('came out as 1x2x3, not 1x3x2');
    expect(() => floatOutput(outputs, 'b', [1])).toThrow('int64');
    expect(() => floatOutput(outputs, 'c', [1])).toThrow('no output "c"');
  });
});
