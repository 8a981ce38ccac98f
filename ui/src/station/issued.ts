import { formatDay } from '../design/format';
import { m } from '../paraglide/messages.js';
import type { CardTemplate } from './api';
import type { Typed } from './entry';

const days = (template: CardTemplate) => m.count_days({ count: template.valid_days });
const copies = (template: CardTemplate) => m.card_copies({ count: template.copies });

/** How long a card of this kind is good, in a few words. */
export function lasts(template: CardTemplate): string {
  return template.eligibility ? m.st_issue_for_proof({ copies: copies(template) }) : m.st_issue_for({ days: days(template), copies: copies(template) });
}

/** What it means to issue this card with what was typed. */
export function means(template: CardTemplate, typed: Typed): string {
  const given = { days: days(template), copies: copies(template) };
  const end = template.ends_with ? typed[template.ends_with] : undefined;
  if (template.eligibility) return end ? m.st_issue_means_proof_end({ ...given, end: formatDay(end) }) : m.st_issue_means_proof(given);
  return end ? m.st_issue_means_end({ ...given, end: formatDay(end) }) : m.st_issue_means(given);
}
