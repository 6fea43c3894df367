export * from './analysis.js';
export * from './common.js';
export * from './errors.js';
export * from './live.js';
export * from './model.js';
export * from './sample.js';
export * from './stream.js';
export * from './system.js';
