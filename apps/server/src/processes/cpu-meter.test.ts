import { expect, it } from 'vitest';
import { CpuMeter } from './cpu-meter.js';

it('tells the cores in use over the last ten seconds, whenever it is read', () => {
  const meter = new CpuMeter();
  expect(meter.cores).toBeNull();
  meter.add({ cpuMs: 1000, atMs: 0 });
  expect(meter.cores).toBeNull();
  meter.add({ cpuMs: 1500, atMs: 1000 });
  expect(meter.cores).toBe(0.5);
  // Idle from here on, with a pause in the readings.
  for (const atMs of [4000, 11_000, 12_000]) meter.add({ cpuMs: 1500, atMs });
  expect(meter.cores).toBe(0);
});

it('counts more than one core, and keeps no more than its window', () => {
  const meter = new CpuMeter();
  for (let second = 0; second < 1000; second++) meter.add({ cpuMs: second * 2500, atMs: second * 1000 });
  expect(meter.cores).toBeCloseTo(2.5);
});
