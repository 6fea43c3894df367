export { LiveHlsPackager } from './packager.js';
export { vodPlaylist } from './playlist.js';
export type * from './types.js';
