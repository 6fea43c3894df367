import type { ErrorCode, ErrorDetails } from '../errors.js';
import type { ChildMessage, ParentMessage } from './child.js';

/**
 * Messages between whoever wants a file on air (the server's demo, `npm run demo`) and the loop publisher, a child process
 * that plays a file in a loop through the real RTMP port.
 */
export type ToPublisher =
  | ParentMessage
  | {
      readonly type: 'publish';
      /** Full RTMP address including the key; over this channel, because arguments are readable by every user of a machine. */
      readonly url: string;
      /** Absolute path of a media file. */
      readonly file: string;
    };

export type FromPublisher =
  | ChildMessage
  /** The server accepted the publisher and media flow. `transcoded`: the file's codecs could not be carried as they are. */
  | { readonly type: 'publishing'; readonly transcoded: boolean }
  /** The file has been played so many times. */
  | { readonly type: 'looped'; readonly times: number }
  /** The publisher gave up; the process ends after this. */
  | { readonly type: 'problem'; readonly code: ErrorCode; readonly details: ErrorDetails };
