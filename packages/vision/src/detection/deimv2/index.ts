import type { Family } from '../family.js';
import { expectTensors, floatOutput, int64Output, TensorMismatch } from '../tensor.js';
import { decode } from './postprocess.js';
import { createPreprocess } from './preprocess.js';

/** Queries of the largest published DEIMv2 models; smaller ones have fewer. */
const MAX_QUERIES = 300;

/** DEIMv2 (DETR family) in its deployment export: labels, boxes and scores of its queries, already decoded. */
export const deimv2: Family = (session, { entry, classes }) => {
  const { width, height } = entry.input;
  expectTensors('input', session.inputs, [
    { name: 'images', type: 'float32', shape: [null, 3, height, width] },
    { name: 'orig_target_sizes', type: 'int64', shape: [null, 2] },
  ]);
  expectTensors('output', session.outputs, [
    { name: 'labels', type: 'int64', shape: [null, null] },
    { name: 'boxes', type: 'float32', shape: [null, null, 4] },
    { name: 'scores', type: 'float32', shape: [null, null] },
  ]);
  const images = session.inputs.find((input) => input.name === 'images');
  return {
    capacity: MAX_QUERIES,
    dynamicBatch: images?.shape[0] === null,
    preprocess: createPreprocess(entry.input),
    postprocess(outputs, { index, frames, scoreThreshold, candidates }) {
      const queries = outputs.scores?.dims[1] ?? 0;
      if (queries < 1 || queries > MAX_QUERIES)
        throw new TensorMismatch(`it gave ${queries} queries, not 1 to ${MAX_QUERIES}`);
      const labels = int64Output(outputs, 'labels', [frames, queries]);
      const boxes = floatOutput(outputs, 'boxes', [frames, queries, 4]);
      const scores = floatOutput(outputs, 'scores', [frames, queries]);
      decode({ labels, boxes, scores, first: index * queries, queries, classes, scoreThreshold }, candidates);
    },
  };
};
