import { describe, expect, test } from 'vitest';
import { cardIssuer, cardState, cardStatus, cardTimes, claimValue } from './card-state';

const now = new Date('2026-11-22T12:00:00Z');
const line = (state: string, validity: string) => ({ status: { state, as_of: null }, validity });

describe('cards', () => {
  test('the worst is said first', () => {
    const names = [line('revoked', 'expired'), line('ended', 'valid'), line('valid', 'expired'), line('suspended', 'not_yet'), line('none', 'not_yet'), line('valid', 'valid'), line('none', 'valid')].map((one) => cardState(one).name);
    expect(names).toEqual(['revoked', 'ended', 'expired', 'suspended', 'not_yet', 'valid', 'valid']);
  });

  test('what was not checked, or is not known to this build, is never called valid', () => {
    for (const one of [line('not_checked', 'valid'), line('brand_new', 'valid'), line('valid', 'brand_new')]) expect(cardState(one).name).toBe('unchecked');
    expect(cardStatus(line('brand_new', 'valid'), now)).toContain('never');
    expect(cardStatus({ status: { state: 'not_checked', as_of: '2026-11-21T09:00:00Z' } }, now)).toContain('since');
  });

  test('an issuer without a name on the list has no other name', () => {
    expect(cardIssuer({ issuer: { name: null, own: false } })).toContain('not on your list');
    expect(cardIssuer({ issuer: { name: 'Sunrise Insurance', own: false } })).toContain('Sunrise Insurance');
  });

  test('times and moments are said as people say them', () => {
    expect(cardTimes({ ...line('none', 'valid'), from: null, until: null }, now)).toBe('Valid without an end');
    expect(cardTimes({ ...line('none', 'expired'), from: null, until: '2024-03-05T10:00:00Z' }, now)).toContain('2024');
    expect(cardTimes({ ...line('revoked', 'valid'), from: null, until: null }, now)).toBe('');
    expect(claimValue('2024-03-05T10:00:00Z', now)).toContain('5 March 2024');
    expect(claimValue('2024', now)).toBe('2024');
  });
});
