import type { Family } from '../family.js';
import { expectTensors, floatOutput, onlyTensor } from '../tensor.js';
import { createGrid, decode } from './postprocess.js';
import { createPreprocess } from './preprocess.js';

/** YOLOX in Megvii's ONNX export: one picture in, one table of undecoded cells out. */
export const yolox: Family = (session, { entry, classes }) => {
  const { width, height } = entry.input;
  const input = onlyTensor('input', session.inputs);
  const output = onlyTensor('output', session.outputs);
  const grid = createGrid(entry.input);
  const step = 5 + classes;
  expectTensors('input', session.inputs, [{ name: input.name, type: 'float32', shape: [null, 3, height, width] }]);
  expectTensors('output', session.outputs, [{ name: output.name, type: 'float32', shape: [null, grid.count, step] }]);
  return {
    capacity: grid.count,
    dynamicBatch: input.shape[0] === null,
    preprocess: createPreprocess(entry.input, input.name),
    postprocess(outputs, { index, frames, scoreThreshold, candidates }) {
      const data = floatOutput(outputs, output.name, [frames, grid.count, step]);
      decode({ data, offset: index * grid.count * step, grid, classes, scoreThreshold }, candidates);
    },
  };
};
