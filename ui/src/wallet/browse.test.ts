import { expect, test } from 'vitest';
import type { RecordLine } from './bindings';
import { browse, kinds } from './browse';

const line = (id: string, group: string, date: string | null, title = id): RecordLine => ({ id, type: 'X', group, date, title, detail: null, sensitive: [] });
const records = [line('old', 'laboratory', '2019'), line('new', 'laboratory', '2026-01-02'), line('undated', 'laboratory', null), line('pill', 'medicines', '2020-05', 'Warfarin')];
const flat = (only: string, search: string) => browse(records, only, search).map((row) => ('record' in row ? row.record.id : `# ${row.heading} ${row.count}`));

test('records stand by kind in a fixed order, newest first, undated last', () => {
  expect(flat('all', '')).toEqual(['# medicines 1', 'pill', '# laboratory 3', 'new', 'old', 'undated']);
});

test('a kind or words narrow them', () => {
  expect(flat('medicines', '')).toEqual(['# medicines 1', 'pill']);
  expect(flat('all', 'WARF 2020')).toEqual(['# medicines 1', 'pill']);
  expect(flat('all', 'nothing like it')).toEqual([]);
});

test('a kind that this build does not know comes last and is not lost', () => {
  expect(kinds([line('x', 'brand_new', null), ...records]).map((one) => one.group)).toEqual(['medicines', 'laboratory', 'brand_new']);
});
