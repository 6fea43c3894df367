export type { AmfObject, AmfValue } from './amf0.js';
export type { Status } from './commands.js';
export type { FlvForm } from './flv-writer.js';
export * from './limits.js';
export * from './publisher.js';
export * from './server.js';
export * from './types.js';
