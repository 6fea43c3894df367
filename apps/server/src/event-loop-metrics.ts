import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/**
 * A timer of this length is watched, ms: every 10 ms, as is usual, would wake an idle server 100 times a second and cost a
 * fifth of what it takes to receive and package a 1080p stream.
 */
const RESOLUTION_MS = 100;

/**
 * How late the event loop is. What Node measures is the time from one tick of a timer to the next: of a loop that is never
 * late, the timer's own length. That is taken off here, so that an idle server stands at 0.
 */
export function eventLoopMetrics(registers: Registry[]): void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const late = (nanoseconds: number): number =>
    histogram.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
  const gauge = (name: string, what: string, collect?: (this: Gauge) => void) =>
    new Gauge({
      name: `media_analyzer_event_loop_late_${name}_seconds`,
      help: `How late timers are since the last scrape, ${what}, seconds`,
      registers,
      ...(collect && { collect }),
    });
  // The first one is asked first: it reads for all, from one and the same stretch of time.
  gauge('p50', 'median', function () {
    this.set(late(histogram.percentile(50)));
    p99.set(late(histogram.percentile(99)));
    longest.set(late(histogram.max));
    histogram.reset();
  });
  const p99 = gauge('p99', '99th percentile');
  const longest = gauge('max', 'longest');
}
