export * from './limits.js';
export * from './server.js';
export * from './types.js';
