import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockTime, dayOf, formatAgo, formatWhen, isoTime } from './clock-time';
import { When } from './when';

const AT = Date.UTC(2026, 10, 25, 9, 42, 13, 40);
const utc = { zone: 'utc', locale: 'en-US' } as const;

describe('absolute times', () => {
  it('show the time alone today, the day before that, the year in another one', () => {
    const smart = (now: number) => formatWhen(AT, { ...utc, form: 'smart', now });
    expect(smart(AT + 3_600_000)).toBe('09:42:13');
    expect(smart(AT + 24 * 3_600_000)).toBe('Nov 25, 09:42:13');
    expect(smart(AT + 60 * 24 * 3_600_000)).toBe('Nov 25, 2026, 09:42:13');
  });

  it('count midnight as zero hours and the day by the zone that is shown', () => {
    const midnight = Date.UTC(2026, 0, 1);
    expect(formatWhen(midnight, utc)).toBe('00:00:00');
    expect(dayOf(midnight, 'utc')).toBe('2026-01-01');
    expect(dayOf(midnight - 1, 'utc')).toBe('2025-12-31');
  });

  it('are exact in titles, and mean the same moment in either zone', () => {
    expect(isoTime(AT, 'utc')).toBe('2026-11-25T09:42:13.040Z');
    expect(Date.parse(isoTime(AT, 'local'))).toBe(AT);
    expect(isoTime(AT, 'local')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.040[+-]\d\d:\d\d$/);
  });

  it('show nothing for what is no moment', () => {
    expect(formatWhen(Number.NaN, utc)).toBe('');
    expect(isoTime(Number.POSITIVE_INFINITY, 'utc')).toBe('');
  });

  it('say how long ago in the largest whole unit, never ahead of now', () => {
    const ago = (ms: number) => formatAgo(AT, AT + ms, 'en-US');
    expect([19 * 60_000, 3_600_000, 49 * 3_600_000, -5000].map(ago)).toEqual([
      '19 min. ago',
      '1 hr. ago',
      '2 days ago',
      'now',
    ]);
  });
});

describe('the choice of the zone', () => {
  beforeEach(() => localStorage.clear());

  it('is kept in this browser and followed by what is shown', async () => {
    TestBed.inject(ClockTime).setZone('utc');
    const fixture = TestBed.createComponent(When);
    fixture.componentRef.setInput('at', AT);
    fixture.componentRef.setInput('form', 'full');
    await fixture.whenStable();
    const time = (fixture.nativeElement as HTMLElement).querySelector('time')!;
    expect(time.textContent).toBe('Nov 25, 2026, 09:42:13');
    expect(time.title).toBe('2026-11-25T09:42:13.040Z');
    expect(time.dateTime).toBe('2026-11-25T09:42:13.040Z');

    TestBed.resetTestingModule();
    expect(TestBed.inject(ClockTime).zone()).toBe('utc');
  });
});
