export { CertaintyFold } from './certainty.js';
export { Tracker, type TrackerOptions } from './tracker.js';
