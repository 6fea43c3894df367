import { TestBed } from '@angular/core/testing';
import { provideRouter } from '@angular/router';
import type { StreamLoad } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { loadRow, StreamLoads } from './stream-loads';

const load = (change: Partial<StreamLoad> = {}): StreamLoad => ({
  ...{ streamId: 's', name: 'Studio', state: 'live', bitrate: 4_500_000, frameRate: 30, analysisRate: 9.8 },
  ...{ condition: { word: 'good', code: null, reason: null }, captureToResult: { p50: 84, p95: 131, count: 600 } },
  ...{ frames: { sampled: 200, analysed: 180, dropped: { superseded: 15, deadline: 5 } } },
  ...{ storedBytes: 12_400_000_000, reconnects: 0, stalls: 0 },
  ...change,
});

describe('the load of a stream', () => {
  it('is told in units that people read', () => {
    expect(loadRow(load())).toMatchObject({
      ...{ bitrate: '4.5 Mbit/s', rate: '9.8/s', latency: '84 ms / 131 ms', dropped: '20 (10 %)', stored: '12.4 GB' },
      ...{ hour: 'steady', interruptions: null, reasons: 'superseded: 15, deadline: 5' },
    });
  });

  it('counts interruptions as people do: one stall, two reconnects', async () => {
    TestBed.configureTestingModule({ providers: [provideRouter([])] });
    const fixture = TestBed.createComponent(StreamLoads);
    fixture.componentRef.setInput('streams', [
      load({ reconnects: 2, stalls: 1 }),
      load({ streamId: 't', reconnects: 1 }),
    ]);
    await fixture.whenStable();
    const host: HTMLElement = fixture.nativeElement;
    const cells = [...host.querySelectorAll('tbody tr')].map((row) =>
      row.querySelectorAll('td')[5]?.textContent.trim(),
    );
    expect(cells).toEqual(['2 reconnects, 1 stall', '1 reconnect, 0 stalls']);
  });

  it('has no figures of a stream that is off air but what it has stored', () => {
    expect(loadRow(load({ state: 'ended', captureToResult: null }))).toMatchObject({
      ...{ bitrate: '–', rate: '–', latency: '–', dropped: '–', stored: '12.4 GB' },
    });
  });
});
