import type { ModelInput } from '../model.js';

/** What decides how a picture is fitted to a model's input. Channels and their scale are applied later, in the vision process. */
type Fitting = Pick<ModelInput, 'width' | 'height' | 'fit' | 'pad'>;

/**
 * A number for the way in which pictures are fitted: the same for models that want the very same pixels, else another one. Frames
 * carry it, so that one that was scaled for the model before never reaches its successor.
 *
 * @returns 32 bits, unsigned (FNV-1a)
 */
export function pictureShape({ width, height, fit, pad }: Fitting): number {
  let hash = 0x811c9dc5;
  // A plain stretch has no padding, whatever its grey level.
  for (const character of `${width}x${height} ${fit} ${fit === 'stretch' ? '' : pad}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}
