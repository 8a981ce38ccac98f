import type { CardAskedView, CardChoiceView, CardOption, ChosenCard, ItemView, QuestionView } from './bindings';

/** What the patient has ticked, and what follows from it. */
export type Choice = {
  /** Scopes to grant, in the order they were asked. */
  scopes: string[];
  kinds: number;
  records: number;
  sensitive: number;
  /** Asked as needed, not ticked: the desk sees that the answer is partial. */
  missing: ItemView[];
  /** Cards to show, in the order they were asked. */
  cards: ChosenCard[];
  /** Without these, yes is not an answer that they can use: a card, or one of several sets of cards. */
  unmet: Unmet[];
  /** Something is ticked, and it is enough. */
  ready: boolean;
};

/** One card that is needed, or sets of which one is needed whole; each by its query. */
export type Unmet = { sets: CardAskedView[][]; /** The patient holds what it takes. */ held: boolean };

/** Chosen cards by query. A query that is not in it was not answered. */
export type Cards = ReadonlyMap<string, readonly string[]>;

/** Only what was asked and is ticked; a tick for anything else counts for nothing. */
export function choose(question: QuestionView, ticked: ReadonlySet<string>, chosen: Cards = new Map()): Choice {
  const items = question.items.filter((item) => ticked.has(item.scope));
  const records = new Map(items.flatMap((item) => item.records.map((record) => [record.id, record.sensitive.length > 0] as const)));
  const cards = question.cards.flatMap((asked) => picked(asked, chosen).map(({ card }) => ({ query: asked.query, card })));
  const missing = unmet(question, chosen);
  return {
    scopes: items.map((item) => item.scope),
    kinds: items.length,
    records: records.size,
    sensitive: [...records.values()].filter(Boolean).length,
    missing: question.items.filter((item) => item.required && !ticked.has(item.scope)),
    cards,
    unmet: missing,
    ready: items.length + cards.length > 0 && missing.length === 0
  };
}

/** What is chosen for one card that is asked: one, or several where several may be shown. */
export function picked(asked: CardAskedView, chosen: Cards): CardOption[] {
  const all = asked.options.filter((option) => chosen.get(asked.query)?.includes(option.card));
  return asked.multiple ? all : all.slice(0, 1);
}

/** The rules of DCQL 6.4: each needed card, and of each choice one set whole; a set begun of an optional choice too. */
function unmet(question: QuestionView, chosen: Cards): Unmet[] {
  const of = (query: string) => question.cards.find((asked) => asked.query === query);
  const has = (query: string) => picked(of(query) ?? NOTHING, chosen).length > 0;
  const held = (sets: CardAskedView[][]) => sets.some((set) => set.every((asked) => asked.options.length > 0));
  const single = question.cards.filter((asked) => asked.required && !has(asked.query)).map((asked) => ({ sets: [[asked]], held: held([[asked]]) }));
  const wanted = (choice: CardChoiceView) => !choice.options.some((set) => set.every(has)) && (choice.required || choice.options.flat().some(has));
  const sets = question.card_choices.filter(wanted).map((choice) => {
    const known = choice.options.map((set) => set.flatMap((query) => of(query) ?? []));
    return { sets: known, held: held(known) };
  });
  return [...single, ...sets];
}

const NOTHING: CardAskedView = { query: '', kinds: [], multiple: false, required: false, options: [], issuers: [] };

/** How the card is needed: by itself, as one of several ways, or only if the patient likes. */
export function need(question: QuestionView, asked: CardAskedView): 'needed' | 'one_of' | 'optional' {
  if (asked.required) return 'needed';
  const within = question.card_choices.filter((choice) => choice.options.some((set) => set.includes(asked.query)));
  if (within.some((choice) => choice.required && choice.options.every((set) => set.includes(asked.query)))) return 'needed';
  return within.some((choice) => choice.required) ? 'one_of' : 'optional';
}

/** The scopes of "what they need". */
export function needed(question: QuestionView): string[] {
  return question.items.filter((item) => item.required).map((item) => item.scope);
}
