import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base32 in lower case: no i, l, o, u to misread, and sorting by text is sorting by value. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 45 bits of milliseconds: until the year 3084. */
const TIME_CHARACTERS = 9;
/** 35 bits. */
const RANDOM_CHARACTERS = 7;
const RANDOM_SPACE = 2 ** (RANDOM_CHARACTERS * 5);
/** 160 bits, as many as SHA-1 has: not to be guessed at any rate of tries. */
const KEY_BYTES = 20;

/**
 * Makes ids of 16 characters that sort by the time of their making: 9 of Unix ms, 7 of chance. Two ids of one maker always
 * differ and ascend, also within one millisecond and when the wall clock steps back.
 */
export class IdMaker {
  private lastMs = 0;
  private lastRandom = 0;

  constructor(private readonly now: () => number = Date.now) {}

  next(): string {
    const ms = Math.max(this.now(), this.lastMs);
    if (ms > this.lastMs) {
      this.lastMs = ms;
      // The top bit stays free, so that there is room to count up within the millisecond.
      this.lastRandom = randomBytes(5).readUIntBE(0, 5) % (RANDOM_SPACE / 2);
    } else {
      this.lastRandom++;
    }
    return toBase32(ms, TIME_CHARACTERS) + toBase32(this.lastRandom, RANDOM_CHARACTERS);
  }
}

/** A stream key: 160 random bits in 32 characters that survive every encoder's text field and every URL. */
export function newStreamKey(): string {
  let bits = 0n;
  for (const byte of randomBytes(KEY_BYTES)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let index = 0; index < (KEY_BYTES * 8) / 5; index++) {
    text = ALPHABET.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}

/** SHA-256 of a stream key, hex. */
export function hashStreamKey(streamKey: string): string {
  return createHash('sha256').update(streamKey).digest('hex');
}

function toBase32(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
