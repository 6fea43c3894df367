export { Demo, type DemoOptions, type LoopPublisher, type LoopPublisherEvents } from './demo.js';
