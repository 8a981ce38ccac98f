import type { ChosenCard, QuestionView, StatementAskedView, StatementOption } from './bindings';
import { picked, type Cards } from './decide';

/** How a statement stands with what the patient holds: it can be shown, or why not. */
export type Standing = 'ready' | 'wait' | 'no_copies' | 'not_so' | 'none';

/** Cards that can show it now. */
export function able(asked: StatementAskedView): StatementOption[] {
  return asked.options.filter((option) => option.holds && option.copies > 0);
}

export function standing(asked: StatementAskedView, now: Date): Standing {
  if (able(asked).length > 0) return asked.wait_until && new Date(asked.wait_until) > now ? 'wait' : 'ready';
  if (asked.options.some((option) => option.holds)) return 'no_copies';
  return asked.options.length > 0 ? 'not_so' : 'none';
}

/** The card that would show it. Where nothing else is asked and only one can, it need not be chosen; the button is the choice. */
export function showing(asked: StatementAskedView, chosen: Cards, alone: boolean): StatementOption | null {
  const all = able(asked);
  return alone && all.length === 1 ? (all[0] ?? null) : (all.find((option) => chosen.get(asked.query)?.includes(option.card)) ?? null);
}

/** What a yes would send: cards by query. */
export type Showing = { cards: ChosenCard[]; statements: StatementAskedView[]; /** It is an answer that they can use. */ ready: boolean };

/** What is chosen of a question that asks for statements, perhaps with cards beside or instead (DCQL 6.4). */
export function choose(question: QuestionView, chosen: Cards, now: Date): Showing {
  const alone = question.statements.length === 1 && question.cards.length === 0;
  const cards: ChosenCard[] = [];
  const statements: StatementAskedView[] = [];
  for (const asked of question.statements) {
    const option = standing(asked, now) === 'ready' ? showing(asked, chosen, alone) : null;
    if (!option) continue;
    statements.push(asked);
    cards.push({ query: asked.query, card: option.card });
  }
  for (const asked of question.cards) cards.push(...picked(asked, chosen).map(({ card }) => ({ query: asked.query, card })));
  const has = (query: string) => cards.some((one) => one.query === query);
  const single = [...question.statements, ...question.cards].every((asked) => !asked.required || has(asked.query));
  const sets = question.card_choices.every((choice) => choice.options.some((set) => set.every(has)) || !(choice.required || choice.options.flat().some(has)));
  return { cards, statements, ready: cards.length > 0 && single && sets };
}

/** Of a card's type: it proves statements and is never shown itself. */
export const provesStatements = (kind: string): boolean => kind.startsWith('urn:carnet:eligibility:') || kind === 'EligibilityCredential';
