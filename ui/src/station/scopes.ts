import { formatList, kind } from '../design';
import { m } from '../paraglide/messages.js';
import type { Item } from './api';

/** The kind of records that a resource type belongs to, as patients and staff call it. */
const KINDS: Record<string, string> = {
  '*': 'everything',
  Patient: 'person',
  RelatedPerson: 'person',
  MedicationRequest: 'medicines',
  MedicationStatement: 'medicines',
  MedicationAdministration: 'medicines',
  MedicationDispense: 'medicines',
  AllergyIntolerance: 'allergies',
  Condition: 'conditions',
  Observation: 'observations',
  Immunization: 'vaccinations',
  ImmunizationRecommendation: 'vaccinations',
  Procedure: 'procedures',
  Encounter: 'visits',
  Appointment: 'visits',
  DocumentReference: 'notes',
  Composition: 'notes',
  DiagnosticReport: 'reports',
  ImagingStudy: 'reports',
  CarePlan: 'plans',
  CareTeam: 'plans',
  Goal: 'plans',
  ServiceRequest: 'plans',
  Claim: 'administrative',
  ExplanationOfBenefit: 'administrative',
  Coverage: 'administrative',
  Practitioner: 'directory',
  Organization: 'directory',
  Location: 'directory',
  Medication: 'directory',
  Device: 'directory'
};

const CATEGORIES: Record<string, string> = { laboratory: 'laboratory', 'vital-signs': 'vitals' };

/** The kind that a SMART scope such as `patient/Observation.rs?category=laboratory` asks for. */
export function kindOf(scope: string): string {
  const found = /^patient\/([A-Za-z*]+)\.[a-z]+(?:\?(.*))?$/.exec(scope);
  const category = new URLSearchParams(found?.[2] ?? '').get('category')?.split('|').at(-1) ?? '';
  return CATEGORIES[category] ?? KINDS[found?.[1] ?? ''] ?? 'other';
}

/** Kinds in the order a person looks for them, each once. */
export function kindsOf(scopes: string[]): string[] {
  return [...new Set(scopes.map(kindOf))].sort((a, b) => kind(a).order - kind(b).order);
}

/** "medicines, allergies and conditions", with a capital. */
export function inWords(scopes: string[]): string {
  const words = formatList(kindsOf(scopes).map((one) => kind(one).inline));
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** What is needed and what is merely wished for; a kind that is needed in one part is needed. */
export function split(items: Item[]): { needed: string[]; wished: string[] } {
  const needed = kindsOf(items.filter((item) => item.required).map((item) => item.scope));
  const wished = kindsOf(items.filter((item) => !item.required).map((item) => item.scope)).filter((one) => !needed.includes(one));
  return { needed, wished };
}

/** What a question is for, as staff say it. */
export function purposeName(code: string): string {
  const words: Record<string, () => string> = {
    TREAT: m.st_purpose_treat,
    ETREAT: m.st_purpose_etreat,
    CAREMGT: m.st_purpose_caremgt,
    HPAYMT: m.st_purpose_hpaymt,
    COVERAGE: m.st_purpose_coverage,
    HOPERAT: m.st_purpose_hoperat,
    HRESCH: m.st_purpose_hresch,
    PUBHLTH: m.st_purpose_pubhlth,
    PATRQT: m.st_purpose_patrqt,
    FAMRQT: m.st_purpose_famrqt,
    HMARKT: m.st_purpose_hmarkt
  };
  return (words[code] ?? (() => code))();
}
