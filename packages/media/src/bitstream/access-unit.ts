import type { KeyframeEntry, VideoCodec, VideoTrack } from '@media-analyzer/protocol';

/** NAL units or OBUs of one message: slices of 1500 bytes each, as for networks that lose packets, are 5600 in the largest. */
export const MAX_UNITS = 16_384;
/** Pictures of one message: two seconds of them; encoders send one, or a few. */
export const MAX_PICTURES = 64;

/** One picture out of a published message. */
export interface Picture {
  /** As coded samples have it: NAL units with lengths of four bytes, or OBUs without delimiters. */
  readonly data: Uint8Array;
  /** Whether, and how well, decoding can start with it. */
  readonly entry: KeyframeEntry | null;
  /** It goes on with the picture of the message before: its first slice is not the first one of a picture. */
  readonly continues: boolean;
  /** It needs pictures from before its keyframe; null when only its time can tell. */
  readonly leading: boolean | null;
  /** How to decode from here on, where that is not what was said before. */
  readonly track: VideoTrack | null;
}

/** Of what a message with nothing to show is made. */
export type MessageFault =
  | 'broken' // lengths that lead nowhere, bytes that are no unit of the codec, or more of them than anybody sends
  | 'no_picture'; // delimiters, filler, messages to the decoder, parameter sets: kept for the next picture where they matter

/** What a publisher should know about its parameter sets. */
export type ParameterTrouble =
  | 'unstable' // they change so often that players are not told of each change any more
  | 'unreadable'; // one that came in band cannot be read

/**
 * Reads one codec's published messages. The bitstream is believed, the container's flags are a hint: a message may hold one
 * picture, several, a piece of one, or none, and may change how what follows is decoded.
 */
export interface UnitReader {
  readonly codec: VideoCodec;
  /** Told of each trouble as it comes. */
  onTrouble: ((trouble: ParameterTrouble) => void) | null;
  /**
   * Takes a sequence header.
   * @returns how to decode what follows; null when that is what is known
   * @throws CodedError `codec_configuration_invalid`, `bitstream_invalid`
   */
  configure(record: Uint8Array): VideoTrack | null;
  /**
   * @param claimed The container says that this is a keyframe.
   * @param atMs Decode time.
   */
  read(data: Uint8Array, claimed: boolean, atMs: number): readonly Picture[] | MessageFault;
}
