import { expect, test } from 'vitest';
import { OverloadGuard } from './overload-guard.js';

test('nothing is left out while samples get their turn in time', () => {
  const guard = new OverloadGuard();
  for (const waited of [0, 50, 200, 250]) expect(guard.relief(waited)).toBe('none');
});

test('frames that nothing refers to are left out from late until caught up', () => {
  const guard = new OverloadGuard();
  expect(guard.relief(300)).toBe('disposable');
  expect(guard.relief(150)).toBe('disposable');
  expect(guard.relief(90)).toBe('none');
  expect(guard.relief(150)).toBe('none');
});

test('a hopeless delay skips to the next keyframe', () => {
  const guard = new OverloadGuard();
  expect(guard.relief(1_500)).toBe('to-keyframe');
  expect(guard.relief(500)).toBe('disposable');
});
