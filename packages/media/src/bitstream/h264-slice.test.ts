import { CodedError } from '@media-analyzer/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unescapeNal } from './bit-reader.js';
import { BitWriter, escapeNal } from './bit-writer.js';
import type { AvcSps } from './h264.js';
import { type AvcPps, AvcSlice, type MarkingOperation } from './h264-slice.js';

const SPS: AvcSps = {
  ...{ id: 0, codecString: 'avc1.640028', width: 1920, height: 1080, chroma: '4:2:0', bitDepth: 8, frameRate: 25 },
  ...{ pixelAspect: null, frameNumBits: 4, pocType: 0, pocBits: 6, frameMbsOnly: false, separatePlanes: false },
};
const PPS: AvcPps = {
  ...{ id: 0, spsId: 0, cabac: true, bottomFieldOrder: true, sliceGroups: 1, references: [1, 1] },
  ...{ weightedPrediction: false, weightedBiprediction: false, deblockingControl: true, redundantPictures: false },
};

interface Made {
  readonly frameNum: number;
  readonly field: 'top' | 'bottom' | null;
  readonly order: number;
  readonly marking: readonly MarkingOperation[];
  readonly data: readonly number[];
}

/** A P slice of a reference picture, as H.264 7.3.3 lays it out. */
function made({ frameNum, field, order, marking, data }: Made): Uint8Array {
  const out = new BitWriter(16);
  out.bits(0x61, 8); // nal_ref_idc 3, a slice
  for (const value of [0, 0, 0]) out.ue(value); // first_mb_in_slice, P, pic_parameter_set_id
  out.bits(frameNum, 4);
  out.bits(field ? 1 : 0, 1);
  if (field) out.bits(field === 'bottom' ? 1 : 0, 1);
  out.bits(order, 6);
  if (!field) out.ue(0); // delta_pic_order_cnt_bottom
  out.bits(0, 2); // as many references as usual, in the usual order
  out.bits(marking.length > 0 ? 1 : 0, 1);
  for (const values of marking) for (const value of values) out.ue(value);
  if (marking.length > 0) out.ue(0);
  for (const value of [0, 0, 1]) out.ue(value); // cabac_init_idc, slice_qp_delta, no deblocking
  out.align(1);
  for (const byte of data) out.bits(byte, 8);
  out.bits(0x80, 8);
  return escapeNal(out.bytes);
}

const operation = fc.oneof(
  fc.tuple(fc.constant(1 as const), fc.nat(15)),
  fc.tuple(fc.constant(2 as const), fc.nat(3)),
  fc.tuple(fc.constant(3 as const), fc.nat(15), fc.nat(3)),
  fc.tuple(fc.constant(4 as const), fc.nat(3)),
  fc.tuple(fc.constant(6 as const), fc.nat(3)),
);
const anySlice: fc.Arbitrary<Made> = fc.record({
  frameNum: fc.nat(15),
  field: fc.constantFrom('top', 'bottom', null),
  order: fc.nat(63),
  marking: fc.array(operation, { maxLength: 5 }),
  // Zeros and small numbers need escapes.
  data: fc.array(fc.oneof(fc.nat(3), fc.nat(255)), { maxLength: 40 }),
});

describe('a slice', () => {
  it('is read, and written with other numbers and commands; its data stay as they are', () => {
    fc.assert(
      fc.property(anySlice, anySlice, (one, other) => {
        const slice = AvcSlice.read(made(one), SPS, PPS);
        expect(slice).toMatchObject({ frameNum: one.frameNum, field: one.field, order: one.order, idr: false });
        expect(slice.marking ?? []).toEqual(one.marking);
        const { frameNum, order, marking } = other;
        const written = slice.write({ frameNum, order, ...(one.marking.length > 0 && { marking }) });
        // Commands that are all left out are still none of the usual kind: nothing makes room by itself.
        if (one.marking.length === 0 || marking.length > 0)
          expect(written).toEqual(made({ ...one, frameNum, order, marking: one.marking.length > 0 ? marking : [] }));
        else expect(AvcSlice.read(written, SPS, PPS)).toMatchObject({ frameNum, order, marking: [] });
      }),
    );
  });

  it('of a field becomes one of an IDR picture', () => {
    const slice = AvcSlice.read(
      made({ frameNum: 7, field: 'top', order: 20, marking: [[1, 2]], data: [0, 0, 1, 9] }),
      SPS,
      PPS,
    );
    const idr = AvcSlice.read(slice.write({ frameNum: 0, order: 0, idr: 1 }), SPS, PPS);
    expect(idr).toMatchObject({ frameNum: 0, field: 'top', order: 0, idr: true, reference: true, marking: null });
  });

  it('that ends early, or is of a kind that nobody sends, is refused', () => {
    const nal = made({ frameNum: 1, field: null, order: 2, marking: [[1, 2]], data: [] });
    expect(() => AvcSlice.read(nal.subarray(0, 3), SPS, PPS)).toThrow(CodedError);
    expect(() => AvcSlice.read(nal, { ...SPS, pocType: 1 }, PPS)).toThrow(/cycles/);
    expect(() => AvcSlice.read(nal, SPS, { ...PPS, sliceGroups: 2 })).toThrow(/slice groups/);
  });

  it('is escaped as it is unescaped', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(3), fc.nat(255)), { maxLength: 60 }), (bytes) => {
        const nal = Uint8Array.from([...bytes, 0x80]);
        const escaped = escapeNal(nal);
        expect(unescapeNal(escaped)).toEqual(nal);
        expect(Buffer.from(escaped).toString('hex')).not.toMatch(/^(..)*0000(00|01|02)/);
      }),
    );
  });
});
