/**
 * The little of PostgreSQL's wire protocol (version 3, https://www.postgresql.org/docs/current/protocol-message-formats.html)
 * that stands between node-postgres and PGlite. A message is a type byte, a 32-bit length that counts itself, and the body;
 * the startup message alone has no type byte.
 */

/** Type byte of Terminate, `X`. */
export const TERMINATE = 0x58;
const SYNC = 0x53;
const QUERY = 0x51;
const READY_FOR_QUERY = 0x5a;
const IDLE = 0x49;
const READY_BYTES = 6;

export interface Cut {
  /** The startup message was among the bytes. */
  readonly startup: boolean;
  /** Messages that belong together, ending with Sync, a simple query or Terminate: PGlite answers them in one go. */
  readonly groups: readonly Uint8Array[];
  /** Bytes of messages or groups that are not complete yet. */
  readonly rest: Uint8Array;
}

/** Cuts what has arrived into groups. `started`: the startup message came before. */
export function cutMessages(before: Uint8Array, chunk: Uint8Array, started: boolean): Cut {
  const bytes = before.length === 0 ? chunk : concatenate(before, chunk);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  let startup = false;
  if (!started) {
    if (bytes.length < 4 || bytes.length < view.getUint32(0)) return { startup: false, groups: [], rest: bytes };
    offset = view.getUint32(0);
    startup = true;
  }
  const groups: Uint8Array[] = [];
  let groupStart = offset;
  while (bytes.length - offset >= 5) {
    const type = bytes[offset];
    const end = offset + 1 + view.getUint32(offset + 1);
    if (end > bytes.length) break;
    offset = end;
    if (type === SYNC || type === QUERY || type === TERMINATE) {
      groups.push(bytes.subarray(groupStart, end));
      groupStart = end;
    }
  }
  return { startup, groups, rest: bytes.slice(groupStart) };
}

/** A simple query. */
export function encodeQuery(text: string): Uint8Array {
  return message('Q', cString(text));
}

/** The reply ends with ReadyForQuery in state idle. */
export function endsOutsideTransaction(reply: Uint8Array): boolean {
  return (
    reply.length >= READY_BYTES &&
    reply[reply.length - READY_BYTES] === READY_FOR_QUERY &&
    reply[reply.length - 1] === IDLE
  );
}

/** AuthenticationOk, the parameters that node-postgres reads, ReadyForQuery. */
export function startupReply(): Uint8Array {
  const parameter = (name: string, value: string) => message('S', concatenate(cString(name), cString(value)));
  return [
    message('R', new Uint8Array(4)),
    parameter('client_encoding', 'UTF8'),
    parameter('standard_conforming_strings', 'on'),
    message('Z', Uint8Array.of(IDLE)),
  ].reduce(concatenate);
}

function message(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = type.charCodeAt(0);
  new DataView(bytes.buffer).setUint32(1, 4 + body.length);
  bytes.set(body, 5);
  return bytes;
}

function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
