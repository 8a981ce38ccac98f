import { describe, expect, test } from 'vitest';
import type { CardAskedView, CardChoiceView, ItemView, QuestionView, RecordLine } from './bindings';
import { choose, need, needed } from './decide';

const record = (id: string, sensitive: string[] = []): RecordLine => ({ id, type: 'Observation', group: 'laboratory', date: null, title: id, detail: null, sensitive });
const item = (scope: string, required: boolean, records: RecordLine[]): ItemView => ({
  scope, group: 'laboratory', required, matching: records.length, sensitive: false, sensitive_count: 0, excess: false, records, withheld: []
});
const question = {
  items: [item('patient/Observation.rs', true, [record('a'), record('b', ['hiv'])]), item('patient/Observation.rs?category=laboratory', false, [record('a')]), item('patient/Condition.rs', true, [])],
  cards: [], card_choices: []
} as unknown as QuestionView;

const card = (query: string, held: string[], more: Partial<CardAskedView> = {}): CardAskedView => ({
  query, kinds: [query], multiple: false, required: false, issuers: [],
  options: held.map((one) => ({ card: one, title: one, issuer: { name: null, own: false }, until: null, copies: 1, shown: [], last_copy: false })), ...more
});
const asking = (cards: CardAskedView[], card_choices: CardChoiceView[] = []) => ({ items: [], cards, card_choices }) as unknown as QuestionView;

describe('what the patient has ticked', () => {
  test('nothing ticked shares nothing', () => {
    expect(choose(question, new Set())).toMatchObject({ scopes: [], kinds: 0, records: 0, sensitive: 0 });
  });

  test('a record that two ticks cover is counted once', () => {
    expect(choose(question, new Set(['patient/Observation.rs', 'patient/Observation.rs?category=laboratory']))).toMatchObject({ kinds: 2, records: 2, sensitive: 1 });
  });

  test('a tick for something that was not asked counts for nothing', () => {
    expect(choose(question, new Set(['patient/*.rs'])).scopes).toEqual([]);
  });

  test('what is needed and not ticked is named as missing', () => {
    expect(choose(question, new Set(['patient/Observation.rs'])).missing.map((one) => one.scope)).toEqual(['patient/Condition.rs']);
  });

  test('what they need is only what is required', () => {
    expect(needed(question)).toEqual(['patient/Observation.rs', 'patient/Condition.rs']);
  });
});

describe('which cards are shown', () => {
  test('a needed card that is not chosen, or not held, leaves only no', () => {
    const held = asking([card('cover', ['a', 'b'], { required: true })]);
    expect(choose(held, new Set())).toMatchObject({ cards: [], ready: false, unmet: [{ held: true }] });
    expect(choose(held, new Set(), new Map([['cover', ['b']]]))).toMatchObject({ cards: [{ query: 'cover', card: 'b' }], ready: true, unmet: [] });
    expect(choose(asking([card('cover', [], { required: true })]), new Set())).toMatchObject({ ready: false, unmet: [{ held: false }] });
  });

  test('a card that was not offered for the choice is never sent, and only one where one is asked', () => {
    const question = asking([card('cover', ['a', 'b']), card('many', ['c', 'd'], { multiple: true })]);
    const chosen = new Map([['cover', ['x', 'b', 'a']], ['many', ['d', 'c']], ['elsewhere', ['a']]]);
    expect(choose(question, new Set(), chosen).cards).toEqual([{ query: 'cover', card: 'a' }, { query: 'many', card: 'c' }, { query: 'many', card: 'd' }]);
  });

  test('of several ways one is enough, whole; half of one is not', () => {
    const question = asking([card('cover', ['a']), card('birth', ['b']), card('club', ['c'])], [{ required: true, options: [['cover'], ['birth', 'club']] }]);
    expect(choose(question, new Set(), new Map([['birth', ['b']]])).ready).toBe(false);
    expect(choose(question, new Set(), new Map([['birth', ['b']], ['club', ['c']]])).ready).toBe(true);
    expect(choose(question, new Set(), new Map([['cover', ['a']]])).ready).toBe(true);
    expect(question.cards.map((asked) => need(question, asked))).toEqual(['one_of', 'one_of', 'one_of']);
  });

  test('what is optional can be left out, but not by halves', () => {
    const question = asking([card('cover', ['a'], { required: true }), card('birth', ['b']), card('club', ['c'])], [{ required: false, options: [['birth', 'club']] }]);
    const cover: [string, string[]] = ['cover', ['a']];
    expect(choose(question, new Set(), new Map([cover])).ready).toBe(true);
    expect(choose(question, new Set(), new Map([cover, ['birth', ['b']]])).ready).toBe(false);
    expect(question.cards.map((asked) => need(question, asked))).toEqual(['needed', 'optional', 'optional']);
  });
});
