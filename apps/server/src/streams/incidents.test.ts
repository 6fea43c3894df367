import { expect, it } from 'vitest';
import { Incidents } from './incidents.js';

it('counts the reconnects and stalls of the last hour, by stream, in bounded memory', () => {
  let now = 0;
  const incidents = new Incidents(() => now);
  incidents.note('a', 'reconnect');
  incidents.note('b', 'stall');
  now = 30 * 60_000;
  incidents.note('a', 'stall');
  expect([incidents.lastHour('a'), incidents.lastHour('b')]).toEqual([
    { reconnects: 1, stalls: 1 },
    { reconnects: 0, stalls: 1 },
  ]);
  now = 61 * 60_000;
  expect([incidents.lastHour('a'), incidents.lastHour('b')]).toEqual([
    { reconnects: 0, stalls: 1 },
    { reconnects: 0, stalls: 0 },
  ]);
  for (let time = 0; time < 5000; time++) incidents.note('c', 'reconnect');
  expect(incidents.lastHour('c').reconnects).toBe(1000);
  incidents.forget('c');
  expect(incidents.lastHour('c').reconnects).toBe(0);
});
