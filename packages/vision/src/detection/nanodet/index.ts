import type { Family } from '../family.js';
import { expectTensors, floatOutput, onlyTensor } from '../tensor.js';
import { decode } from './postprocess.js';
import { createPreprocess } from './preprocess.js';

/** Cell sizes of NanoDet-Plus's four feature maps, pixels of the input. */
const STRIDES = [8, 16, 32, 64] as const;

/** NanoDet-Plus with decoded outputs: one picture in, boxes and class scores of all anchors out. */
export const nanodet: Family = (session, { entry, classes }) => {
  const { width, height } = entry.input;
  const input = onlyTensor('input', session.inputs);
  const anchors = STRIDES.reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0);
  expectTensors('input', session.inputs, [{ name: input.name, type: 'float32', shape: [null, 3, height, width] }]);
  expectTensors('output', session.outputs, [
    { name: 'boxes', type: 'float32', shape: [null, anchors, 4] },
    { name: 'scores', type: 'float32', shape: [null, anchors, classes] },
  ]);
  return {
    capacity: anchors,
    dynamicBatch: input.shape[0] === null,
    preprocess: createPreprocess(entry.input, input.name),
    postprocess(outputs, { index, frames, scoreThreshold, candidates }) {
      const boxes = floatOutput(outputs, 'boxes', [frames, anchors, 4]);
      const scores = floatOutput(outputs, 'scores', [frames, anchors, classes]);
      decode({ boxes, scores, first: index * anchors, anchors, classes, scoreThreshold }, candidates);
    },
  };
};
