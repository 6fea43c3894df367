import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCells, encodeCells, MAX_FRAME } from './code.js';

const frames = fc.integer({ min: 0, max: MAX_FRAME - 1 });

describe('the timecode', () => {
  it('reads every frame number back', () => {
    fc.assert(fc.property(frames, (frame) => decodeCells(encodeCells(frame)) === frame));
  });

  it('reads through limited range, fading and noise of an encoder', () => {
    const noisy = fc.tuple(frames, fc.array(fc.integer({ min: -35, max: 35 }), { minLength: 32, maxLength: 32 }));
    fc.assert(
      fc.property(noisy, ([frame, noise]) => {
        const luma = Array.from(encodeCells(frame), (value, i) => 30 + value * 0.7 + (noise[i] ?? 0));
        return decodeCells(luma) === frame;
      }),
    );
  });

  it('never reads a blend of two neighbouring frames as a third one', () => {
    const blend = fc.tuple(fc.integer({ min: 0, max: MAX_FRAME - 2 }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(blend, ([frame, share]) => {
        const [a, b] = [encodeCells(frame), encodeCells(frame + 1)];
        const read = decodeCells(a.map((value, i) => value * (1 - share) + (b[i] ?? 0) * share));
        return read === null || read === frame || read === frame + 1;
      }),
    );
  });

  it('refuses a strip with any one cell wrong', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 0, max: 31 }), (frame, cell) => {
        const cells = encodeCells(frame);
        cells[cell] = 255 - (cells[cell] ?? 0);
        return decodeCells(cells) === null;
      }),
    );
  });

  it('refuses a picture without contrast', () => {
    expect(decodeCells(new Uint8Array(32).fill(120))).toBeNull();
  });
});
