import { expect, test } from 'vitest';
import { strength } from './strength';

test.each([
  ['', 'empty'],
  ['short', 'short'],
  ['aaaaaaaaaaaaaaaa', 'weak'],
  ['password123', 'weak'],
  ['blue kettle', 'weak'],
  ['blue kettle 7!', 'fair'],
  ['four quiet rivers sleeping', 'good'],
  ['correct horse battery staple', 'good']
])('%o is %s', (passphrase, expected) => {
  expect(strength(passphrase)).toBe(expected);
});
