import type { ModelInput } from '@media-analyzer/protocol';
import type { LinkFrame } from '@media-analyzer/protocol/process';
import * as ort from 'onnxruntime-node';
import type { TensorInfo, Tensors } from './onnx-session.js';

/** A model's tensors are not what its family needs. The message says which, what was found and what was expected. */
export class TensorMismatch extends Error {
  override readonly name = 'TensorMismatch';
}

/** Expected tensor: null stands for any size of that dimension. */
export interface TensorExpectation {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | null)[];
}

/**
 * Checks the tensors that a model file declares. Dimensions that the file leaves open are checked on the first run.
 *
 * @throws TensorMismatch
 */
export function expectTensors(
  what: 'input' | 'output',
  declared: readonly TensorInfo[],
  expected: readonly TensorExpectation[],
): void {
  for (const want of expected) {
    const found = declared.find((tensor) => tensor.name === want.name);
    if (!found) {
      const names = declared.map((tensor) => tensor.name).join(', ');
      throw new TensorMismatch(`its ${what} "${want.name}" is missing; it has ${names || 'none'}`);
    }
    if (found.type !== want.type)
      throw new TensorMismatch(`its ${what} "${want.name}" is ${found.type}, not ${want.type}`);
    if (!shapeFits(found.shape, want.shape)) {
      throw new TensorMismatch(`its ${what} "${want.name}" is ${shapeText(found.shape)}, not ${shapeText(want.shape)}`);
    }
  }
}

/** The only tensor of a model whose export gives it no agreed name. @throws TensorMismatch when there are several. */
export function onlyTensor(what: 'input' | 'output', declared: readonly TensorInfo[]): TensorInfo {
  const [first, ...others] = declared;
  if (first && others.length === 0) return first;
  throw new TensorMismatch(
    `it has ${declared.length} ${what}s (${declared.map((tensor) => tensor.name).join(', ')}), not 1`,
  );
}

/** Float data of an output. @throws TensorMismatch when type or shape is not the expected one. */
export function floatOutput(outputs: Tensors, name: string, shape: readonly number[]): Float32Array {
  const tensor = outputOf(outputs, name, shape);
  if (!(tensor.data instanceof Float32Array))
    throw new TensorMismatch(`its output "${name}" is ${tensor.type}, not float32`);
  return tensor.data;
}

/** 64-bit integer data of an output. @throws TensorMismatch when type or shape is not the expected one. */
export function int64Output(outputs: Tensors, name: string, shape: readonly number[]): BigInt64Array {
  const tensor = outputOf(outputs, name, shape);
  if (!(tensor.data instanceof BigInt64Array))
    throw new TensorMismatch(`its output "${name}" is ${tensor.type}, not int64`);
  return tensor.data;
}

function outputOf(outputs: Tensors, name: string, shape: readonly number[]): ort.Tensor {
  const tensor = outputs[name];
  if (!tensor) throw new TensorMismatch(`it gave no output "${name}"`);
  if (!shapeFits(tensor.dims, shape)) {
    throw new TensorMismatch(`its output "${name}" came out as ${shapeText(tensor.dims)}, not ${shapeText(shape)}`);
  }
  return tensor;
}

function shapeFits(found: readonly (number | null)[], want: readonly (number | null)[]): boolean {
  return (
    found.length === want.length && found.every((side, at) => side === null || want[at] === null || side === want[at])
  );
}

/** `1x3x416x416`, with `?` for an open dimension. */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((side) => side ?? '?').join('x');
}

/**
 * Turns RGB24 frames into one NCHW float tensor in the channel order and normalisation of the manifest. A byte has only 256
 * values, so each channel's normalisation is a table; the buffer is kept between calls.
 */
export class PictureTensor {
  private readonly tables: readonly Float32Array[];
  /** Offset of each channel of the tensor in an RGB pixel. */
  private readonly offsets: readonly number[];
  private buffer = new Float32Array(0);

  constructor(private readonly input: ModelInput) {
    this.offsets = input.channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
    this.tables = input.mean.map((mean, channel) =>
      Float32Array.from({ length: 256 }, (_, byte) => (byte - mean) / input.std[channel]!),
    );
  }

  /**
   * @returns a tensor `frames x 3 x height x width`, valid until the next call.
   * @throws Error when a frame is not of the input's size.
   */
  fill(frames: readonly LinkFrame[]): ort.Tensor {
    const { width, height } = this.input;
    const plane = width * height;
    const size = frames.length * 3 * plane;
    if (this.buffer.length !== size) this.buffer = new Float32Array(size);
    frames.forEach((frame, index) => {
      if (frame.width !== width || frame.height !== height || frame.pixels.length !== plane * 3) {
        throw new Error(
          `a frame of ${frame.width}x${frame.height} (${frame.pixels.length} bytes) came to a model of ${width}x${height}`,
        );
      }
      for (let channel = 0; channel < 3; channel++) {
        const from = (index * 3 + channel) * plane;
        fillPlane(this.buffer, from, plane, frame.pixels, this.offsets[channel]!, this.tables[channel]!);
      }
    });
    return new ort.Tensor('float32', this.buffer, [frames.length, 3, height, width]);
  }
}

function fillPlane(
  out: Float32Array,
  from: number,
  count: number,
  rgb: Uint8Array,
  offset: number,
  table: Float32Array,
): void {
  for (let i = 0, at = offset; i < count; i++, at += 3) out[from + i] = table[rgb[at]!]!;
}

/** A frame of the padding colour: warms a model up and shows what it really gives out. */
export function blankFrame(input: ModelInput): LinkFrame {
  const { width, height, pad } = input;
  const size = {
    width,
    height,
    contentWidth: width,
    contentHeight: height,
    sourceWidth: width,
    sourceHeight: height,
    shape: 0,
  };
  return {
    sessionId: 'warm-up',
    ptsMs: 0,
    capturedAt: 0,
    ...size,
    pixels: new Uint8Array(width * height * 3).fill(pad),
  };
}
