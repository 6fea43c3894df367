import { id as idSchema } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { hashStreamKey, IdMaker, newStreamKey } from './ids.js';

describe('ids', () => {
  it('sort by the time of their making, also within a millisecond and when the clock steps back', () => {
    const times = [1000, 1000, 1000, 2000, 1500, 1_767_225_600_000, 2 ** 45 - 1];
    const maker = new IdMaker(() => times.shift() ?? 0);
    const made = Array.from({ length: 7 }, () => maker.next());
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(7);
    for (const id of made) expect(id).toMatch(/^[0-9a-z]{16}$/);
    expect(idSchema.safeParse(made[0]).success).toBe(true);
  });

  it('differ between makers in the same millisecond', () => {
    const made = Array.from({ length: 100 }, () => new IdMaker(() => 1000).next());
    expect(new Set(made).size).toBe(100);
  });
});

describe('stream keys', () => {
  it('are 160 bits in 32 characters that need no escaping anywhere', () => {
    const keys = Array.from({ length: 200 }, newStreamKey);
    for (const key of keys) expect(key).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/);
    expect(new Set(keys).size).toBe(200);
    // Every place takes many values: none of the bits is stuck.
    for (let place = 0; place < 32; place++) expect(new Set(keys.map((key) => key[place])).size).toBeGreaterThan(16);
  });

  it('are looked up by SHA-256', () => {
    expect(hashStreamKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
