import { Injectable, inject, LOCALE_ID, signal } from '@angular/core';
import { readSetting, writeSetting } from './local-setting';

/** In which zone times of day are shown: the viewer's own, or UTC. */
export type TimeZone = 'local' | 'utc';

/** `time`: 10:42:13. `date`: Nov 25, 2026. `full`: Nov 25, 2026, 10:42:13. `smart`: the time, with the day unless it is today. */
export type TimeForm = 'time' | 'date' | 'full' | 'smart';

export interface TimeOptions {
  readonly zone: TimeZone;
  /** BCP 47, as Angular's `LOCALE_ID`. */
  readonly locale: string;
  readonly form?: TimeForm;
  /** Unix ms that counts as now, for `smart`. */
  readonly now?: number;
}

const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const DAY: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
const DATE: Intl.DateTimeFormatOptions = { ...DAY, year: 'numeric' };
/** Making a formatter costs far more than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** A moment (Unix ms) as a time of day or a date; empty where there is none to show. */
export function formatWhen(at: number, { zone, locale, form = 'time', now = Date.now() }: TimeOptions): string {
  if (!Number.isFinite(at)) return '';
  const shape = form === 'smart' ? smartShape({ at, now, zone }) : form;
  const options = { time: TIME, date: DATE, full: { ...DATE, ...TIME }, day: { ...DAY, ...TIME } }[shape];
  return formatter(`${shape} ${zone} ${locale}`, locale, { ...options, ...zoneOption(zone) }).format(at);
}

/** ISO 8601 to the millisecond with its offset: `2026-11-25T10:42:13.040+01:00`, or with `Z`. What a title or a file says. */
export function isoTime(at: number, zone: TimeZone): string {
  if (!Number.isFinite(at)) return '';
  const date = new Date(at);
  if (zone === 'utc') return date.toISOString();
  const offsetMinutes = -date.getTimezoneOffset();
  const local = new Date(at + offsetMinutes * 60_000).toISOString().slice(0, -1);
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const distance = Math.abs(offsetMinutes);
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${pad(distance / 60)}:${pad(distance % 60)}`;
}

/** The calendar day of a moment in a zone, `2026-11-25`: to group and to filter by. */
export function dayOf(at: number, zone: TimeZone): string {
  return isoTime(at, zone).slice(0, 10);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** How long before `now` a moment was, in the locale's words: `19 min. ago`. A moment ahead of `now` counts as now. */
export function formatAgo(at: number, now: number, locale: string): string {
  const age = Math.max(0, now - at);
  const [unit, size] = STEPS.find(([, ms]) => age >= ms) ?? STEPS.at(-1)!;
  return new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: 'auto' }).format(-Math.floor(age / size), unit);
}

/** Absolute times as this viewer wants them; the zone is kept in this browser. */
@Injectable({ providedIn: 'root' })
export class ClockTime {
  private readonly locale = inject(LOCALE_ID);
  private readonly chosen = signal<TimeZone>(readSetting('time.zone', ['local', 'utc'] as const, 'local'));
  readonly zone = this.chosen.asReadonly();

  setZone(zone: TimeZone): void {
    this.chosen.set(zone);
    writeSetting('time.zone', zone);
  }

  /** Reads the zone's signal: what shows this follows the choice. @param at Unix ms */
  format(at: number, form: TimeForm = 'time', now?: number): string {
    return formatWhen(at, { zone: this.zone(), locale: this.locale, form, ...(now !== undefined && { now }) });
  }

  /** For titles and links: see `isoTime`. */
  iso(at: number): string {
    return isoTime(at, this.zone());
  }

  /** See `formatAgo`. */
  ago(at: number, now: number): string {
    return formatAgo(at, now, this.locale);
  }
}

function smartShape({ at, now, zone }: { at: number; now: number; zone: TimeZone }) {
  const today = dayOf(now, zone);
  const day = dayOf(at, zone);
  if (day === today) return 'time';
  return day.slice(0, 4) === today.slice(0, 4) ? 'day' : 'full';
}

function zoneOption(zone: TimeZone): Intl.DateTimeFormatOptions {
  return zone === 'utc' ? { timeZone: 'UTC' } : {};
}

function formatter(key: string, locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, options);
  formatters.set(key, made);
  return made;
}
