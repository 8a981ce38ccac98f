import { m } from '../paraglide/messages.js';
import { CoreError } from './core';

/** What is told about a failure: what happened, what is safe, what to do next. */
export type Said = { code: string; what: string; safe: string; next: string };

type Words = { what: () => string; safe: () => string; next: () => string };

/** One meaning, said once; several codes may mean it. */
const MEANINGS = {
  passphrase: { what: m.error_passphrase_what, safe: m.error_passphrase_safe, next: m.error_passphrase_next },
  passphrase_short: { what: m.error_passphrase_short_what, safe: m.error_passphrase_short_safe, next: m.error_passphrase_short_next },
  open_elsewhere: { what: m.error_open_elsewhere_what, safe: m.error_open_elsewhere_safe, next: m.error_open_elsewhere_next },
  exists: { what: m.error_exists_what, safe: m.error_exists_safe, next: m.error_exists_next },
  no_vault: { what: m.error_no_vault_what, safe: m.error_no_vault_safe, next: m.error_no_vault_next },
  damaged: { what: m.error_damaged_what, safe: m.error_damaged_safe, next: m.error_damaged_next },
  newer: { what: m.error_newer_what, safe: m.error_newer_safe, next: m.error_newer_next },
  no_space: { what: m.error_no_space_what, safe: m.error_no_space_safe, next: m.error_no_space_next },
  disk: { what: m.error_disk_what, safe: m.error_disk_safe, next: m.error_disk_next },
  locked: { what: m.error_locked_what, safe: m.error_locked_safe, next: m.error_locked_next },
  file_large: { what: m.error_file_large_what, safe: m.error_file_large_safe, next: m.error_file_large_next },
  file_not_fhir: { what: m.error_file_not_fhir_what, safe: m.error_file_not_fhir_safe, next: m.error_file_not_fhir_next },
  file_version: { what: m.error_file_version_what, safe: m.error_file_version_safe, next: m.error_file_version_next },
  file_unreadable: { what: m.error_file_unreadable_what, safe: m.error_file_unreadable_safe, next: m.error_file_unreadable_next },
  interrupted: { what: m.error_interrupted_what, safe: m.error_interrupted_safe, next: m.error_interrupted_next },
  other_person: { what: m.error_other_person_what, safe: m.error_other_person_safe, next: m.error_other_person_next },
  picture: { what: m.error_picture_what, safe: m.error_picture_safe, next: m.error_picture_next },
  no_code: { what: m.error_no_code_what, safe: m.error_no_code_safe, next: m.error_no_code_next },
  not_a_request: { what: m.error_not_a_request_what, safe: m.error_not_a_request_safe, next: m.error_not_a_request_next },
  not_listed: { what: m.error_not_listed_what, safe: m.error_not_listed_safe, next: m.error_not_listed_next },
  address_not_theirs: { what: m.error_address_not_theirs_what, safe: m.error_address_not_theirs_safe, next: m.error_address_not_theirs_next },
  expired: { what: m.error_expired_what, safe: m.error_expired_safe, next: m.error_expired_next },
  used: { what: m.error_used_what, safe: m.error_used_safe, next: m.error_used_next },
  unknown_question: { what: m.error_unknown_question_what, safe: m.error_unknown_question_safe, next: m.error_unknown_question_next },
  clinic_gone: { what: m.error_clinic_gone_what, safe: m.error_clinic_gone_safe, next: m.error_clinic_gone_next },
  impostor: { what: m.error_impostor_what, safe: m.error_impostor_safe, next: m.error_impostor_next },
  address_refused: { what: m.error_address_refused_what, safe: m.error_address_refused_safe, next: m.error_address_refused_next },
  question_bad: { what: m.error_question_bad_what, safe: m.error_question_bad_safe, next: m.error_question_bad_next },
  nothing_matches: { what: m.error_nothing_matches_what, safe: m.error_nothing_matches_safe, next: m.error_nothing_matches_next },
  not_asked: { what: m.error_not_asked_what, safe: m.error_not_asked_safe, next: m.error_not_asked_next },
  no_promise: { what: m.error_no_promise_what, safe: m.error_no_promise_safe, next: m.error_no_promise_next },
  ledger_gone: { what: m.error_ledger_gone_what, safe: m.error_ledger_gone_safe, next: m.error_ledger_gone_next },
  unknown_consent: { what: m.error_unknown_consent_what, safe: m.error_unknown_consent_safe, next: m.error_unknown_consent_next },
  consent_over: { what: m.error_consent_over_what, safe: m.error_consent_over_safe, next: m.error_consent_over_next },
  unknown_record: { what: m.error_unknown_record_what, safe: m.error_unknown_record_safe, next: m.error_unknown_record_next },
  trust_missing: { what: m.error_trust_missing_what, safe: m.error_trust_missing_safe, next: m.error_trust_missing_next },
  trust_expired: { what: m.error_trust_expired_what, safe: m.error_trust_expired_safe, next: m.error_trust_expired_next },
  trust_bad: { what: m.error_trust_bad_what, safe: m.error_trust_bad_safe, next: m.error_trust_bad_next },
  bridge_gone: { what: m.error_bridge_gone_what, safe: m.error_bridge_gone_safe, next: m.error_bridge_gone_next },
  bridge_refused: { what: m.error_bridge_refused_what, safe: m.error_bridge_refused_safe, next: m.error_bridge_refused_next },
  not_on_ledger: { what: m.error_not_on_ledger_what, safe: m.error_not_on_ledger_safe, next: m.error_not_on_ledger_next },
  delivery_refused: { what: m.error_delivery_refused_what, safe: m.error_delivery_refused_safe, next: m.error_delivery_refused_next },
  busy: { what: m.error_busy_what, safe: m.error_busy_safe, next: m.error_busy_next },
  clinic_odd: { what: m.error_clinic_odd_what, safe: m.error_clinic_odd_safe, next: m.error_clinic_odd_next },
  not_made: { what: m.error_not_made_what, safe: m.error_not_made_safe, next: m.error_not_made_next },
  device: { what: m.error_device_what, safe: m.error_device_safe, next: m.error_device_next },
  words: { what: m.error_words_what, safe: m.error_words_safe, next: m.error_words_next },
  unknown: { what: m.error_unknown_what, safe: m.error_unknown_safe, next: m.error_unknown_next }
} satisfies Record<string, Words>;

type Meaning = keyof typeof MEANINGS;

/** The core's codes. */
export const CODES: Readonly<Record<string, Meaning>> = {
  wrong_passphrase: 'passphrase',
  passphrase_wrong: 'passphrase',
  passphrase_too_short: 'passphrase_short',
  store_in_use: 'open_elsewhere',
  vault_in_use: 'open_elsewhere',
  in_use: 'open_elsewhere',
  vault_exists: 'exists',
  already_exists: 'exists',
  no_vault: 'no_vault',
  vault_missing: 'no_vault',
  damaged: 'damaged',
  store_damaged: 'damaged',
  vault_damaged: 'damaged',
  store_broken: 'damaged',
  header_damaged: 'damaged',
  vault_header_damaged: 'damaged',
  record_damaged: 'damaged',
  tampered: 'damaged',
  store_newer_version: 'newer',
  newer_version: 'newer',
  vault_newer_version: 'newer',
  store_no_space: 'no_space',
  store: 'disk',
  store_io: 'disk',
  store_read_only: 'disk',
  store_missing: 'no_vault',
  store_key_too_long: 'disk',
  locked: 'locked',
  vault_locked: 'locked',
  too_large: 'file_large',
  too_many_entries: 'file_large',
  not_fhir: 'file_not_fhir',
  not_json: 'file_not_fhir',
  too_deep: 'file_not_fhir',
  not_an_object: 'file_not_fhir',
  wrong_version: 'file_version',
  unreadable: 'file_unreadable',
  interrupted: 'interrupted',
  other_person: 'other_person',
  not_a_picture: 'picture',
  picture_too_large: 'picture',
  no_code: 'no_code',
  not_a_request: 'not_a_request',
  unknown_verifier: 'not_listed',
  verifier_unknown: 'not_listed',
  not_listed: 'not_listed',
  unlisted: 'not_listed',
  client_unknown: 'not_listed',
  client_not_listed: 'not_listed',
  unknown_client: 'not_listed',
  request_unknown_client: 'not_listed',
  origin_not_covered: 'address_not_theirs',
  other_origin: 'address_not_theirs',
  wrong_origin: 'address_not_theirs',
  request_uri_not_covered: 'address_not_theirs',
  response_uri_not_covered: 'address_not_theirs',
  request_other_origin: 'address_not_theirs',
  request_expired: 'expired',
  code_expired: 'expired',
  question_expired: 'expired',
  request_used: 'used',
  code_used: 'used',
  already_answered: 'used',
  question_answered: 'used',
  request_unknown: 'unknown_question',
  unknown_request: 'unknown_question',
  question_unknown: 'unknown_question',
  unknown_question: 'unknown_question',
  unreachable: 'clinic_gone',
  name_not_found: 'clinic_gone',
  timed_out: 'clinic_gone',
  connection_broken: 'clinic_gone',
  channel_setup: 'clinic_gone',
  station_unreachable: 'clinic_gone',
  station_gone: 'clinic_gone',
  clinic_unreachable: 'clinic_gone',
  offline: 'clinic_gone',
  wrong_key: 'impostor',
  not_pinned: 'impostor',
  certificate_mismatch: 'impostor',
  not_https: 'address_refused',
  has_userinfo: 'address_refused',
  ip_literal: 'address_refused',
  odd_port: 'address_refused',
  private_address: 'address_refused',
  redirected: 'address_refused',
  compressed: 'address_refused',
  bad_signature: 'question_bad',
  refused: 'question_bad',
  nothing_matches: 'nothing_matches',
  nothing_to_share: 'nothing_matches',
  nothing_granted: 'nothing_matches',
  nothing_chosen: 'nothing_matches',
  not_granted: 'nothing_matches',
  not_asked: 'not_asked',
  scope_not_asked: 'not_asked',
  unknown_scope: 'not_asked',
  no_promise: 'no_promise',
  promise_missing: 'no_promise',
  promise_timeout: 'no_promise',
  promise_refused: 'no_promise',
  promise_invalid: 'no_promise',
  promise_bad_signature: 'no_promise',
  answer_refused: 'no_promise',
  clinic_refused: 'no_promise',
  ledger_unreachable: 'ledger_gone',
  ledger_gone: 'ledger_gone',
  ledger_stale: 'ledger_gone',
  stale: 'ledger_gone',
  ledger_unknown: 'ledger_gone',
  unknown_consent: 'unknown_consent',
  consent_unknown: 'unknown_consent',
  no_such_consent: 'unknown_consent',
  not_active: 'consent_over',
  already_revoked: 'consent_over',
  consent_over: 'consent_over',
  not_revocable: 'consent_over',
  unknown_record: 'unknown_record',
  ambiguous_id: 'unknown_record',
  record_missing: 'unknown_record',
  trust_missing: 'trust_missing',
  no_trust_list: 'trust_missing',
  no_trust: 'trust_missing',
  trust_expired: 'trust_expired',
  trust_list_expired: 'trust_expired',
  trust_bad_signature: 'trust_bad',
  rollback_refused: 'trust_bad',
  wrong_root: 'trust_bad',
  trust_wrong_root: 'trust_bad',
  trust_rollback: 'trust_bad',
  not_newer: 'trust_bad',
  trust_malformed: 'trust_bad',
  bridge_gone: 'bridge_gone',
  bridge_refused: 'bridge_refused',
  station_busy: 'busy',
  station_refused: 'clinic_odd',
  wrong_content_type: 'clinic_odd',
  answer_unreadable: 'clinic_odd',
  unknown_at_clinic: 'clinic_odd',
  answer_not_sealed: 'not_made',
  no_randomness: 'device',
  clinic_not_listed: 'not_listed',
  request_client_not_listed: 'not_listed',
  request_client_not_a_verifier: 'not_listed',
  request_uri_origin: 'address_not_theirs',
  request_response_uri_origin: 'address_not_theirs',
  nothing_shared: 'consent_over',
  already_over: 'consent_over',
  repeated_consent: 'question_bad',
  trust_not_yet_valid: 'trust_expired',
  delivery_too_large: 'file_large',
  words_wrong_count: 'words',
  not_on_ledger: 'not_on_ledger',
  delivery_refused: 'delivery_refused'
};

/** Codes of one family mean the same to a patient: the details are the desk's business. */
export const FAMILIES: readonly (readonly [prefix: string, meaning: Meaning])[] = [
  ['link_', 'not_a_request'],
  ['jws_', 'question_bad'],
  ['jwe_', 'question_bad'],
  ['certificate_', 'question_bad'],
  ['consent_', 'question_bad'],
  ['scope_', 'question_bad'],
  ['request_', 'question_bad'],
  ['key_', 'question_bad'],
  ['transaction_', 'question_bad'],
  ['credential_', 'question_bad'],
  ['answer_', 'not_made'],
  ['delivery_', 'not_made'],
  ['station_', 'clinic_gone'],
  ['ledger_', 'ledger_gone'],
  ['words_', 'words'],
  ['promise_', 'no_promise'],
  ['store_', 'disk'],
  ['vault_', 'disk'],
  ['trust_', 'trust_bad']
];

/** Which meaning a code has; null when this build does not know it. */
export function meaningOf(code: string): Meaning | null {
  return CODES[code] ?? FAMILIES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? null;
}

function meaning(code: string): Words | null {
  const known = meaningOf(code);
  return known ? MEANINGS[known] : null;
}

/** A failure in the reader's words, chosen by its code; the core's own words where this build does not know the code. */
export function said(error: unknown): Said {
  const { code, message, next } = error instanceof CoreError ? error.view : { code: 'unknown', message: '', next: '' };
  const words = meaning(code);
  if (words) return { code, what: words.what(), safe: words.safe(), next: words.next() };
  const unknown = MEANINGS.unknown;
  return message ? { code, what: message, safe: '', next } : { code, what: unknown.what(), safe: unknown.safe(), next: unknown.next() };
}

/** What a code means in one line, for a log; empty when this build does not know it. */
export function titleOf(code: string): string {
  return meaning(code)?.what() ?? '';
}

/** Why one entry of a file was left out; the core's own words for a reason that this build does not know. */
export function rejection(code: string, message: string): string {
  const reasons: Record<string, () => string> = {
    not_json: m.rejected_not_json,
    duplicate_key: m.rejected_duplicate_key,
    too_deep: m.rejected_too_deep,
    no_resource: m.rejected_no_resource,
    not_fhir: m.rejected_not_fhir,
    wrong_version: m.rejected_wrong_version,
    wrong_type: m.rejected_wrong_type
  };
  return reasons[code]?.() ?? message;
}
