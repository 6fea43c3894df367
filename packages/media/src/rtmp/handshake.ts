import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CodedError } from '@media-analyzer/protocol';

/**
 * The RTMP handshake (RTMP 1.0, 5.2) and the digest form that Flash Player 9 brought and that some encoders and servers
 * still insist on. The digest form is documented nowhere but in implementations; the keys are part of the protocol, not
 * secrets.
 */

/** C1, C2, S1 and S2 have this size, bytes. */
export const HANDSHAKE_BYTES = 1536;
/** The only version in use; 6 and 8 are the encrypted forms. */
export const RTMP_VERSION = 3;
const DIGEST_BYTES = 32;

const KEY_TAIL = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const PLAYER_KEY = Buffer.from('Genuine Adobe Flash Player 001', 'latin1');
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001', 'latin1');

/**
 * Where the digest stands. Four bytes at `base` add up to its offset in the block behind them: scheme 0 keeps it in the
 * second half of the packet, scheme 1 in the first.
 */
export type DigestScheme = 0 | 1;
const SCHEMES: Readonly<Record<DigestScheme, number>> = { 0: 772, 1: 8 };
const DIGEST_RANGE = 728;

/** Version that a digest peer claims, anything but zero: servers take the one of Flash Media Server 3.5, as others do. */
const SERVER_VERSION = Buffer.of(3, 5, 1, 1);
const PLAYER_VERSION = Buffer.of(9, 0, 124, 2);

/** `simple`, or the digest scheme (where the digest lies). */
export type HandshakeForm = 'simple' | DigestScheme;

/**
 * Answers C0 and C1 with S0, S1 and S2, in the form that the client used.
 *
 * @param c0c1 The first 1537 bytes of the client.
 * @throws CodedError `rtmp_protocol_violation` for another version
 */
export function answerHandshake(c0c1: Uint8Array): { form: HandshakeForm; reply: Buffer } {
  checkVersion(c0c1[0]!);
  const c1 = Buffer.from(c0c1.buffer, c0c1.byteOffset + 1, HANDSHAKE_BYTES);
  const s1 = greeting();
  const found = findDigest(c1, PLAYER_KEY);
  if (found === null) return { form: 'simple', reply: Buffer.concat([Buffer.of(RTMP_VERSION), s1, c1]) };
  SERVER_VERSION.copy(s1, 4);
  placeDigest(s1, found.scheme, SERVER_KEY);
  const s2 = signedEcho(found.digest, Buffer.concat([SERVER_KEY, KEY_TAIL]));
  return { form: found.scheme, reply: Buffer.concat([Buffer.of(RTMP_VERSION), s1, s2]) };
}

/** C0 and C1 of a client. */
export function openHandshake(form: HandshakeForm): Buffer {
  const c1 = greeting();
  if (form !== 'simple') {
    PLAYER_VERSION.copy(c1, 4);
    placeDigest(c1, form, PLAYER_KEY);
  }
  return Buffer.concat([Buffer.of(RTMP_VERSION), c1]);
}

/**
 * C2 for the S0, S1 and S2 of a server. A server that does not know the digest form answers a digest client in the simple
 * one, and gets its S1 back.
 *
 * @param form What `openHandshake` was called with.
 * @throws CodedError `rtmp_protocol_violation` for another version
 */
export function finishHandshake(form: HandshakeForm, s0s1s2: Uint8Array): Buffer {
  checkVersion(s0s1s2[0]!);
  const s1 = Buffer.from(s0s1s2.buffer, s0s1s2.byteOffset + 1, HANDSHAKE_BYTES);
  const found = form === 'simple' ? null : findDigest(s1, SERVER_KEY);
  if (found === null) return Buffer.from(s1);
  return signedEcho(found.digest, Buffer.concat([PLAYER_KEY, KEY_TAIL]));
}

function checkVersion(version: number): void {
  if (version !== RTMP_VERSION)
    throw new CodedError('rtmp_protocol_violation', {
      problem: `the version is ${version}, only ${RTMP_VERSION} is spoken`,
    });
}

/** Time and version zero, the rest random: S1 and C1 of the simple form (5.2.3). */
function greeting(): Buffer {
  const packet = randomBytes(HANDSHAKE_BYTES);
  packet.fill(0, 0, 8);
  return packet;
}

/** Random bytes, and over them the proof of having understood the peer's digest: S2 and C2 of the digest form. */
function signedEcho(peerDigest: Buffer, key: Buffer): Buffer {
  const packet = randomBytes(HANDSHAKE_BYTES);
  const signed = packet.subarray(0, HANDSHAKE_BYTES - DIGEST_BYTES);
  const proof = createHmac('sha256', key).update(peerDigest).digest();
  createHmac('sha256', proof).update(signed).digest().copy(packet, signed.length);
  return packet;
}

function findDigest(packet: Buffer, key: Buffer): { scheme: DigestScheme; digest: Buffer } | null {
  if (packet.readUInt32BE(4) === 0) return null; // version zero: the simple form
  for (const scheme of [0, 1] as const) {
    const offset = digestOffset(packet, scheme);
    const digest = packet.subarray(offset, offset + DIGEST_BYTES);
    if (timingSafeEqual(digest, digestOf(packet, offset, key))) return { scheme, digest };
  }
  return null;
}

function placeDigest(packet: Buffer, scheme: DigestScheme, key: Buffer): void {
  const offset = digestOffset(packet, scheme);
  digestOf(packet, offset, key).copy(packet, offset);
}

function digestOffset(packet: Buffer, scheme: DigestScheme): number {
  const base = SCHEMES[scheme];
  const sum = packet[base]! + packet[base + 1]! + packet[base + 2]! + packet[base + 3]!;
  return base + 4 + (sum % DIGEST_RANGE);
}

/** Over the packet without the place of the digest itself. */
function digestOf(packet: Buffer, offset: number, key: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(packet.subarray(0, offset))
    .update(packet.subarray(offset + DIGEST_BYTES))
    .digest();
}

/** The server's side of one handshake, fed with what arrives in any pieces. */
export class ServerHandshake {
  readonly #c0c1 = Buffer.alloc(1 + HANDSHAKE_BYTES);
  #received = 0;
  #form: HandshakeForm | null = null;

  /** Known once C1 has been read. */
  get form(): HandshakeForm | null {
    return this.#form;
  }

  /**
   * @param send Gets S0, S1 and S2, once.
   * @returns What follows the handshake in `data` once C2 has been read (its content is not checked: half of the encoders
   *   send anything there), else null.
   * @throws CodedError `rtmp_protocol_violation` for another version, at the first byte
   */
  push(data: Buffer, send: (reply: Buffer) => void): Buffer | null {
    const before = this.#received;
    if (before === 0 && data.length > 0) checkVersion(data[0]!);
    if (before < this.#c0c1.length) data.copy(this.#c0c1, before);
    this.#received += data.length;
    if (this.#form === null && this.#received >= this.#c0c1.length) {
      const { form, reply } = answerHandshake(this.#c0c1);
      this.#form = form;
      send(reply);
    }
    const end = 1 + 2 * HANDSHAKE_BYTES;
    return this.#received >= end ? data.subarray(end - before) : null;
  }
}
