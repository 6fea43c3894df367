import { type FromVision, type ParentChannel, serveParent, type ToVision } from '@media-analyzer/protocol/process';
import { VisionProcess } from './vision-process.js';

/**
 * Program of the vision process: started by the server with a fork channel (`ToVision`, `FromVision`), fed with frames over
 * the frame link. See `VisionProcess`.
 */
const channel: ParentChannel<FromVision> = serveParent<ToVision, FromVision>({
  handle: (message) => vision.handle(message),
  stop: () => vision.stop(),
});
const vision = new VisionProcess(channel);
