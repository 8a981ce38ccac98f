import { expect, test } from 'vitest';
import type { RecordsFilter, RecordLine } from './bindings';
import { Browsing, kinds, PAGE, pagesOf } from './browse.svelte';

const ALL: RecordsFilter = { resource_type: null, group: null, text: null };
const line = (id: string): RecordLine => ({ id, type: 'X', group: 'other', date: null, title: id, detail: null, sensitive: [] });
const wallet = (total: number, asked: number[] = []) => (filter: RecordsFilter, offset: number, limit: number) => {
  if (limit > 0) asked.push(offset);
  return Promise.resolve({ total, lines: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, n) => line(`${filter.text ?? ''}${offset + n}`)) });
};

test('the pages of a stretch are those that hold it, and none beyond the end', () => {
  expect(pagesOf(0, PAGE - 1, 1000)).toEqual([0]);
  expect(pagesOf(PAGE - 1, PAGE, 1000)).toEqual([0, 1]);
  expect(pagesOf(950, 2000, 1000)).toEqual([9]);
  expect(pagesOf(0, 10, 0)).toEqual([]);
});

test('only what comes near is asked for, and only once', async () => {
  const asked: number[] = [];
  const browsing = new Browsing(wallet(100_000, asked));
  await browsing.show(ALL);
  expect(browsing.total).toBe(100_000);
  expect(browsing.at(50_000)).toBeUndefined();
  await browsing.near(50_020, 50_110);
  await browsing.near(50_025, 50_115);
  expect(asked).toEqual([0, 50_000, 50_100]);
  expect(browsing.at(50_105)?.id).toBe('50105');
});

test('a page that comes too late, for a filter that is no longer wanted, is not shown', async () => {
  let release = () => {};
  const slow = new Promise<void>((go) => (release = go));
  const browsing = new Browsing(async (filter, offset, limit) => {
    if (filter.text === 'old') await slow;
    return wallet(3)(filter, offset, limit);
  });
  const old = browsing.show({ ...ALL, text: 'old' });
  await browsing.show({ ...ALL, text: 'new' });
  release();
  await old;
  expect(browsing.at(0)?.id).toBe('new0');
});

test('kinds without records are not offered', async () => {
  const found = await kinds((filter) => Promise.resolve({ total: filter.group === 'medicines' ? 5 : filter.group === 'other' ? 1 : 0, lines: [] }));
  expect(found).toEqual([{ group: 'medicines', count: 5 }, { group: 'other', count: 1 }]);
});
