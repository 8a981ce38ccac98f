import { expect, test } from 'vitest';
import { drawBelow, impossible, placesToAsk, wordsIn, wrongPlaces } from './words';

test('words are counted as people type, paste and number them', () => {
  expect(wordsIn('')).toEqual([]);
  expect(wordsIn('  Abandon\n\tability,ABLE ')).toEqual(['abandon', 'ability', 'able']);
  expect(wordsIn('1. abandon 2) ability\n 3 able')).toEqual(['abandon', 'ability', 'able']);
});

test('a word that can not be among them is placed, counted from one', () => {
  expect(impossible(['abandon', 'ability'])).toEqual([]);
  expect(impossible(['abandon', 'abilty', 'able', 'x'])).toEqual([2, 4]);
});

test('three different places are asked, in order, whatever is drawn', () => {
  expect(placesToAsk(3, 24, () => 0)).toEqual([1, 2, 3]);
  expect(placesToAsk(3, 24, (below) => below - 1)).toEqual([22, 23, 24]);
  for (let round = 0; round < 200; round++) {
    const places = placesToAsk(3, 24, drawBelow);
    expect(new Set(places).size).toBe(3);
    expect(places.every((place, index) => place >= 1 && place <= 24 && place > (places[index - 1] ?? 0))).toBe(true);
  }
});

test('a wrong word is named by its place, case and spaces aside', () => {
  const words = ['able', 'about', 'above', 'absent'];
  expect(wrongPlaces(words, [1, 3], [' Able', 'above '])).toEqual([]);
  expect(wrongPlaces(words, [1, 3], ['able', 'about'])).toEqual([3]);
  expect(wrongPlaces(words, [2, 4], ['', 'absent absent'])).toEqual([2, 4]);
});
