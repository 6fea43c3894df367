/** Decoding, scaling, encoding and reading of files over native FFmpeg. For child processes and scripts only. */
export { annexBToLengthPrefixed, isAnnexB, splitAnnexB } from './annex-b.js';
export { DecodedFrame } from './decoded-frame.js';
export { contentSize, FrameScaler, type ScaledFrame, type ScaleTarget } from './frame-scaler.js';
export { JpegThumbnail } from './jpeg-thumbnail.js';
export { type FileItem, isSample, MediaFile, type MediaFileInfo, probeFile, readCodedSamples } from './media-file.js';
export { silenceNativeLog } from './native.js';
export { type TranscodeOptions, transcodeToCodedSamples } from './transcode.js';
export type { AudioTranscodeOptions, VideoTranscodeOptions } from './transcoders.js';
export { type FrameHandler, UndecodableSample, VideoDecoder } from './video-decoder.js';
