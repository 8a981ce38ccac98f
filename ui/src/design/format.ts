import { getLocale } from '../paraglide/runtime.js';

/** Days are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; anything longer is an RFC 3339 instant. */
const DAY = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/;

/** A clinical date as people say it, no more precise than it was written: "2024", "March 2024", "5 March 2024". */
export function formatDay(written: string | null | undefined, timeZone?: string): string {
  if (!written) return '';
  const parts = DAY.exec(written);
  if (!parts) return formatInstantDay(written, timeZone);
  const [, year, month, day] = parts;
  const at = new Date(Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1)));
  if (Number.isNaN(at.getTime())) return written;
  const style: Intl.DateTimeFormatOptions = { timeZone: 'UTC', year: 'numeric' };
  if (month) style.month = 'long';
  if (day) style.day = 'numeric';
  return new Intl.DateTimeFormat(locale(), style).format(at);
}

/** The day of an instant, in the reader's time zone. */
function formatInstantDay(instant: string, timeZone?: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'long', year: 'numeric', timeZone }).format(at);
}

/** "today 14:02", "yesterday 09:30", "5 March 2024, 14:02". */
export function formatWhen(instant: string, now: Date = new Date(), timeZone?: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  const time = formatTime(instant, timeZone);
  const days = Math.round((startOfDay(now, timeZone) - startOfDay(at, timeZone)) / 86_400_000);
  if (days === 0 || days === 1 || days === -1) {
    return `${new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(-days, 'day')} ${time}`;
  }
  return `${formatInstantDay(instant, timeZone)}, ${time}`;
}

/** Hours and minutes, 24 h. */
export function formatTime(instant: string, timeZone?: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  return new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }).format(at);
}

/** "until 22 December": the last day, since an end is the first moment that no longer counts. Otherwise as `formatFrom`. */
export function formatUntil(instant: string, now: Date = new Date(), timeZone?: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  return near(at, now) ? formatWhen(instant, now, timeZone) : formatFrom(new Date(at.getTime() - 1).toISOString(), now, timeZone);
}

const near = (at: Date, now: Date) => Math.abs(at.getTime() - now.getTime()) < 2 * 86_400_000;

/** "22 December"; the year only when it is another one, the hour only when it is within two days. */
export function formatFrom(instant: string, now: Date = new Date(), timeZone?: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  if (near(at, now)) return formatWhen(instant, now, timeZone);
  const style: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', timeZone };
  if (at.getFullYear() !== now.getFullYear()) style.year = 'numeric';
  return new Intl.DateTimeFormat(locale(), style).format(at);
}

/** Numbers as the reader's language writes them, at most four decimals. */
export function formatNumber(value: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: 4 }).format(value);
}

/** A file's size: "812 kB", "4.2 MB". */
export function formatSize(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: units[step], unitDisplay: step === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** A share of a whole, in whole per cent: "37%". */
export function formatShare(share: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 }).format(Math.min(1, Math.max(0, share)));
}

/** "allergies, medicines and visits". */
export function formatList(words: string[]): string {
  return new Intl.ListFormat(locale(), { style: 'long', type: 'conjunction' }).format(words);
}

/** A few words of somebody else: no sign that turns or hides what stands around it, and no longer than a line or two. */
export function fewWords(text: string, most = 120): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  const letters = [...plain];
  return letters.length > most ? `${letters.slice(0, most).join('').trimEnd()}…` : plain;
}

/** "medicines or allergies": any one of them. */
export function formatEither(words: string[]): string {
  return new Intl.ListFormat(locale(), { style: 'long', type: 'disjunction' }).format(words);
}

export type Left = { unit: 'days' | 'hours' | 'over'; left: number; total: number; share: number };

/** What is left of a period: whole days rounded up, hours within the last two days. */
export function periodLeft(start: string, end: string, now: Date = new Date()): Left {
  const from = new Date(start).getTime();
  const to = new Date(end).getTime();
  const all = to - from;
  const left = to - now.getTime();
  const total = Math.max(1, Math.round(all / 86_400_000));
  if (!(left > 0) || !(all > 0)) return { unit: 'over', left: 0, total, share: 0 };
  const share = Math.min(1, left / all);
  if (left <= 2 * 86_400_000) return { unit: 'hours', left: Math.ceil(left / 3_600_000), total, share };
  return { unit: 'days', left: Math.min(total, Math.ceil(left / 86_400_000)), total, share };
}

/** Whole minutes and seconds until an instant, never below zero: "4:07". Rounded down, so that five minutes never begin as "5:01". */
export function countdown(until: string, now: Date = new Date()): { over: boolean; words: string; seconds: number } {
  const left = Math.max(0, new Date(until).getTime() - now.getTime()) || 0;
  const seconds = Math.floor(left / 1000);
  return { over: left === 0, seconds, words: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` };
}

/** A clinical date as a moment for drawing, ms since 1970. */
export function dayTime(written: string): number {
  const parts = DAY.exec(written);
  if (!parts) return new Date(written).getTime();
  return Date.UTC(Number(parts[1]), Number(parts[2] ?? 1) - 1, Number(parts[3] ?? 1));
}

function startOfDay(at: Date, timeZone?: string): number {
  const [day, month, year] = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: '2-digit', year: 'numeric', timeZone }).format(at).split('/');
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}

/** British English dates read "5 March 2024": the booklet's order, for the base language. */
function locale(): string {
  const chosen: string = getLocale();
  return chosen === 'en' ? 'en-GB' : chosen;
}
