import { m } from '../paraglide/messages.js';
import { CoreError } from './core';
import { CODES, FAMILIES } from './errors/codes';
import { MEANINGS, type Meaning, type Words } from './errors/meanings';

export { CODES, FAMILIES };

/** What is told about a failure: what happened, what is safe, what to do next. */
export type Said = { code: string; what: string; safe: string; next: string };

/** Which meaning a code has; null when this build does not know it. */
export function meaningOf(code: string): Meaning | null {
  return CODES[code] ?? FAMILIES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? null;
}

const OVER: readonly Meaning[] = ['expired', 'used', 'unknown_question', 'no_promise', 'not_on_ledger', 'delivery_refused', 'question_bad', 'identity', 'card_not_taken', 'challenge_bad', 'list_unknown'];

/** What the core said means that this question can't be answered any more, whatever the clock here says. */
export function questionOver(code: string): boolean {
  const known = meaningOf(code);
  return known !== null && OVER.includes(known);
}

function meaning(code: string): Words | null {
  const known = meaningOf(code);
  return known ? MEANINGS[known] : null;
}

/** A failure in the reader's words, chosen by its code; the core's own words where this build does not know the code. */
export function said(error: unknown): Said {
  const { code, message, next } = error instanceof CoreError ? error.view : { code: 'unknown', message: '', next: '' };
  const words = meaning(code);
  if (words) return { code, what: words.what(), safe: words.safe(), next: words.next() };
  const unknown = MEANINGS.unknown;
  return message ? { code, what: message, safe: '', next } : { code, what: unknown.what(), safe: unknown.safe(), next: unknown.next() };
}

/** What a code means in one line, for a log; empty when this build does not know it. */
export function titleOf(code: string): string {
  return meaning(code)?.what() ?? '';
}

/** Why one entry of a file was left out; the core's own words for a reason that this build does not know. */
export function rejection(code: string, message: string): string {
  const reasons: Record<string, () => string> = {
    not_json: m.rejected_not_json,
    duplicate_key: m.rejected_duplicate_key,
    too_deep: m.rejected_too_deep,
    no_resource: m.rejected_no_resource,
    not_fhir: m.rejected_not_fhir,
    wrong_version: m.rejected_wrong_version,
    wrong_type: m.rejected_wrong_type
  };
  return reasons[code]?.() ?? message;
}
