import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMessages, encodeQuery, endsOutsideTransaction, startupReply } from './wire.js';

const message = (type: string, body: string) => Buffer.concat([encodeQuery(body)]).fill(type, 0, 1);
const startup = Buffer.concat([Buffer.from([0, 0, 0, 12, 0, 3, 0, 0]), Buffer.from('abcd')]);

describe('the wire protocol', () => {
  const parse = message('P', 'select $1');
  const sync = Buffer.from([0x53, 0, 0, 0, 4]);
  const query = message('Q', 'begin');
  const groups = [Buffer.concat([parse, message('B', 'x'), sync]), query, Buffer.from([0x58, 0, 0, 0, 4])];

  it('is cut into the same groups however the bytes arrive', () => {
    const all = Buffer.concat([startup, ...groups, parse]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: all.length - 1 }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...new Set(cuts), all.length].sort((a, b) => a - b);
        let rest: Uint8Array = new Uint8Array();
        let started = false;
        const seen: Uint8Array[] = [];
        for (let index = 1; index < places.length; index++) {
          const cut = cutMessages(rest, all.subarray(places[index - 1], places[index]), started);
          started ||= cut.startup;
          rest = cut.rest;
          seen.push(...cut.groups);
        }
        expect(started).toBe(true);
        expect(seen.map((group) => Buffer.from(group).toString('hex'))).toEqual(
          groups.map((group) => group.toString('hex')),
        );
        expect(Buffer.from(rest).equals(parse)).toBe(true);
      }),
    );
  });

  it('says whether a reply leaves a transaction open', () => {
    expect(endsOutsideTransaction(startupReply())).toBe(true);
    expect(endsOutsideTransaction(Buffer.from([0x5a, 0, 0, 0, 5, 0x54]))).toBe(false);
    expect(endsOutsideTransaction(new Uint8Array())).toBe(false);
  });
});
