export * from './child.js';
export * from './frame-link.js';
export * from './media.js';
export * from './picture-pace.js';
export * from './picture-shape.js';
export * from './publisher.js';
export * from './sampling-grid.js';
export * from './vision.js';
