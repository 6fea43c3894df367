import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AmfError,
  type AmfObject,
  AmfReference,
  type AmfValue,
  decodeAmf0,
  encodeAmf0,
  encodeAmf0EcmaArray,
} from './amf0.js';

const LIMITS = { maxAmfDepth: 8, maxAmfValues: 1000 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const plain = (object: AmfObject): object => ({ ...object });

const { value } = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.double(),
    fc.boolean(),
    fc.string({ unit: 'grapheme' }),
    fc.constant(null),
    fc.constant(undefined),
    fc.date({ noInvalidDate: false }),
    fc.nat(0xffff).map((index) => new AmfReference(index)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
}));

describe('AMF0', () => {
  it('reads back every value that it writes', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        expect(decodeAmf0(encodeAmf0(...values), LIMITS)).toEqual(values);
      }),
    );
  });

  it('answers arbitrary bytes with values or AmfError', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16).map((marker) => [marker]),
        fc.constantFrom([0, 0, 9], [0, 1, 97], [0, 0, 0, 3]),
        fc.array(fc.nat(255), { maxLength: 9 }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(bytes, (parts) => {
        try {
          decodeAmf0(Uint8Array.from(parts.flat()), LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(AmfError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, string, AmfValue]>([
    ['number', '00 4059000000000000', 100],
    ['boolean', '01 01', true],
    ['string', '02 0003 666f6f', 'foo'],
    ['null', '05', null],
    ['undefined', '06', undefined],
    ['reference', '07 0102', new AmfReference(258)],
    ['strict array', '0a 00000002 05 0100', [null, false]],
    ['date', '0b 4059000000000000 0000', new Date(100)],
    ['long string', '0c 00000003 666f6f', 'foo'],
    ['unsupported', '0d', undefined],
    ['XML document', '0f 00000004 3c612f3e', '<a/>'],
  ])('reads a %s', (_, bytes, expected) => {
    expect(decodeAmf0(hex(bytes), LIMITS)).toEqual([expected]);
  });

  it.each<[string, string]>([
    ['object', '03 0001 61 0101 000009'],
    ['ECMA array, whatever count it claims', '08 ffffffff 0001 61 0101 000009'],
    ['typed object', '10 0002 4162 0001 61 0101 000009'],
    ['object without its end marker at the end of a message', '03 0001 61 0101'],
  ])('reads the properties of an %s', (_, bytes) => {
    const [object] = decodeAmf0(hex(bytes), LIMITS);
    expect(plain(object as AmfObject)).toEqual({ a: true });
  });

  it('keeps a key such as __proto__ a mere key', () => {
    const [object] = decodeAmf0(encodeAmf0EcmaArray(JSON.parse('{"__proto__":{"polluted":true}}')), LIMITS);
    expect(Object.keys(object as AmfObject)).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each([
    ['nests deeper', `${'0a00000001'.repeat(10)}05`, /nests deeper than 8 levels/],
    ['has more values', '05'.repeat(1001), /more than 1000 values/],
    ['claims an array longer than itself', '0a ffffffff 05', /array of 4294967295 values ends early/],
    ['claims a string longer than itself', '0c 7fffffff 61', /end early/],
    ['has a movie clip', '04', /marker 4 at byte 0/],
    ['switches to AMF3', '05 11 01', /marker 17 at byte 1/],
  ])('refuses a message that %s', (_, bytes, text) => {
    expect(() => decodeAmf0(hex(bytes), LIMITS)).toThrow(text);
  });
});
