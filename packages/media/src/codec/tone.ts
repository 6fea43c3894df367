import { AVCOL_TRC_SMPTE2084 } from 'node-av/constants';
import type { Frame } from 'node-av/lib';

/** Luminance that becomes the brightest white, cd/m²: what graphics and paper have in HDR programmes (ITU-R BT.2408). */
const WHITE = 203;
/** Light above this share of it is compressed instead of clipped. */
const KNEE = 0.8;

let pqCurve: Uint8Array | null = null;

/**
 * For pictures in PQ (SMPTE ST 2084): which level of 255 stands for each of theirs on an ordinary screen; null for all
 * others. PQ spends half of its levels on light that only HDR screens give, so that taken as it is everything looks grey:
 * measured, the models then miss 2 % of what they see in the same scene otherwise. HLG is made to be taken as it is. FFmpeg's
 * own mapping gives the right colours as well, but takes 700 ms for a picture.
 */
export function toneCurve(picture: Frame): Uint8Array | null {
  if (picture.colorTrc !== AVCOL_TRC_SMPTE2084) return null;
  pqCurve ??= Uint8Array.from({ length: 256 }, (_, level) =>
    Math.round(255 * gamma(compress(light(level / 255) / WHITE))),
  );
  return pqCurve;
}

/** Applies a curve in place. */
export function applyCurve(curve: Uint8Array, levels: Uint8Array): void {
  for (let at = 0; at < levels.length; at += 1) levels[at] = curve[levels[at]!]!;
}

/** Luminance of a PQ signal of 0..1, cd/m² (ST 2084, equation 4.1). */
function light(signal: number): number {
  const [m1, m2, c1, c2, c3] = [0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875];
  const power = signal ** (1 / m2);
  return 10_000 * (Math.max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1);
}

function compress(value: number): number {
  if (value <= KNEE) return value;
  const room = 1 - KNEE;
  return KNEE + room * (1 - Math.exp((KNEE - value) / room));
}

function gamma(linear: number): number {
  return linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
}
