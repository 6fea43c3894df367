export { RealtimeStrategy, type Vision, type VisionEvents } from './realtime.js';
export type { Decoder, DecoderEvents, RealtimeAnalysis } from './session-analysis.js';
