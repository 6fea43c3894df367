import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';

describe('the metrics', () => {
  it('have names with our prefix and a help text, and counters end in _total', async () => {
    const { registry } = createMetrics();
    for (const { name, help, type } of await registry.getMetricsAsJSON()) {
      expect(name).toMatch(/^media_analyzer_[a-z0-9_]+$/);
      expect(help.length).toBeGreaterThan(10);
      // prom-client gives types as text here, whatever its type declaration says.
      if (String(type) === 'counter') expect(name).toMatch(/_total$/);
      if (String(type) === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('of two servers in one process do not meet', async () => {
    const one = createMetrics();
    const other = createMetrics();
    one.framesDropped.inc({ reason: 'superseded' }, 3);
    expect(await one.registry.metrics()).toContain('media_analyzer_frames_dropped_total{reason="superseded"} 3');
    expect(await other.registry.metrics()).not.toContain('superseded');
  });

  it('tell a result in time from a late one', async () => {
    const { registry, captureToResult } = createMetrics();
    for (const seconds of [0.11, 0.19, 0.21]) captureToResult.observe(seconds);
    const text = await registry.metrics();
    expect(text).toContain('media_analyzer_capture_to_result_seconds_bucket{le="0.12"} 1');
    expect(text).toContain('media_analyzer_capture_to_result_seconds_bucket{le="0.2"} 2');
  });
});

it('how late the event loop is does not contain the timer that watches it', async () => {
  const { registry } = createMetrics();
  const scrape = async (): Promise<Record<string, number>> => {
    const text = await registry.metrics();
    expect(text).not.toContain('eventloop_lag');
    const lines = text.matchAll(/^media_analyzer_event_loop_late_(\w+)_seconds (\S+)$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
  };
  expect(await scrape()).toEqual({ p50: 0, p99: 0, max: 0 });
  await delay(350);
  expect((await scrape()).p50).toBeLessThan(0.05);
  // The first tick after a scrape has none before it.
  await delay(150);
  const until = performance.now() + 400;
  while (performance.now() < until);
  await delay(150);
  expect((await scrape()).max).toBeGreaterThan(0.1);
});
