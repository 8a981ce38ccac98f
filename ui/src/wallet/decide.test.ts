import { describe, expect, test } from 'vitest';
import type { ItemView, QuestionView, RecordLine } from './bindings';
import { choose, needed } from './decide';

const record = (id: string, sensitive: string[] = []): RecordLine => ({ id, type: 'Observation', group: 'laboratory', date: null, title: id, detail: null, sensitive });
const item = (scope: string, required: boolean, records: RecordLine[]): ItemView => ({
  scope, group: 'laboratory', required, matching: records.length, sensitive: false, sensitive_count: 0, excess: false, records, withheld: []
});
const question = {
  items: [item('patient/Observation.rs', true, [record('a'), record('b', ['hiv'])]), item('patient/Observation.rs?category=laboratory', false, [record('a')]), item('patient/Condition.rs', true, [])]
} as unknown as QuestionView;

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
