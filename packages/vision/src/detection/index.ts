export { createDetector } from './create-detector.js';
export type { Detector, DetectorOptions } from './detector.js';
