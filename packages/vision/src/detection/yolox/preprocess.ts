import type { ModelInput } from '@media-analyzer/protocol';
import type { LinkFrame } from '@media-analyzer/protocol/process';
import type { Tensors } from '../onnx-session.js';
import { PictureTensor } from '../tensor.js';

/** YOLOX takes the picture alone. */
export function createPreprocess(input: ModelInput, inputName: string): (frames: readonly LinkFrame[]) => Tensors {
  const picture = new PictureTensor(input);
  return (frames) => ({ [inputName]: picture.fill(frames) });
}
