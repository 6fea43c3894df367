import type { VideoCodec } from '@media-analyzer/protocol';
import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_LOG_FATAL,
  type AVCodecID,
  AVERROR_EAGAIN,
  AVERROR_EOF,
} from 'node-av/constants';
import { FFmpegError, Log } from 'node-av/lib';

/** FFmpeg's numbers of the video codecs that the product carries. */
export const VIDEO_CODEC_IDS: Readonly<Record<VideoCodec, AVCodecID>> = {
  h264: AV_CODEC_ID_H264,
  hevc: AV_CODEC_ID_HEVC,
  av1: AV_CODEC_ID_AV1,
};

/** No output yet, or none left: the two codes that are not errors. */
export function isDrained(code: number): boolean {
  return code === AVERROR_EAGAIN || code === AVERROR_EOF;
}

/** FFmpeg's text of one of its negative codes. */
export function nativeProblem(code: number): string {
  return `${FFmpegError.strerror(code)} (${code})`;
}

/** @throws Error with FFmpeg's text when the code is negative */
export function check(code: number, what: string): void {
  if (code < 0) throw new Error(`${what}: ${nativeProblem(code)}`);
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Broken input makes FFmpeg print many lines a second; what matters comes back as codes. */
export function silenceNativeLog(): void {
  Log.setLevel(AV_LOG_FATAL);
}
