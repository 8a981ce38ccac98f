import { describe, expect, test } from 'vitest';
import { countdown, formatDay, formatFrom, formatUntil, formatWhen, periodLeft, fewWords } from './format';

const now = new Date('2026-11-22T14:02:00Z');

describe('dates', () => {
  test('a day is said no more precisely than it was written', () => {
    expect(formatDay('2024')).toBe('2024');
    expect(formatDay('2024-03')).toBe('March 2024');
    expect(formatDay('2024-03-05')).toBe('5 March 2024');
    expect(formatDay('2024-03-05T23:30:00-05:00', 'UTC')).toBe('6 March 2024');
    expect(formatDay('rubbish')).toBe('rubbish');
    expect(formatDay(null)).toBe('');
  });

  test('near days are named', () => {
    expect(formatWhen('2026-11-22T09:00:00Z', now, 'UTC')).toBe('today 09:00');
    expect(formatWhen('2026-11-21T23:59:00Z', now, 'UTC')).toBe('yesterday 23:59');
    expect(formatWhen('2024-03-05T14:02:00Z', now, 'UTC')).toBe('5 March 2024, 14:02');
  });

  test('an end is a date, with its hour when it is near and its year when it is another', () => {
    expect(formatUntil('2026-12-22T14:00:00Z', now, 'UTC')).toBe('22 December');
    expect(formatUntil('2027-03-12T14:00:00Z', now, 'UTC')).toBe('12 March 2027');
    expect(formatUntil('2026-11-23T09:00:00Z', now, 'UTC')).toBe('tomorrow 09:00');
    expect(formatUntil('2026-09-13T09:00:00Z', now, 'UTC')).toBe('13 September');
    expect(formatUntil('2027-07-01T00:00:00Z', now, 'UTC')).toBe('30 June 2027');
    expect(formatFrom('2027-07-01T00:00:00Z', now, 'UTC')).toBe('1 July 2027');
  });
});

describe('what is left', () => {
  test('days are rounded up, the last two are hours, then it is over', () => {
    expect(periodLeft('2026-11-14T14:00:00Z', '2026-12-14T14:00:00Z', now)).toMatchObject({ unit: 'days', left: 22, total: 30 });
    expect(periodLeft('2026-11-14T14:00:00Z', '2026-11-22T16:00:00Z', now)).toMatchObject({ unit: 'hours', left: 2 });
    expect(periodLeft('2026-11-14T14:00:00Z', '2026-11-22T14:00:00Z', now)).toMatchObject({ unit: 'over', share: 0 });
    expect(periodLeft('x', 'y', now)).toMatchObject({ unit: 'over' });
  });

  test('a countdown never begins above its time, and never goes below zero', () => {
    expect(countdown('2026-11-22T14:07:00.400Z', now).words).toBe('5:00');
    expect(countdown('2026-11-22T14:02:00.400Z', now)).toEqual({ over: false, words: '0:00', seconds: 0 });
    expect(countdown('2026-11-22T14:06:07Z', now)).toEqual({ over: false, words: '4:07', seconds: 247 });
    expect(countdown('2026-11-22T14:00:00Z', now)).toEqual({ over: true, words: '0:00', seconds: 0 });
  });
});

test('words of others are cut, and nothing in them turns or hides what stands around', () => {
  expect(fewWords('Insurance card')).toBe('Insurance card');
  expect(fewWords('Pay \u202Eevil\u0000\n\u200Bnow')).toBe('Pay evil now');
  expect(fewWords('é'.repeat(500))).toBe(`${'é'.repeat(120)}…`);
});
