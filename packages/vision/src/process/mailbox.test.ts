import type { LinkFrame } from '@media-analyzer/protocol/process';
import { beforeEach, describe, expect, it } from 'vitest';
import { FrameMailbox } from './mailbox.js';

let now = 0;
let drops: string[] = [];
const mailbox = () =>
  new FrameMailbox({ deadlineMs: 100, now: () => now, onDrop: (id, reason) => drops.push(`${id} ${reason}`) });
const frame = (sessionId: string, ptsMs: number): LinkFrame => ({
  ...{
    sessionId,
    ptsMs,
    capturedAt: 0,
    width: 1,
    height: 1,
    contentWidth: 1,
    contentHeight: 1,
    sourceWidth: 1,
    sourceHeight: 1,
    shape: 0,
  },
  pixels: new Uint8Array(3),
});
const names = (frames: readonly LinkFrame[]) => frames.map(({ sessionId, ptsMs }) => `${sessionId}${ptsMs}`);

beforeEach(() => {
  now = 0;
  drops = [];
});

describe('FrameMailbox', () => {
  it('keeps the newest frame of a session and counts the one before', () => {
    const box = mailbox();
    for (const pts of [1, 2, 3]) box.put(frame('a', pts));
    expect(names(box.take(9))).toEqual(['a3']);
    expect(drops).toEqual(['a superseded', 'a superseded']);
    expect(box.size).toBe(0);
  });

  it('serves next who was served longest ago, and newcomers first of all', () => {
    const box = mailbox();
    const served: string[] = [];
    for (let round = 0; round < 6; round++) {
      for (const id of ['a', 'b', 'c']) box.put(frame(id, round));
      served.push(...box.take(1).map(({ sessionId }) => sessionId));
    }
    expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    box.put(frame('new', 9));
    expect(names(box.take(1))).toEqual(['new9']);
  });

  it('does not let a session that sends much push out one that sends little', () => {
    const box = mailbox();
    box.put(frame('quiet', 0));
    for (let pts = 0; pts < 50; pts++) box.put(frame('loud', pts));
    expect(names(box.take(1))).toEqual(['quiet0']);
  });

  it('drops what waited longer than the deadline, and only that', () => {
    const box = mailbox();
    box.put(frame('a', 0));
    now = 100;
    box.put(frame('b', 1));
    now = 101;
    expect(names(box.take(9))).toEqual(['b1']);
    expect(drops).toEqual(['a deadline']);
  });

  it('takes as many as a batch holds, each of another session', () => {
    const box = mailbox();
    for (const id of ['a', 'b', 'c']) box.put(frame(id, 0));
    expect(names(box.take(2))).toEqual(['a0', 'b0']);
    expect(names(box.take(2))).toEqual(['c0']);
  });

  it('forgets an ended session without counting, and clears with a reason', () => {
    const box = mailbox();
    box.put(frame('a', 0));
    box.put(frame('b', 0));
    box.forget('a');
    box.clear('wrong_size');
    expect(box.size).toBe(0);
    expect(drops).toEqual(['b wrong_size']);
  });
});
