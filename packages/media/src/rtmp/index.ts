export * from './limits.js';
export * from './types.js';
