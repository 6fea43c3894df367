/** Program of the media process: decodes one session's video, taps frames for the vision process, makes thumbnails. */
import { type FromMedia, serveParent, type ToMedia } from '@media-analyzer/protocol/process';
import { silenceNativeLog } from '../codec/index.js';
import { MediaWorker } from './media-worker.js';

silenceNativeLog();
const worker = new MediaWorker((message) => channel.send(message));
const channel = serveParent<ToMedia, FromMedia>({
  handle: (message) => worker.push(message),
  stop: () => worker.stop(),
});
