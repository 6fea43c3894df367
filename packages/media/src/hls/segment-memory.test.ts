import { describe, expect, it } from 'vitest';
import { SegmentBlocks, SegmentMemory } from './segment-memory.js';

describe('memory of a segment', () => {
  it('has what was taken end to end, in one place', () => {
    const memory = new SegmentMemory(Buffer.alloc(10));
    memory.take(3).set([1, 2, 3]);
    memory.take(2).set([4, 5]);
    expect([...(memory.whole(5) ?? [])]).toEqual([1, 2, 3, 4, 5]);
    expect(memory.take(5).buffer).toBe(memory.whole(10)?.buffer);
  });

  it('gives memory elsewhere for what does not fit, and is then not whole', () => {
    const memory = new SegmentMemory(Buffer.alloc(4));
    const first = memory.take(3);
    const second = memory.take(2);
    expect(second).toHaveLength(2);
    expect(second.buffer).not.toBe(first.buffer);
    memory.take(1);
    expect([memory.whole(6), memory.whole(3)]).toEqual([null, null]);
  });
});

describe('blocks', () => {
  it('are used again while they fit what is expected', () => {
    const blocks = new SegmentBlocks();
    const block = blocks.take(100);
    expect(block).toHaveLength(150);
    blocks.give(block);
    expect(blocks.take(151)).not.toBe(block);
    expect(blocks.take(150)).toBe(block);
    blocks.give(block);
    // Of a time with six times the bit rate, and more.
    expect(blocks.take(20)).not.toBe(block);
  });

  it('that wait are few, and the newest ones', () => {
    const blocks = new SegmentBlocks();
    const given = [100, 100, 100].map((bytes) => blocks.take(bytes));
    for (const block of given) blocks.give(block);
    const again = [100, 100, 100].map((bytes) => blocks.take(bytes));
    expect(again.filter((block) => given.includes(block))).toEqual([given[1], given[2]]);
  });

  it('are none for what nothing is known of', () => {
    const blocks = new SegmentBlocks();
    const none = blocks.take(0);
    expect(none).toHaveLength(0);
    blocks.give(none);
    expect(new SegmentMemory(none).take(7)).toHaveLength(7);
  });
});
