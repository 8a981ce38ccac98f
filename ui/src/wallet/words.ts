import { wordlist } from '@scure/bip39/wordlists/english.js';

/** How many words there are. */
export const WORD_COUNT = 24;

/** The words in what somebody typed or pasted: any case, any spacing, numbers and points between them do not count. */
export function wordsIn(typed: string): string[] {
  return typed.toLowerCase().split(/[^\p{L}\p{M}]+/u).filter(Boolean);
}

/** Places (1 for the first) of words that can't be among the 24. */
export function impossible(words: readonly string[]): number[] {
  return words.flatMap((word, place) => (wordlist.includes(word) ? [] : [place + 1]));
}

/** `count` different places (1 for the first) out of `total`, in order. `draw(n)` gives a whole number below n. */
export function placesToAsk(count: number, total: number, draw: (below: number) => number): number[] {
  const left = Array.from({ length: total }, (_, place) => place + 1);
  const drawn = Array.from({ length: Math.min(count, total) }, () => left.splice(draw(left.length), 1)[0] as number);
  return drawn.sort((one, other) => one - other);
}

/** A whole number below `below`, every one as likely. */
export function drawBelow(below: number): number {
  const fair = 2 ** 32 - (2 ** 32 % below);
  const [at] = crypto.getRandomValues(new Uint32Array(1)) as unknown as [number];
  return at < fair ? at % below : drawBelow(below);
}

/** Places where what was typed is not the word that stands there. */
export function wrongPlaces(words: readonly string[], asked: readonly number[], typed: readonly string[]): number[] {
  return asked.filter((place, index) => wordsIn(typed[index] ?? '').join(' ') !== words[place - 1]);
}

/** All 24, each of them possible. Whether they belong together only the core can tell. */
export function complete(typed: string): boolean {
  const words = wordsIn(typed);
  return words.length === WORD_COUNT && impossible(words).length === 0;
}
