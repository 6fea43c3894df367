import type { ModelInput } from '@media-analyzer/protocol';
import type { LinkFrame } from '@media-analyzer/protocol/process';
import * as ort from 'onnxruntime-node';
import type { Tensors } from '../onnx-session.js';
import { PictureTensor } from '../tensor.js';

/** DEIMv2 takes the picture and the size in whose pixels the boxes shall come out; here the input's own. */
export function createPreprocess(input: ModelInput): (frames: readonly LinkFrame[]) => Tensors {
  const picture = new PictureTensor(input);
  return (frames) => {
    const size = new BigInt64Array(frames.length * 2);
    for (let at = 0; at < size.length; at += 2) {
      size[at] = BigInt(input.width);
      size[at + 1] = BigInt(input.height);
    }
    return { images: picture.fill(frames), orig_target_sizes: new ort.Tensor('int64', size, [frames.length, 2]) };
  };
}
