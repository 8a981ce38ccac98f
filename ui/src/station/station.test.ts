import { expect, test } from 'vitest';
import type { RecordLine } from './api';
import { reading } from './audit';
import { courses } from './courses';
import { readRoute } from './route.svelte';
import { inWords, kindOf, split } from './scopes';

test('a scope is named by the kind of records that it asks for', () => {
  expect(kindOf('patient/MedicationRequest.rs')).toBe('medicines');
  expect(kindOf('patient/Observation.rs?category=laboratory')).toBe('laboratory');
  expect(kindOf('patient/Observation.rs?category=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fobservation-category|vital-signs')).toBe('vitals');
  expect(kindOf('patient/Observation.rs?code=http://loinc.org|4548-4')).toBe('observations');
  expect(kindOf('patient/*.rs')).toBe('everything');
  expect(kindOf('nonsense')).toBe('other');
});

test('a kind that is needed in one part is not also merely wished for', () => {
  const asked = split([
    { scope: 'patient/MedicationRequest.rs', required: true },
    { scope: 'patient/MedicationStatement.rs', required: false },
    { scope: 'patient/Procedure.rs', required: false }
  ]);
  expect(asked).toEqual({ needed: ['medicines'], wished: ['procedures'] });
  expect(inWords(['patient/AllergyIntolerance.rs', 'patient/MedicationRequest.rs'])).toBe('Medicines and allergies');
});

test('a course joins only values of one measurement in one unit, oldest first', () => {
  const value = (date: string | null, at: number, unit: string, code = 'a1c'): RecordLine => ({ id: date, type: 'Observation', title: code, detail: null, date, sensitive: [], measurement: { value: at, unit, low: null, high: null, code } });
  const records = [value('2026', 7, '%'), value('2025', 53, 'mmol/mol'), value('2024', 8, '%'), value(null, 9, '%'), value('2020', 1, '%', 'other')];
  const found = courses(records);
  expect([...found.keys()]).toEqual([records[0]]);
  expect(found.get(records[0] as RecordLine)?.points).toEqual([{ date: '2024', value: 8 }, { date: '2026', value: 7 }]);
});

test('a reading that can not be understood is still a line', () => {
  expect(reading(null)).toEqual({ when: '', who: '', what: '', how: 'read' });
  expect(reading({ recorded: '2026-11-22T14:02:00Z', agent: [{ requestor: false, name: 'x' }, { requestor: true, who: { display: 'Ana' } }], subtype: [{ code: 'disclose' }], entity: [{ detail: [{ type: 'kinds', valueString: 'medicines, laboratory' }] }] })).toEqual({
    when: '2026-11-22T14:02:00Z',
    who: 'Ana',
    what: 'medicines and laboratory results',
    how: 'export'
  });
});

test('an address that this page does not know opens the first screen', () => {
  expect(readRoute('#/records/0x5f')).toEqual({ place: 'records', id: '0x5f' });
  expect(readRoute('#/elsewhere')).toEqual({ place: 'new', id: null });
});
