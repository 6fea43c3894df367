import { expect, it } from 'vitest';
import { InferenceTimesOfModels } from './inference-times.js';

it('tells the median and the slow end of the last inferences of each model, whatever came before', () => {
  const times = new InferenceTimesOfModels();
  expect(times.of('small')).toBeNull();
  for (let index = 0; index < 1000; index++) times.add('small', 500);
  for (let ms = 1; ms <= 200; ms++) times.add('small', ms);
  times.add('large', 80);
  expect(times.of('small')).toEqual({ p50: 100, p95: 190, count: 200 });
  expect(times.of('large')).toEqual({ p50: 80, p95: 80, count: 1 });
});
