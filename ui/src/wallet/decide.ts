import type { ItemView, QuestionView } from './bindings';

/** What the patient has ticked, and what follows from it. */
export type Choice = {
  /** Scopes to grant, in the order they were asked. */
  scopes: string[];
  kinds: number;
  records: number;
  sensitive: number;
  /** Asked as needed, not ticked: the desk sees that the answer is partial. */
  missing: ItemView[];
};

/** Only what was asked and is ticked; a tick for anything else counts for nothing. */
export function choose(question: QuestionView, ticked: ReadonlySet<string>): Choice {
  const chosen = question.items.filter((item) => ticked.has(item.scope));
  const records = new Map(chosen.flatMap((item) => item.records.map((record) => [record.id, record.sensitive.length > 0] as const)));
  return {
    scopes: chosen.map((item) => item.scope),
    kinds: chosen.length,
    records: records.size,
    sensitive: [...records.values()].filter(Boolean).length,
    missing: question.items.filter((item) => item.required && !ticked.has(item.scope))
  };
}

/** The scopes of "what they need". */
export function needed(question: QuestionView): string[] {
  return question.items.filter((item) => item.required).map((item) => item.scope);
}
