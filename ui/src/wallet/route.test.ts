import { expect, test } from 'vitest';
import { href, readRoute } from './route.svelte';

test('an id survives the way through the address', () => {
  expect(readRoute(href('records', 'a/b c%'))).toEqual({ place: 'records', id: 'a/b c%' });
});

test('an address that leads nowhere leads home', () => {
  expect(readRoute('#/../etc')).toEqual({ place: 'home', id: null });
  expect(readRoute('')).toEqual({ place: 'home', id: null });
});
