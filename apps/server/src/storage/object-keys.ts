import { CodedError } from '@media-analyzer/protocol';

/** All media lie below it; the sweep of orphans looks at nothing else. */
export const MEDIA_ROOT = 'media/';

const MAX_KEY_LENGTH = 512;
/** A part begins with a letter or digit, so that neither `..` nor hidden files can be named. */
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Key of an init segment or media segment: `media/<stream>/<session>/<name>`. */
export function mediaKey(streamId: string, sessionId: string, name: string): string {
  return `${sessionPrefix(streamId, sessionId)}${name}`;
}

/** Everything stored of one session. */
export function sessionPrefix(streamId: string, sessionId: string): string {
  return `${mediaPrefix(streamId)}${sessionId}/`;
}

/** Everything stored of one stream. */
export function mediaPrefix(streamId: string): string {
  return `${MEDIA_ROOT}${streamId}/`;
}

/**
 * Holds a key to the one form that every store takes: parts of letters, digits, `.`, `_` and `-`, separated by `/`.
 *
 * @throws CodedError `object_key_invalid`
 */
export function checkKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH) refuse(key, `it has ${key.length} characters; at most ${MAX_KEY_LENGTH} are taken`);
  for (const part of key.split('/')) {
    if (part === '') refuse(key, 'it has an empty part');
    if (!PART.test(part))
      refuse(
        key,
        `its part ${JSON.stringify(part)} is not a letter or digit followed by letters, digits, ".", "_" and "-"`,
      );
  }
}

/** A prefix is a key with a `/` behind it. @throws CodedError `object_key_invalid` */
export function checkPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) refuse(prefix, 'a prefix ends with "/"');
  checkKey(prefix.slice(0, -1));
}

function refuse(key: string, rule: string): never {
  // Escaped: the text goes to logs.
  throw new CodedError('object_key_invalid', { key: JSON.stringify(key.slice(0, 100)).slice(1, -1), rule });
}
