import { describe, expect, test } from 'vitest';
import type { CardAskedView, QuestionView, StatementAskedView, StatementOption } from './bindings';
import { choose, showing, standing } from './prove';

const now = new Date('2026-11-23T08:00:00Z');
const option = (card: string, more: Partial<StatementOption> = {}): StatementOption => ({ card, title: card, issuer: { name: null, own: false }, until: null, copies: 3, holds: true, own_value: '', last_copy: false, ...more });
const asked = (options: StatementOption[], more: Partial<StatementAskedView> = {}): StatementAskedView => ({ query: 'eligibility', says: '', learns: [], options, required: true, asked_before: 0, wait_until: null, ...more });
const question = (statements: StatementAskedView[], more: object = {}) => ({ statements, cards: [], card_choices: [], ...more }) as unknown as QuestionView;
const birth: CardAskedView = { query: 'birth', kinds: ['Birth date'], multiple: false, required: false, issuers: [], options: [{ card: 'b', title: 'b', issuer: { name: null, own: false }, until: null, copies: 1, shown: [], last_copy: false }] };

describe('how a statement stands', () => {
  test('the reason that helps most is named', () => {
    expect(standing(asked([]), now)).toBe('none');
    expect(standing(asked([option('a', { holds: false })]), now)).toBe('not_so');
    expect(standing(asked([option('a', { holds: false }), option('b', { copies: 0 })]), now)).toBe('no_copies');
    expect(standing(asked([option('a')], { wait_until: '2026-11-23T09:00:00Z' }), now)).toBe('wait');
    expect(standing(asked([option('a')], { wait_until: '2026-11-23T07:00:00Z' }), now)).toBe('ready');
  });
});

describe('what would be shown', () => {
  test('the only card that can show it is taken, one of several is chosen', () => {
    expect(showing(asked([option('a', { holds: false }), option('b')]), new Map(), true)?.card).toBe('b');
    expect(showing(asked([option('a'), option('b')]), new Map(), true)).toBeNull();
    expect(showing(asked([option('a'), option('b')]), new Map([['eligibility', ['a']]]), true)?.card).toBe('a');
  });

  test('a card that does not hold, or has no copy, is never taken, not even when chosen', () => {
    for (const bad of [option('a', { holds: false }), option('a', { copies: 0 })]) {
      expect(choose(question([asked([bad])]), new Map([['eligibility', ['a']]]), now)).toMatchObject({ cards: [], ready: false });
    }
    expect(choose(question([asked([option('a')], { wait_until: '2026-11-24T08:00:00Z' })]), new Map(), now).ready).toBe(false);
  });

  test('beside another way nothing is taken by itself, and one way whole is enough', () => {
    const either = question([asked([option('a')], { required: false })], { cards: [birth], card_choices: [{ required: true, options: [['eligibility'], ['birth']] }] });
    expect(choose(either, new Map(), now)).toMatchObject({ cards: [], ready: false });
    expect(choose(either, new Map([['birth', ['b']]]), now)).toMatchObject({ cards: [{ query: 'birth', card: 'b' }], statements: [], ready: true });
    expect(choose(either, new Map([['eligibility', ['a']]]), now)).toMatchObject({ cards: [{ query: 'eligibility', card: 'a' }], ready: true });
  });
});
