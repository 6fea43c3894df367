export type { Admission, PublisherRequest } from './on-air.js';
export { Playback } from './playback.js';
export type {
  AnalysisOfSessions,
  Decoding,
  DecodingEvents,
  MediaObjects,
  SessionAnalysis,
  StreamEvents,
} from './ports.js';
export { StreamService } from './stream-service.js';
