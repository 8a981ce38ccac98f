import { formatDay } from '../design/format';
import { m } from '../paraglide/messages.js';
import type { Entered, EntryField } from './api';

/** What is typed into fields, by their names. */
export type Typed = Record<string, string>;

/** Fields as they begin. */
export const blank = (fields: EntryField[]): Typed => Object.fromEntries(fields.map((field) => [field.name, field.default ?? '']));

const written = (field: EntryField, typed: Typed) => (typed[field.name] ?? '').trim();

/** Choices with the words for them. */
export const choices = (field: EntryField) => (field.options ?? []).map((one) => (typeof one === 'string' ? { value: one, label: one } : { value: one.value, label: one.label }));

/** What is wrong with what was typed into a field, in a sentence. */
export function wrong(field: EntryField, typed: Typed): string | null {
  const value = written(field, typed);
  if (value === '') return field.required ? m.st_issue_missing({ label: field.label }) : null;
  if (field.kind === 'number') return wrongNumber(field, value);
  if (field.kind === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return m.st_issue_date();
  return field.kind === 'choice' && !choices(field).some((one) => one.value === value) ? m.st_issue_choice() : null;
}

function wrongNumber({ decimals = 0, min, max }: EntryField, value: string): string | null {
  const number = /^-?\d+(?:[.,](\d+))?$/.exec(value);
  if (!number || (number[1]?.length ?? 0) > decimals) return decimals > 0 ? m.st_entry_decimals({ count: decimals }) : m.st_issue_number();
  const at = Number(value.replace(',', '.'));
  return (min !== undefined && at < min) || (max !== undefined && at > max) ? m.st_entry_between({ min: min ?? '…', max: max ?? '…' }) : null;
}

/** Fields that were filled, as the station takes them. What has decimals stays text: no digit of it is lost on the way. */
export function entered(fields: EntryField[], typed: Typed): Entered {
  const filled = fields.filter((field) => written(field, typed) !== '');
  return Object.fromEntries(filled.map((field) => [field.name, field.kind === 'number' ? exact(written(field, typed)) : written(field, typed)]));
}

const exact = (value: string) => (/^-?\d{1,15}$/.test(value) ? Number(value) : value.replace(',', '.'));

/** What was typed, to be looked over. */
export function looked(fields: EntryField[], typed: Typed): { name: string; label: string; value: string }[] {
  return fields
    .filter((field) => written(field, typed) !== '')
    .map((field) => {
      const value = written(field, typed);
      const chosen = choices(field).find((one) => one.value === value)?.label;
      return { name: field.name, label: field.label, value: field.kind === 'date' ? formatDay(value) : (chosen ?? value) };
    });
}
