import { expect, test } from 'vitest';
import { initials, nameOf } from './people';

test.each([
  ['Ana', 'A'],
  ['Maria de la Cruz', 'MC'],
  ['  luis  kozey ', 'LK'],
  ['Élodie Ångström', 'ÉÅ'],
  ['Mum (2)', 'M'],
  ['李 小龙', '李小'],
  ['123', '']
])('%o is drawn as %o', (name, drawn) => {
  expect(initials(name)).toBe(drawn);
});

test('the name given here goes before the name in the records', () => {
  expect(nameOf({ name: 'Mum', person: { name: 'Maria Kozey', birth_date: null } })).toBe('Mum');
  expect(nameOf({ name: null, person: { name: 'Maria Kozey', birth_date: null } })).toBe('Maria Kozey');
  expect(nameOf({ name: null, person: null })).not.toBe('');
});
