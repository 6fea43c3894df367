import { CodedError } from '@media-analyzer/protocol';
import { BitReader, unescapeNal } from './bit-reader.js';

/** Recovery point, in H.264 (D.1.8) and HEVC (D.2.8). */
const RECOVERY_POINT = 6;

/** A type that means nothing and that no unit's escapes depend on: reserved in both standards. */
const RESERVED = 0xc8;

/**
 * Frames until the picture is whole when decoding starts here, by the recovery point message of an SEI unit; null when it has
 * none.
 *
 * @param payload The unit without its header, with its escapes.
 */
export function recoveryPoint(payload: Uint8Array, codec: 'h264' | 'hevc'): number | null {
  const found = findRecovery(payload);
  return found && readRecovery(payload.subarray(found.at), codec);
}

/** Makes the recovery point message of an SEI unit one that says nothing, in place. */
export function hideRecoveryPoint(payload: Uint8Array): void {
  const found = findRecovery(payload);
  if (found) payload[found.typeAt] = RESERVED;
}

function findRecovery(payload: Uint8Array): { readonly typeAt: number; readonly at: number } | null {
  let at = 0;
  const number = (): number => {
    let value = 0;
    while (payload[at] === 0xff) {
      value += 255;
      at += 1;
    }
    return value + (payload[at++] ?? 0);
  };
  // What is left when one byte remains is the end of the unit.
  while (at + 2 < payload.length) {
    const type = number();
    const typeAt = at - 1;
    const size = number();
    if (type === RECOVERY_POINT) return { typeAt, at };
    at += size;
  }
  return null;
}

function readRecovery(message: Uint8Array, codec: 'h264' | 'hevc'): number | null {
  const reader = new BitReader(unescapeNal(message.subarray(0, 16)), 'recovery point');
  try {
    return codec === 'h264' ? reader.ue() : Math.abs(reader.se());
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}
