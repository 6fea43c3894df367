export type { PageRequest, PictureObjects, RecordingRows, Sessions } from './ports.js';
export { Recordings, type RecordingsOptions } from './recordings.js';
