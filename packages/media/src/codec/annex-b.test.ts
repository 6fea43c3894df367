import fc from 'fast-check';
import { expect, test } from 'vitest';
import { annexBToLengthPrefixed, isAnnexB, splitAnnexB } from './index.js';

/** Escaped NAL units never hold a start code and never end in a zero byte (H.264 7.4.1). */
const unit = fc.uint8Array({ min: 1, minLength: 1, maxLength: 40 });
const startCode = fc.constantFrom([0, 0, 1], [0, 0, 0, 1]);

test('units come out as they went in, whatever start codes and trailing zeros are used', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(startCode, unit, fc.nat(3)), { minLength: 1, maxLength: 8 }), (parts) => {
      const bytes = Uint8Array.from(
        parts.flatMap(([code, data, zeros]) => [...code, ...data, ...Array(zeros).fill(0)]),
      );
      expect(isAnnexB(bytes)).toBe(true);
      expect(splitAnnexB(bytes).map((one) => [...one])).toEqual(parts.map(([, data]) => [...data]));
    }),
  );
});

test('lengths of four bytes stand before the units', () => {
  const bytes = Uint8Array.of(0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 0, 0, 1, 0x65, 1, 0, 2, 0, 0);
  expect([...annexBToLengthPrefixed(bytes)]).toEqual([
    0, 0, 0, 2, 0x67, 9, 0, 0, 0, 1, 0x68, 0, 0, 0, 4, 0x65, 1, 0, 2,
  ]);
});

test('bytes without a start code have no units', () => {
  expect(splitAnnexB(Uint8Array.of(1, 2, 3, 0, 0, 2))).toEqual([]);
  expect(isAnnexB(Uint8Array.of(0, 0, 0, 2, 9))).toBe(false);
  expect(isAnnexB(new Uint8Array())).toBe(false);
});
