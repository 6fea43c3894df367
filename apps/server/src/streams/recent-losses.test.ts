import { expect, it } from 'vitest';
import { RecentLosses } from './recent-losses.js';

it('are told apart by what can be done about them, and forgotten after half a minute', () => {
  const losses = new RecentLosses();
  expect(losses.shares()).toBeNull();
  losses.note({ sampled: 10, dropped: { deadline: 10 } }, 1000);
  expect(losses.shares()).toBeNull();
  losses.note(
    { sampled: 100, dropped: { superseded: 20, deadline: 10, undecodable: 5, media_down: 40, starting: 5 } },
    10_000,
  );
  expect(losses.shares()).toEqual({ bySpeed: 0.3, undecodable: 0.05 });
  for (let second = 11; second <= 60; second += 1)
    losses.note({ sampled: second * 10, dropped: { superseded: 20, deadline: 10 } }, second * 1000);
  expect(losses.shares()).toEqual({ bySpeed: 0, undecodable: 0 });
});
