import i18next from 'i18next';
import { language } from './index';

/** The language in use as the browser's country writes it: 22 November in Britain, November 22 in America. */
export function locale(): string {
  const spoken = language();
  return navigator.languages.find((tag) => tag === spoken || tag.startsWith(`${spoken}-`)) ?? spoken;
}

/** Moments and days in words, in the language in use. */

const DAY = 86_400_000;

function day(of: Date): number {
  return new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
}

/** A moment near today in words: 'today 14:05', 'last Tuesday'. */
export function moment(at: string | Date, now = new Date()): string {
  const date = new Date(at);
  const days = Math.round((day(now) - day(date)) / DAY);
  const time = new Intl.DateTimeFormat(locale(), { timeStyle: 'short' }).format(date);
  if (days === 0) return i18next.t('common.when.today', { time });
  if (days === 1) return i18next.t('common.when.yesterday', { time });
  if (days === -1) return i18next.t('common.when.tomorrow', { time });
  if (days > 1 && days < 7) {
    return new Intl.DateTimeFormat(locale(), { weekday: 'long', hour: 'numeric', minute: '2-digit' }).format(date);
  }
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(date);
}

/** A moment in full, for hovering and exports. */
export function exactly(at: string | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'full', timeStyle: 'long' }).format(new Date(at));
}

/** A calendar day (`2026-11-22`). */
export function calendarDay(of: string): string {
  const [year = 0, month = 1, date = 1] = of.split('-').map(Number);
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(
    Date.UTC(year, month - 1, date),
  );
}

/** A day counted from 1970-01-01, UTC, as the chain counts. */
export function chainDay(days: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(days * DAY);
}

export function today(): number {
  return Math.floor(Date.now() / DAY);
}

export function size(bytes: number): string {
  const [unit, value] = bytes < 1000 ? ['B', bytes] : bytes < 1e6 ? ['kB', bytes / 1e3] : ['MB', bytes / 1e6];
  const number = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(value as number);
  return i18next.t(`common.bytes.${unit as 'B' | 'kB' | 'MB'}`, { value: number });
}

/** A length of time in its largest whole unit: '7 days', '1 second'. */
export function duration(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const;
  const [unit, length] = units.find(([, length]) => seconds >= length && seconds % length === 0) ?? ['second', 1];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / length);
}

/** Things in a row: 'a, b and c'. */
export function list(items: Iterable<string>): string {
  return new Intl.ListFormat(locale()).format(items);
}
