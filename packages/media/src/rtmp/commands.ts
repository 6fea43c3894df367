import { CodedError, describeError, type ErrorCode } from '@media-analyzer/protocol';
import {
  type AmfLimits,
  type AmfObject,
  type AmfValue,
  decodeAmf0,
  encodeAmf0,
  encodeAmf0EcmaArray,
  isAmfObject,
} from './amf0.js';
import { AUDIO_FOUR_CCS } from './flv-audio.js';
import { VIDEO_FOUR_CCS } from './flv-video.js';
import { MessageType, type RtmpMessage } from './messages.js';

/** A command (RTMP 1.0, 7.2): name, transaction, and what follows: the command object first, then arguments. */
export interface Command {
  readonly name: string;
  /** 0 when no answer is wanted. */
  readonly transactionId: number;
  readonly values: readonly AmfValue[];
}

/** The body of an `onStatus` command. */
export interface Status {
  /** Encoders stop at `error`; `warning` is shown or ignored. */
  readonly level: 'status' | 'warning' | 'error';
  readonly code: string;
  readonly description: string;
}

/** @throws CodedError `rtmp_protocol_violation` */
export function readCommand(message: RtmpMessage, limits: AmfLimits): Command {
  const [name, transactionId, ...values] = readValues(message, MessageType.CommandAmf3, limits);
  if (typeof name !== 'string')
    throw new CodedError('rtmp_protocol_violation', { problem: 'a command starts with no name' });
  return { name, transactionId: typeof transactionId === 'number' ? transactionId : 0, values };
}

/**
 * The metadata of a data message (`onMetaData`, bare or behind `@setDataFrame`), or null when it is about something else.
 *
 * @throws CodedError `rtmp_protocol_violation`
 */
export function readMetadata(message: RtmpMessage, limits: AmfLimits): AmfObject | null {
  const values = readValues(message, MessageType.DataAmf3, limits);
  const [name, metadata] = values[0] === '@setDataFrame' ? values.slice(1) : values;
  return name === 'onMetaData' && isAmfObject(metadata) ? metadata : null;
}

/** AMF3 messages of encoders are AMF0 behind a zero byte. */
function readValues(message: RtmpMessage, amf3: number, limits: AmfLimits): AmfValue[] {
  const { body, type } = message;
  try {
    return decodeAmf0(type === amf3 && body[0] === 0 ? body.subarray(1) : body, limits);
  } catch (error) {
    throw new CodedError('rtmp_protocol_violation', { problem: `a message of type ${type}: ${describeError(error)}` });
  }
}

/** A command of AMF0 values: name, transaction, and what belongs to it. */
export function commandMessage(streamId: number, ...values: readonly AmfValue[]): RtmpMessage {
  return { type: MessageType.CommandAmf0, timestamp: 0, streamId, body: encodeAmf0(...values) };
}

/** `@setDataFrame` with `onMetaData`. */
export function metadataMessage(streamId: number, metadata: AmfObject): RtmpMessage {
  const body = Buffer.concat([encodeAmf0('@setDataFrame', 'onMetaData'), encodeAmf0EcmaArray(metadata)]);
  return { type: MessageType.DataAmf0, timestamp: 0, streamId, body };
}

/** `onStatus`: what a server tells a publisher. */
export function statusMessage(streamId: number, status: Status): RtmpMessage {
  return commandMessage(streamId, 'onStatus', 0, null, { ...status });
}

/**
 * What Adobe's servers call back after `FCPublish` and `FCUnpublish`: some encoders go on only then. It is no answer to `publish`,
 * and says nothing of the key.
 */
export function calledBackMessage(name: 'onFCPublish' | 'onFCUnpublish', code: string, of: AmfValue): RtmpMessage {
  return commandMessage(0, name, 0, null, { code, description: typeof of === 'string' ? of : '' });
}

/** What an encoder said of itself in `connect`. */
export interface ConnectRequest {
  /** Without query string and slashes at its ends. May contain the stream key, when a person pasted it there. */
  readonly app: string;
  /** At most 200 characters. */
  readonly encoder: string | null;
  /** It speaks Enhanced RTMP, so the answer says what we carry of it. */
  readonly enhanced: boolean;
}

/** What a `connect` command asks for. */
export function readConnect(command: Command): ConnectRequest {
  const object = isAmfObject(command.values[0]) ? command.values[0] : {};
  const { app, flashVer } = object;
  return {
    app: typeof app === 'string' ? app.split('?')[0]!.replace(/^\/+|\/+$/g, '') : '',
    encoder: typeof flashVer === 'string' && flashVer !== '' ? flashVer.slice(0, 200) : null,
    enhanced: ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'].some((key) => key in object),
  };
}

/** Capability bits (Enhanced RTMP v2): ModEx, and nanosecond timestamps within it. Of several tracks we carry one. */
const CAPS_EX = 0x04 | 0x08;
/** "CanForward" of a FourCcInfoMask: we pass the codec on without decoding it. */
const CAN_FORWARD = 0x04;

/** The answer to `connect`, with the Enhanced RTMP capabilities where the peer has some. */
export function connectResult(transactionId: number, enhanced: boolean): RtmpMessage {
  const mask = (fourCcs: readonly string[]): AmfObject =>
    Object.fromEntries(fourCcs.map((name) => [name, CAN_FORWARD]));
  const capabilities: AmfObject = enhanced
    ? {
        fourCcList: [...VIDEO_FOUR_CCS, ...AUDIO_FOUR_CCS],
        videoFourCcInfoMap: mask(VIDEO_FOUR_CCS),
        audioFourCcInfoMap: mask(AUDIO_FOUR_CCS),
        capsEx: CAPS_EX,
      }
    : {};
  return commandMessage(
    0,
    '_result',
    transactionId,
    { fmsVer: 'FMS/3,5,1,1', capabilities: 31, mode: 1 }, // what encoders look for to tell a server from a proxy
    {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      objectEncoding: 0,
      ...capabilities,
    },
  );
}

/** The status code of the RTMP world for an error of ours, on a stream that is being published. */
export function publishStatusCode(code: ErrorCode): string {
  return code === 'stream_key_unknown' || code === 'stream_key_busy' ? 'NetStream.Publish.BadName' : 'NetStream.Failed';
}
