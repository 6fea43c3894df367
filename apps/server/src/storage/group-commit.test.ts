import { CodedError } from '@media-analyzer/protocol';
import { expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

/** Writes numbers; each group waits until it is let through. */
function makeCommit(options: { refuses?: number; groupSize?: number } = {}) {
  const groups: number[][] = [];
  const held: ((error?: unknown) => void)[] = [];
  const commit = new GroupCommit<number, string>({
    gatherMs: 0,
    ...(options.groupSize !== undefined && { groupSize: options.groupSize }),
    write: async (items) => {
      groups.push([...items]);
      await new Promise<void>((resolve, reject) => {
        held.push((error) => (error === undefined ? resolve() : reject(error)));
      });
      if (options.refuses !== undefined && items.includes(options.refuses)) throw new Error('refused');
      return items.map((item) => `written ${item}`);
    },
  });
  /** Lets the next group through, once it is there. */
  const next = async (error?: unknown) => {
    await expect.poll(() => held.length).toBeGreaterThan(0);
    held.shift()?.(error);
  };
  return { commit, groups, next };
}

it('writes together what came while the group before was written', async () => {
  const { commit, groups, next } = makeCommit();
  const results = Promise.all([1, 2, 3].map((item) => commit.add(item)));
  await next();
  await next();
  expect(await results).toEqual(['written 1', 'written 2', 'written 3']);
  expect(groups).toEqual([[1], [2, 3]]);
});

it('bounds a group', async () => {
  const { commit, groups, next } = makeCommit({ groupSize: 2 });
  const results = Promise.all([1, 2, 3, 4].map((item) => commit.add(item)));
  for (let group = 0; group < 3; group++) await next();
  await results;
  expect(groups).toEqual([[1], [2, 3], [4]]);
});

it('gathers for a while where it is told to', async () => {
  const groups: number[][] = [];
  const commit = new GroupCommit<number, number>({
    gatherMs: 1,
    write: async (items) => {
      groups.push([...items]);
      return items;
    },
  });
  expect(await Promise.all([1, 2, 3].map((item) => commit.add(item)))).toEqual([1, 2, 3]);
  expect(groups).toEqual([[1, 2, 3]]);
});

it('waits for nobody once it has to hurry, and not for the rest of a wait that has begun', async () => {
  const commit = new GroupCommit<number, number>({ gatherMs: 3_600_000, write: async (items) => items });
  const first = commit.add(1);
  commit.hurry();
  expect(await first).toBe(1);
  expect(await commit.add(2)).toBe(2);
});

it('writes each by itself when one of a group is refused', async () => {
  const { commit, groups, next } = makeCommit({ refuses: 3 });
  const results = Promise.allSettled([1, 2, 3, 4].map((item) => commit.add(item)));
  for (let group = 0; group < 5; group++) await next();
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(groups).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
});

it('tells all of a group that the database is away, and goes on', async () => {
  const { commit, groups, next } = makeCommit();
  const results = Promise.allSettled([1, 2, 3].map((item) => commit.add(item)));
  await next();
  await next(new CodedError('database_unreachable', { problem: 'gone' }));
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  const again = commit.add(2);
  await next();
  expect(await again).toBe('written 2');
  expect(groups).toEqual([[1], [2, 3], [2]]);
});
