import { describe, expect, it } from 'vitest';
import { LiveFollower } from './live-follower';

/** Jumps within `seconds` of being `behind`, checked twice a second from `from`. */
function jumps(
  follower: LiveFollower,
  options: { from: number; seconds: number; behind: number; loaded?: boolean },
): number {
  let count = 0;
  for (let now = options.from; now < options.from + options.seconds * 1000; now += 500) {
    if (follower.check({ now, behind: options.behind, loaded: options.loaded ?? true })) count++;
  }
  return count;
}

describe('following the live edge', () => {
  it('jumps once someone has been behind for a while', () => {
    const follower = new LiveFollower();
    expect(jumps(follower, { from: 0, seconds: 1.5, behind: 2 })).toBe(0);
    expect(follower.check({ now: 1500, behind: 2, loaded: true })).toBe(true);
  });

  it('leaves alone who is where they should be, and who was late for a moment', () => {
    const follower = new LiveFollower();
    expect(jumps(follower, { from: 0, seconds: 60, behind: 0.5 })).toBe(0);
    for (let now = 60_000; now < 90_000; now += 1000) {
      expect(jumps(follower, { from: now, seconds: 0.5, behind: 2 })).toBe(0);
      expect(follower.check({ now: now + 500, behind: 0.1, loaded: true })).toBe(false);
    }
  });

  it('does not jump into what is not loaded, unless very far behind', () => {
    const follower = new LiveFollower();
    expect(jumps(follower, { from: 0, seconds: 60, behind: 3, loaded: false })).toBe(0);
    expect(jumps(follower, { from: 60_000, seconds: 2, behind: 30, loaded: false })).toBe(1);
  });

  it('becomes patient where jumps lead to stalls', () => {
    const follower = new LiveFollower();
    expect(jumps(follower, { from: 0, seconds: 2, behind: 1 })).toBe(1);
    follower.stalled(3000);
    expect(jumps(follower, { from: 4000, seconds: 30, behind: 1 })).toBe(0);
    expect(jumps(follower, { from: 34_000, seconds: 2, behind: 2 })).toBe(1);
    // A stall much later has another cause.
    follower.stalled(60_000);
    expect(jumps(follower, { from: 61_000, seconds: 2, behind: 2 })).toBe(1);
  });

  it('forgets what it learnt: after an interruption at once, and by and by where nothing stalls any more', () => {
    const learnt = () => {
      const follower = new LiveFollower();
      expect(jumps(follower, { from: 0, seconds: 2, behind: 1 })).toBe(1);
      follower.stalled(3000);
      expect(jumps(follower, { from: 4000, seconds: 10, behind: 1 })).toBe(0);
      return follower;
    };
    const interrupted = learnt();
    interrupted.recovered();
    expect(jumps(interrupted, { from: 15_000, seconds: 2, behind: 1 })).toBe(1);
    expect(jumps(learnt(), { from: 65_000, seconds: 2, behind: 1 })).toBe(1);
  });
});
