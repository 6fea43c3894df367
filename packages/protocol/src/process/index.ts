export * from './child.js';
export * from './frame-link.js';
export * from './media.js';
export * from './vision.js';
