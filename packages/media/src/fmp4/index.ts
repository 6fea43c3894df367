export { AudioTimeline } from './audio-timeline.js';
export { type ReadSample, readFragments, toCodedSamples } from './fragment-reader.js';
export { type FragmentOptions, type FragmentSample, type FragmentTrack, writeFragment } from './fragment-writer.js';
export { type InitSegment, type ReadTrack, readInitSegment, type SampleDefaults } from './init-reader.js';
export { writeInitSegment } from './init-writer.js';
export { firstDecodeTime, shiftFragments } from './rebase.js';
export { type NumberedTrack, numberTracks, trackTimescale, VIDEO_TIMESCALE } from './tracks.js';
