import type { ModelInput } from '@media-analyzer/protocol';
import type { Candidates } from '../nms.js';

/** Cell sizes of YOLOX's three feature maps, pixels of the input. */
const STRIDES = [8, 16, 32] as const;

/** Where each row of the output looks: column, row and size of its cell. */
export interface Grid {
  readonly count: number;
  readonly columns: Float32Array;
  readonly rows: Float32Array;
  readonly strides: Float32Array;
}

/** The cells in the order of the output: feature map by feature map, row by row. */
export function createGrid(input: Pick<ModelInput, 'width' | 'height'>): Grid {
  const maps = STRIDES.map((stride) => ({
    stride,
    wide: Math.floor(input.width / stride),
    high: Math.floor(input.height / stride),
  }));
  const count = maps.reduce((sum, map) => sum + map.wide * map.high, 0);
  const grid = {
    count,
    columns: new Float32Array(count),
    rows: new Float32Array(count),
    strides: new Float32Array(count),
  };
  let at = 0;
  for (const { stride, wide, high } of maps) {
    for (let row = 0; row < high; row++) {
      for (let column = 0; column < wide; column++, at++) {
        grid.columns[at] = column;
        grid.rows[at] = row;
        grid.strides[at] = stride;
      }
    }
  }
  return grid;
}

export interface YoloxOutput {
  /** `x, y, log width, log height, objectness, class scores`, each cell; scores are probabilities. */
  readonly data: Float32Array;
  /** Index of the frame's first value. */
  readonly offset: number;
  readonly grid: Grid;
  readonly classes: number;
  readonly scoreThreshold: number;
}

/**
 * Decodes YOLOX's raw output (Ge et al., "YOLOX: Exceeding YOLO Series in 2021", section 2.2): centre = (offset + cell) x stride,
 * size = exp(log size) x stride, score = objectness x class score. Each cell proposes its best class only.
 */
export function decode(output: YoloxOutput, candidates: Candidates): void {
  const { data, offset, grid, classes, scoreThreshold } = output;
  const step = 5 + classes;
  for (let cell = 0, at = offset; cell < grid.count; cell++, at += step) {
    const objectness = data[at + 4]!;
    // A class score is at most 1, so most cells are done here.
    if (objectness < scoreThreshold) continue;
    let label = 0;
    let best = 0;
    for (let index = 0; index < classes; index++) {
      const score = data[at + 5 + index]!;
      if (score > best) {
        best = score;
        label = index;
      }
    }
    const score = objectness * best;
    if (score < scoreThreshold) continue;
    const stride = grid.strides[cell]!;
    const x = (data[at]! + grid.columns[cell]!) * stride;
    const y = (data[at + 1]! + grid.rows[cell]!) * stride;
    const halfWidth = (Math.exp(data[at + 2]!) * stride) / 2;
    const halfHeight = (Math.exp(data[at + 3]!) * stride) / 2;
    candidates.add(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight, score, label);
  }
}
