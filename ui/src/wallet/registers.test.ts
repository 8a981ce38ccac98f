import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { RegistryView } from './bindings';
import { comparedState, howBroken, registerState, sorted, unreached } from './registers';

const book = (keeper: string, more: Partial<RegistryView> = {}): RegistryView => ({ log: keeper, about: 'operations', keeper, state: 'kept', entries: 3, seen: '2026-11-23T10:00:00Z', witnesses: [], missing: [], missing_since: null, awaited: [], code: null, broken_at: null, portable: false, ...more });

test('what this build does not know is never said to be well', () => {
  expect(registerState(book('a', { state: 'brand_new' })).tone).toBe('needs');
  expect(comparedState({ log: 'a', about: 'operations', keeper: 'a', result: 'brand_new' }).tone).toBe('needs');
});

test('every way in which two states contradict each other has its own words', () => {
  const source = readFileSync(fileURLToPath(new URL('../../../log/src/history.rs', import.meta.url)), 'utf8');
  const codes = [...source.matchAll(/=> "(log_[a-z_]+)"/g)].map((found) => found[1] as string).filter((code) => code !== 'log_other_log');
  expect(codes.length).toBeGreaterThan(2);
  const readingsSource = readFileSync(fileURLToPath(new URL('../../../wallet-core/src/evidence/readings.rs', import.meta.url)), 'utf8');
  const readings = new Set([...readingsSource.matchAll(/"(log_read_[a-z]+)"/g)].map((found) => found[1] as string));
  expect(readings.size).toBe(4);
  const words = [...codes, 'log_promise_broken', ...readings].map(howBroken);
  expect(new Set(words).size).toBe(words.length);
  expect(words).not.toContain(howBroken(null));
});

test('a book that was changed stands first, then one whose witness is missing', () => {
  expect(sorted([book('b'), book('c', { state: 'unwitnessed' }), book('d', { state: 'broken' }), book('a')]).map((one) => one.keeper)).toEqual(['d', 'c', 'a', 'b']);
});

test('a missing witness asks for attention and is no alarm', () => {
  const { tone, what } = registerState(book('a', { state: 'unwitnessed', missing: ['City Hospital'] }));
  expect(tone).toBe('needs');
  expect(what).toContain('City Hospital');
});

test('of a book whose only witness is late it is not said that nobody else signs it', () => {
  const late = registerState(book('a', { awaited: ['City Hospital'] }));
  expect(late.tone).toBe('safe');
  expect(late.what).toContain('City Hospital');
  expect(late.what).not.toBe(registerState(book('a')).what);
});

test('a book is said to be changed only where what was signed proves it', () => {
  const [proven, told] = [true, false].map((portable) => registerState(book('a', { state: 'broken', code: 'log_anchor_broken', portable })));
  expect(proven?.label).not.toBe(told?.label);
  expect(told?.tone).toBe('stop');
});

test('who did not answer is told from who did, and a look of a moment ago is none of them', () => {
  const began = new Date('2026-11-23T12:00:00.500Z');
  const before = [book('silent'), book('answers'), book('just', { seen: '2026-11-23T12:00:00Z' })];
  const after = [book('silent'), book('answers', { seen: '2026-11-23T12:00:01Z' }), book('just', { seen: '2026-11-23T12:00:00Z' }), book('new')];
  expect(unreached(before, after, began).map((one) => one.keeper)).toEqual(['silent']);
});
