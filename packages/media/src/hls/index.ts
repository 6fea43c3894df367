export { LiveHlsPackager } from './packager.js';
export { type MultivariantOptions, renderMultivariantPlaylist, vodPlaylist } from './playlist.js';
export type * from './types.js';
