import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type * as View from '../src/wallet/bindings';
import { readable } from './picture';

/** The window's policy, so that what it would block is blocked here too. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'";
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.woff': 'font/woff', '.svg': 'image/svg+xml' };

type Answers = Record<string, (args: Record<string, unknown>) => unknown>;
export type Refused = { refused: View.ErrorView };

/** Serves a build and answers its commands from a table, in the bridge's words. Only for looking at screens. */
export async function standIn(dist: string, answers: Answers): Promise<{ url: string; say: (event: string, payload: unknown) => void; close: () => Promise<void> }> {
  const listening = new Set<import('node:http').ServerResponse>();
  const server: Server = createServer((request, response) => {
    void (async () => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      if (path === '/__events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n');
        listening.add(response);
        response.on('close', () => listening.delete(response));
        return;
      }
      if (path.startsWith('/__ipc/')) {
        let body = '';
        for await (const part of request) body += String(part);
        const command = path.slice(7);
        const answer = await answers[command]?.(JSON.parse(body || '{}') as Record<string, unknown>);
        const refused = (answer as Refused | undefined)?.refused;
        response
          .writeHead(refused ? 400 : answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
          .end(JSON.stringify(refused ?? (answer === undefined ? { code: 'refused' } : answer)));
        return;
      }
      const file = normalize(path === '/' ? '/index.html' : path);
      const bytes = await readFile(join(dist, file)).catch(() => null);
      response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY }).end(bytes);
    })();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/#token=stand-in`,
    say: (event, payload) => listening.forEach((one) => one.write(`data: ${JSON.stringify({ event, payload })}\n\n`)),
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(() => done())))
  };
}

const in_ = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

const line = (id: string, group: string, type: string, title: string, date: string | null, detail: string | null = null, sensitive: string[] = []): View.RecordLine => ({ id, type, group, date, title, detail, sensitive });

export const medicines = [
  line('m1', 'medicines', 'MedicationRequest', 'Warfarin Sodium 5 MG Oral Tablet', '2026-09-14', 'one a day, in the evening'),
  line('m2', 'medicines', 'MedicationRequest', 'Metformin hydrochloride 500 MG Oral Tablet', '2025-03-02', 'two a day'),
  line('m3', 'medicines', 'MedicationRequest', 'Simvastatin 20 MG Oral Tablet', '2024-11', 'active'),
  line('m4', 'medicines', 'MedicationRequest', 'Sertraline 50 MG Oral Tablet', '2023-05-20', 'stopped', ['mental_health']),
  line('m5', 'medicines', 'MedicationRequest', 'Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet [a long name that must wrap well on a narrow screen]', '2019', 'stopped')
];
export const allergies = [line('a1', 'allergies', 'AllergyIntolerance', 'Penicillin V', '1974-06-01', 'active, severe')];
const laboratory = Array.from({ length: 340 }, (_, n) =>
  line(`l${n}`, 'laboratory', 'Observation', n % 3 === 0 ? 'Hemoglobin A1c/Hemoglobin.total in Blood' : n % 3 === 1 ? 'Creatinine [Mass/volume] in Blood' : 'INR in Platelet poor plasma', `20${26 - Math.floor(n / 30)}-0${1 + (n % 9)}-1${n % 9}`, n % 3 === 0 ? `${(6 + (n % 20) / 10).toFixed(1)} %` : '1.1 mg/dL')
);
const notes = [
  line('n1', 'notes', 'DocumentReference', 'Psychiatric evaluation and management note', '2023-05-20', null, ['mental_health']),
  line('n2', 'notes', 'DocumentReference', 'Consultation note', '2024-05-20', null, ['mental_health', 'restricted'])
];
export const records = [...medicines, ...allergies, ...laboratory, ...notes, line('v1', 'vitals', 'Observation', 'Body Weight', '2026-01-05', '71.2 kg'), line('c1', 'conditions', 'Condition', 'Atrial fibrillation', null, 'active')];

export const question: View.QuestionView = {
  request_id: 'q1',
  verifier: { id: 'northgate', name: 'Northgate Clinic', vouched_by: 'Carnet development authority', added_by_you: false },
  purpose: ['TREAT'],
  items: [
    { scope: 'patient/MedicationRequest.rs', group: 'medicines', required: true, matching: 5, sensitive: true, sensitive_count: 1, excess: false, records: medicines, withheld: [{ record: line('w1', 'medicines', 'MedicationRequest', 'Ibuprofen 200 MG', '2001-01-01'), reason: 'outside_period' }] },
    { scope: 'patient/AllergyIntolerance.rs', group: 'allergies', required: true, matching: 1, sensitive: false, sensitive_count: 0, excess: false, records: allergies, withheld: [] },
    { scope: 'patient/Observation.rs?category=laboratory', group: 'laboratory', required: false, matching: 340, sensitive: false, sensitive_count: 0, excess: false, records: laboratory, withheld: [] },
    { scope: 'patient/DocumentReference.rs', group: 'notes', required: false, matching: 2, sensitive: true, sensitive_count: 2, excess: true, records: notes, withheld: [] },
    { scope: 'patient/Immunization.rs', group: 'vaccinations', required: false, matching: 0, sensitive: false, sensitive_count: 0, excess: false, records: [], withheld: [] }
  ],
  period: { start: in_(0), end: in_(30 * 24) },
  retention_days: 30,
  expires: in_(0.08),
  development: true,
  cards: [],
  card_choices: [],
  statements: []
};

const option = (card: string, title: string, issuer: string, shown: View.ClaimLine[], more: Partial<View.CardOption> = {}): View.CardOption => ({ card, title, issuer: { name: issuer, own: false }, until: in_(24 * 200), copies: 1, shown, last_copy: false, ...more });
const asked = (query: string, kinds: string[], options: View.CardOption[], more: Partial<View.CardAskedView> = {}): View.CardAskedView => ({ query, kinds, multiple: false, required: true, options, issuers: [], ...more });
const plan = [{ label: 'Plan', value: 'Family' }, { label: 'Member number', value: 'S-77-2041-998' }];

/** Only a card, and the patient holds two that fit. */
export const cardQuestion: View.QuestionView = {
  ...question, request_id: 'q-card', purpose: ['COVERAGE'], items: [], period: null, retention_days: null, development: false,
  cards: [asked('insurance', ['Insurance cover'], [option('k-cover', 'Insurance cover', 'Sunrise Insurance', plan, { copies: 6 }), option('k-second', 'Insurance cover', 'Harbour Mutual', [{ label: 'Plan', value: 'Travel' }], { last_copy: true })], { issuers: ['Sunrise Insurance', 'Harbour Mutual'] })]
};

/** Cards in several ways, from a clinic that the patient added. */
export const waysQuestion: View.QuestionView = {
  ...cardQuestion, request_id: 'q-ways', verifier: { id: 'corner', name: 'Corner Practice', vouched_by: '', added_by_you: true },
  cards: [
    asked('insurance', ['Insurance cover', 'Health card'], [option('k-cover', 'Insurance cover', 'Sunrise Insurance', plan, { copies: 6 })], { required: false }),
    asked('birth', ['Birth date'], [option('k-birth', 'Birth date', 'Ministry of the Interior and of Civil Registration', [{ label: 'Over 65', value: 'yes' }])], { required: false }),
    asked('member', ['Sports club membership'], [], { required: false }),
    asked('pass', ['Bus pass'], [option('k-bus', 'Bus pass', 'City Transport', [])], { required: false })
  ],
  card_choices: [{ required: true, options: [['insurance'], ['birth', 'member']] }, { required: false, options: [['pass']] }]
};

/** Records, and a card that the patient does not hold. */
export const lackingQuestion: View.QuestionView = { ...question, request_id: 'q-lacking', cards: [asked('insurance', ['Insurance cover'], [], { issuers: ['Sunrise Insurance'] })] };
/** Records and a card that is there. */
export const mixedQuestion: View.QuestionView = { ...question, request_id: 'q-mixed', cards: [asked('insurance', ['Insurance cover'], [option('k-cover', 'Insurance cover', 'Sunrise Insurance', plan, { copies: 6 })])] };

const pharmacy: View.VerifierView = { id: 'harbour', name: 'Harbour Pharmacy', vouched_by: 'Carnet development authority', added_by_you: false };
export const proof = (card: string, more: Partial<View.StatementOption> = {}): View.StatementOption => ({ card, title: 'Proof of age', issuer: { name: 'Sunrise Insurance', own: false }, until: in_(24 * 6), copies: 18, holds: true, own_value: 'born 5 March 1952', last_copy: false, ...more });
const LEARNS = ['whether it was shown: yes or not shown', 'who issued it: Sunrise Insurance', 'until when your proof is valid'];
export const statement = (options: View.StatementOption[], more: Partial<View.StatementAskedView> = {}): View.StatementAskedView => ({ query: 'eligibility', says: '65 or older on 23 November 2026', learns: LEARNS, options, required: true, asked_before: 0, wait_until: null, ...more });

/** Whether something is so: it is, and one card can show it. */
export const ageQuestion: View.QuestionView = { ...question, request_id: 'q-age', verifier: pharmacy, purpose: [], items: [], period: null, retention_days: null, statements: [statement([proof('k-age')])] };
const proofQuestion = (request_id: string, statements: View.StatementAskedView[], more: Partial<View.QuestionView> = {}): View.QuestionView => ({ ...ageQuestion, request_id, statements, ...more });
const proofQuestions = [
  ageQuestion,
  proofQuestion('q-not-so', [statement([proof('k-age', { holds: false, own_value: 'born 20 November 1986' })])]),
  proofQuestion('q-none', [statement([], { says: 'Diabetes (E10 to E14)' })]),
  proofQuestion('q-no-copies', [statement([proof('k-age', { copies: 0 })])]),
  proofQuestion('q-again', [statement([proof('k-age', { copies: 1, last_copy: true })], { asked_before: 2 })]),
  proofQuestion('q-wait', [statement([proof('k-age')], { asked_before: 3, wait_until: in_(19) })]),
  proofQuestion('q-two', [statement([proof('k-age'), proof('k-age-2', { issuer: { name: 'Ministry of the Interior and of Civil Registration', own: false } })])]),
  proofQuestion('q-or', [statement([proof('k-age')], { required: false })], {
    cards: [asked('birth', ['Birth date'], [option('k-low', 'Birth date', 'Sunrise Insurance', [{ label: 'Over 65', value: 'yes' }])], { required: false })],
    card_choices: [{ required: true, options: [['eligibility'], ['birth']] }]
  })
];
const challengeView = (challenge_id: string, more: Partial<View.ChallengeView> = {}): View.ChallengeView => ({ challenge_id, verifier: pharmacy, statement: statement([proof('k-age')]), list_issued: in_(-20 * 24), list_expired: false, expires: in_(0.08), development: true, ...more });
const challenges = [challengeView('ch1'), challengeView('ch-old', { list_expired: true, list_issued: in_(-400 * 24) }), challengeView('ch-stale', { statement: statement([proof('k-age', { copies: 0 })]) })];

const questions = [question, cardQuestion, waysQuestion, lackingQuestion, mixedQuestion, ...proofQuestions];

const party = (id: string, name: string, roles: string[], more: Partial<View.PartyLine> = {}): View.PartyLine => ({ id, name, roles, added_by_you: false, development: true, ...more });
const parties = [party('northgate', 'Northgate Clinic', ['verifier', 'relayer']), party('city', 'City Hospital', ['verifier', 'issuer']), party('sunrise', 'Sunrise Insurance', ['issuer']), party('corner', 'Corner Practice', ['verifier'], { added_by_you: true, development: false })];

const verifierOf = (id: string): View.VerifierView => {
  const one = parties.find((it) => it.id === id) ?? (parties[0] as View.PartyLine);
  return { id: one.id, name: one.name, vouched_by: one.added_by_you ? '' : 'Carnet development authority', added_by_you: one.added_by_you };
};
export const cardOffer: View.CardOfferView = {
  offer_id: 'o1', issuer: verifierOf('sunrise'), cards: [{ title: 'Insurance cover', kind: 'urn:example:InsuranceCover:1', describes: ['plan', 'member number', 'cover from and until'], single_use: false, proves: false }], pin: { digits: true, length: 6, hint: 'On the letter of 3 November' }, sign_in: false, expires: in_(0.5), development: true
};
/** Black modules on white with their quiet zone, drawn as the core does. */
const CODE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 49 49"><rect width="49" height="49" fill="#fff"/><path d="${Array.from({ length: 41 * 41 }, (_, n) => ((n * 2654435761) % 97 < 46 ? `M${4 + (n % 41)} ${4 + Math.floor(n / 41)}h1v1h-1z` : '')).join('')}"/></svg>`;
/** As large as an answer for a counter is. */
const DENSE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 125 125"><rect width="125" height="125" fill="#fff"/><path d="${Array.from({ length: 117 * 117 }, (_, n) => ((n * 2654435761) % 97 < 46 ? `M${4 + (n % 117)} ${4 + Math.floor(n / 117)}h1v1h-1z` : '')).join('')}"/></svg>`;
const shown = (id: string, what: string): View.ShownCode => ({ code_id: `code-${id}`, uri: `carnet:${what}?id=Qm9uam91ci1tb25kZS1xdWktdm91cw&key=AoG5S0lRk6TqD0m9R1wS0n0z6t3o3QvJZ9f1l5p8a7c2`, svg: CODE, expires: in_(0.08), verifier: verifierOf(id) });

const consentLine = (id: string, state: string, verifier: string, start: number, end: number): View.ConsentLine => ({
  consent_id: id, grant_id: `0x${'5f'.repeat(32)}`, state, verifier, start: in_(start), end: in_(end), groups: [{ group: 'medicines', count: 5 }, { group: 'allergies', count: 1 }], records: 6, recovered: false
});
const lines = [
  consentLine('c-active', 'granted', 'Northgate Clinic', -8 * 24, 22 * 24),
  consentLine('c-revoking', 'revoking', 'City Hospital', -3 * 24, 10 * 24),
  consentLine('c-revoked', 'revoked', 'Lakeside Dental Practice and Oral Surgery', -40 * 24, 2 * 24),
  consentLine('c-expired', 'expired', 'Harbour Eye Centre', -100 * 24, -70 * 24),
  consentLine('c-failed', 'failed', 'Northgate Clinic', -100 * 24, -70 * 24),
  { ...consentLine('c-found', 'granted', 'Harbour Eye Centre', -20 * 24, 40 * 24), groups: [], records: 0, recovered: true }
];
const consent = (id: string): View.ConsentView => {
  const one = lines.find((it) => it.consent_id === id) ?? (lines[0] as View.ConsentLine);
  const back = one.state === 'revoking' || one.state === 'revoked';
  return {
    line: one, decision: 'partial', purpose: ['TREAT'], granted: ['patient/MedicationRequest.rs', 'patient/AllergyIntolerance.rs'], not_granted: ['patient/DocumentReference.rs'], retention_days: 30, code: '0427',
    ledger: { status: one.state === 'revoked' ? 'revoked' : 'active', chain_id: '20260101', registry: `0x${'c0'.repeat(20)}`, kind: 'embedded', evidence: 'kept' },
    revocation: back ? { state: one.state, ledger: one.state === 'revoked' ? 'confirmed' : 'pending', clinic: 'confirmed', deletion_receipt: one.state === 'revoked', copied: one.state === 'revoked' } : null,
    reads: [{ who: 'Ana Ruiz, nurse', when: in_(-2), what: 'medicines', proof: 'none' }, { who: 'Ana Ruiz, nurse', when: in_(-26), what: 'medicines allergies', proof: 'proven' }, { who: 'Dr Okafor', when: in_(-100), what: 'export', proof: 'proven' }], reads_as_of: in_(-0.2)
  };
};

const book = (log: string, keeper: string, more: Partial<View.RegistryView> = {}): View.RegistryView => ({ log: `carnet.example/${log}`, about: 'operations', keeper, state: 'kept', entries: 212, seen: in_(-2), witnesses: [], missing: [], missing_since: null, awaited: [], code: null, broken_at: null, portable: false, ...more });
export const books = [
  book('northgate', 'Northgate Clinic', { state: 'witnessed', entries: 18_402, witnesses: ['City Hospital', 'Ministry of the Interior and of Civil Registration'] }),
  book('city', 'City Hospital', { entries: 1 }),
  book('corner', 'Corner Practice')
];
export const brokenBook = book('lakeside', 'Lakeside Dental Practice and Oral Surgery', { state: 'broken', code: 'log_shorter', broken_at: in_(-30), portable: true });

const held = (id: string, title: string, kind: string, issuer: View.IssuerView, validity: string, status: View.CardStatus, more: Partial<View.CardLine> = {}): View.CardLine => ({ id, title, kind, issuer, validity, from: in_(-900), until: null, status, copies: 1, says: null, single_use: false, low: false, refillable: false, ...more });
const sunrise: View.IssuerView = { name: 'Sunrise Insurance', own: false };
export const cards = [
  held('k-cover', 'Insurance cover', 'https://sunrise.example/types/InsuranceCover/1', sunrise, 'valid', { state: 'not_checked', as_of: in_(-30) }, { until: in_(24 * 200), copies: 6, single_use: true, refillable: true }),
  held('k-age', 'Proof of age', 'urn:carnet:eligibility:birth-date:1', sunrise, 'valid', { state: 'none', as_of: null }, { until: in_(24 * 6), copies: 18, single_use: true, refillable: true, says: 'born 5 March 1952' }),
  held('k-low', 'Birth date', 'urn:example:BirthDate:2', sunrise, 'valid', { state: 'none', as_of: null }, { until: in_(24 * 20), copies: 1, single_use: true, low: true, refillable: true }),
  held('k-receipt', 'Receipt of a consent', 'urn:carnet:consent-receipt:1', { name: null, own: true }, 'valid', { state: 'valid', as_of: null }),
  held('k-taken', 'Receipt of a consent', 'ConsentReceipt', { name: null, own: true }, 'valid', { state: 'revoked', as_of: null }),
  held('k-old', 'Birth date', 'urn:example:BirthDate:1', { name: 'Ministry of the Interior and of Civil Registration', own: false }, 'expired', { state: 'none', as_of: null }, { until: in_(-24 * 40) }),
  held('k-club', 'Very long and tedious membership of a sports club with a name that must wrap', 'urn:example:Membership:1', { name: null, own: false }, 'not_yet', { state: 'none', as_of: null }, { from: in_(50) })
];

const series = Array.from({ length: 14 }, (_, n) => ({ date: `20${13 + n}-0${1 + (n % 9)}-12`, value: [6.1, 6.4, 7.2, 7.9, 8.3, 7.7, 7.1, 6.8, 6.9, 7.4, 7.0, 6.6, 6.5, 6.7][n] as number }));

const person = (number: number, name: string | null, acting: boolean, more: Partial<View.ProfileView> = {}): View.ProfileView => ({ number, name, person: null, acting, records: 0, active_consents: 0, ...more });
export const maria = person(0, null, true, { person: { name: 'Maria Kozey', birth_date: '1952-03-05' }, records: records.length, active_consents: 2 });
export const ana = person(1, 'Ana Kozey', false, { person: { name: 'Ana Kozey', birth_date: '1986-11-20' }, records: 41, active_consents: 1 });
export const grandson = person(2, 'Luis', false);

const happened = (hours: number, what: string, who: string | null, more: Partial<View.ActivityLine> = {}): View.ActivityLine => ({ when: in_(hours), what, who, groups: [], code: null, profile: 0, shown: [], ...more });
const activity = [
  happened(-1, 'refused', 'N0rthgate Clinic', { code: 'request_bad_signature' }),
  happened(-1.2, 'credential_imported', null),
  happened(-1.25, 'proved', 'Harbour Pharmacy', { shown: ['65 or older on 23 November 2026'] }),
  happened(-1.3, 'credential_issued', 'Northgate Clinic'),
  happened(-1.35, 'registry_broken', 'Lakeside Dental Practice and Oral Surgery', { code: 'log_shorter' }),
  happened(-1.4, 'credential_removed', null),
  happened(-1.5, 'slip_made', 'Northgate Clinic'),
  happened(-2, 'read', 'Northgate Clinic', { groups: [{ group: 'medicines', count: 5 }] }),
  happened(-2.5, 'asked', 'City Hospital', { profile: 1 }),
  happened(-3, 'granted', 'Northgate Clinic', { groups: [{ group: 'medicines', count: 5 }, { group: 'allergies', count: 1 }] }),
  happened(-3.05, 'shown', 'Corner Practice', { shown: ['Insurance cover: Plan', 'Insurance cover: Member number'] }),
  happened(-3.1, 'asked', 'Northgate Clinic'),
  happened(-26, 'backup_made', null),
  happened(-27, 'profile_added', 'Ana Kozey', { profile: 1 }),
  happened(-28, 'key_rotated', null),
  happened(-28.1, 'passphrase_changed', null),
  happened(-30, 'failed', 'City Hospital', { code: 'no_promise' }),
  happened(-50, 'revoked', 'City Hospital'),
  happened(-51, 'denied', 'Harbour Eye Centre'),
  happened(-75, 'older_copy_taken', null),
  happened(-76, 'restored', null),
  happened(-77, 'passphrase_reset', null),
  happened(-78, 'log_exported', null),
  happened(-79, 'profile_removed', 'Jo', { profile: 7 }),
  happened(-79.5, 'trust_updated', 'Carnet development authority'),
  happened(-80, 'imported', null, { groups: [{ group: 'laboratory', count: 340 }] })
];
/** A tiny picture, as a document might carry. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAAY0lEQVR42g3JIQEAQQhFQZKgCbEh0Jvkh3gaTYgNgSbR3dgxM9w4xjVklPGMNcwCD05wAwUVvGDjj8STk9xESSUv2fxDuDjiCokST6z+aLw5zW3UVPOa7T8GH85wBw01vGGHD3MOQLETr5clAAAAAElFTkSuQmCC';

export const WORDS = 'abandon ability able about above absent absorb abstract absurd abuse access accident account accuse achieve acid acoustic acquire across act action actor actress actual'.split(' ');

/** A wallet that answers the same thing every time. `door`: what `vault_state` says. */
export function sample(door: { exists: boolean; unlocked: boolean }, changes: Answers = {}, people: View.ProfileView[] = [maria]): Answers {
  const state = { ...door };
  let profiles = people.map((one) => ({ ...one }));
  const acting = () => profiles.find((one) => one.acting) ?? maria;
  return {
    vault_state: () => ({ ...state, demo: true, fingerprint: state.unlocked ? 'amber-otter-17' : null, rollback_detected: false }),
    create_vault: () => {
      state.exists = state.unlocked = true;
      return { fingerprint: 'amber-otter-17', words: WORDS };
    },
    words_kept: () => null,
    unlock: ({ passphrase }) => {
      if (passphrase !== 'right horse battery staple') return { refused: { code: 'wrong_passphrase', message: 'm', next: 'n' } };
      state.unlocked = true;
      return null;
    },
    show_words: () => ({ fingerprint: 'amber-otter-17', words: WORDS }),
    reset_passphrase: ({ words }) => {
      if (words !== WORDS.join(' ')) return { refused: { code: 'wrong_words', message: 'm', next: 'n' } };
      state.unlocked = true;
      return null;
    },
    change_passphrase: () => null,
    rotate_key: () => null,
    accept_older_copy: () => ((state.unlocked = true), null),
    profiles: () => profiles,
    switch_profile: ({ number }) => ((profiles = profiles.map((one) => ({ ...one, acting: one.number === number }))), null),
    add_profile: ({ name }) => {
      if (profiles.some((one) => one.name === name)) return { refused: { code: 'profile_name_taken', message: 'm', next: 'n' } };
      const added = person(profiles.length, String(name), false);
      profiles = [...profiles, added];
      return added;
    },
    rename_profile: ({ number, name }) => ((profiles = profiles.map((one) => (one.number === number ? { ...one, name: String(name) } : one))), null),
    remove_profile: ({ number }) => ((profiles = profiles.filter((one) => one.number !== number)), null),
    make_backup: ({ path }): View.BackupView => ({ path: String(path), bytes: 4_812_331, records: records.length }),
    restore_backup: (): View.RestoredView => ((state.exists = state.unlocked = true), { records: records.length, people: profiles.length, consents: 4, fingerprint: 'quiet-heron-3' }),
    restore_words: (): View.RestoredView => ((state.exists = state.unlocked = true), { records: 0, people: 1, consents: 0, fingerprint: 'quiet-heron-3' }),
    recovery: (): View.RecoveryView => ({ found: 0, pending: ['Northgate Clinic', 'Harbour Eye Centre'], done: false }),
    scan: (): View.RecoveryView => ({ found: 2, pending: ['Harbour Eye Centre'], done: false }),
    skip_registry: (): View.RecoveryView => ({ found: 2, pending: [], done: true }),
    cancel_task: () => null,
    lock: () => ((state.unlocked = false), null),
    still_here: () => null,
    home: (): View.HomeView => ({
      person: acting().person?.name ?? null, records: records.length, cards: cards.length, active_consents: 2, words_pending: true, trust: null,
      needs_you: [{ kind: 'revocation_unconfirmed', consent_id: 'c-revoking', verifier: 'City Hospital' }, { kind: 'question_open', request_id: 'q1', verifier: 'Northgate Clinic', expires: in_(0.08) }],
      profile: acting(), scan_pending: [],
      backup: { last: in_(-40 * 24), due: true, suggested_path: '/media/maria/stick/carnet-backup-2026-11-22' },
      others: profiles.length > 1 ? [{ number: 1, name: 'Ana Kozey', needs: 1 }] : []
    }),
    trust: (): View.TrustView => ({ authority: 'Carnet development authority', development: true, version: 3, expires: in_(300 * 24), organisations: ['Northgate Clinic', 'City Hospital'], root: 'q7Xk-29Lm-0pQa' }),
    preview_import: (): View.ImportPreview => ({
      file: 'maria.json', person: { name: 'Maria Kozey', birth_date: '1952-03-05' }, other_person: false, sets_person: true, already_here: 3,
      groups: [{ group: 'laboratory', count: 340 }, { group: 'person', count: 1 }, { group: 'medicines', count: 5 }],
      rejected: [{ entry: 'entry[12]', code: 'wrong_type', message: 'x' }, { entry: 'entry[40]', code: 'something_new', message: 'the core says why' }],
      rejected_total: 2
    }),
    import_records: (): View.ImportView => ({ imported: 346, already_here: 3, rejected: [], rejected_total: 0 }),
    preview_import_path: (): View.ImportPreview => ({ file: 'hospital-2026.ndjson', person: { name: 'Maria Kozey', birth_date: '1952-03-05' }, other_person: false, sets_person: false, already_here: 0, groups: [{ group: 'laboratory', count: 81_340 }], rejected: [], rejected_total: 0 }),
    import_path: (): View.ImportView => ({ imported: 81_340, already_here: 0, rejected: [], rejected_total: 0 }),
    records_page: ({ filter, offset, limit }): View.RecordsPage => {
      const { group, text } = filter as View.RecordsFilter;
      const fit = records.filter((one) => (group === null || one.group === group) && (text === null || one.title.toLowerCase().includes(text.toLowerCase())));
      return { total: fit.length, lines: fit.slice(Number(offset), Number(offset) + Number(limit)) };
    },
    attachments: ({ recordId }): View.AttachmentView[] =>
      String(recordId).startsWith('n') ? [{ index: 0, title: 'Letter of 20 May 2023.pdf', content_type: 'application/pdf', bytes: 184_233 }, { index: 1, title: null, content_type: 'image/png', bytes: 2_411_020 }] : [],
    attachment: (): View.AttachmentContent => ({ content_type: 'image/png', base64: PICTURE }),
    save_attachment: () => null,
    record: ({ id }): View.RecordView => ({
      line: records.find((one) => one.id === id) ?? (records[0] as View.RecordLine), unit: '%', low: 4, high: 5.6, series: String(id).startsWith('l') ? series : [],
      fields: [{ label: 'Status', value: 'final' }, { label: 'Taken', value: '12 March 2026' }, { label: 'Result', value: '6.7 %' }, { label: 'Note', value: 'Fasting.\nSecond sample, the first was haemolysed.' }]
    }),
    read_code_picture: ({ contentBase64 }) =>
      readable(Buffer.from(String(contentBase64), 'base64')) ? 'openid4vp://?client_id=x509_hash%3Aabc&request_uri=https%3A%2F%2F127.0.0.1%2F' : { refused: { code: 'no_code', message: 'm', next: 'n' } },
    take_link: () => null,
    open_code: ({ text }) => {
      if (String(text).startsWith('openid-credential-offer:')) return { kind: 'card_offer', id: 'o1' };
      if (String(text).startsWith('carnet:check')) return { kind: 'challenge', id: 'ch1' };
      return String(text).startsWith('openid4vp:') ? { kind: 'question', id: 'q1' } : { refused: { code: 'link_not_a_request', message: 'm', next: 'n' } };
    },
    // Asked just now, however long the tests before it took.
    question: ({ requestId }) => ({ ...(questions.find((one) => one.request_id === requestId) ?? question), expires: in_(0.08) }),
    challenge: ({ challengeId }) => ({ ...challenges.find((one) => one.challenge_id === challengeId), expires: in_(0.08) }),
    answer_challenge: (): View.CounterAnswerView => ({ svg: DENSE, uri: `CARNET:A1/${'6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3/XIV0W23NTDE$VK'.repeat(22)}`, digits: '4821', expires: in_(0.08) }),
    parties: () => parties,
    trust_of: ({ entryId }): View.PartyTrustView => {
      const one = parties.find((it) => it.id === entryId) ?? (parties[0] as View.PartyLine);
      return { ...one, vouched_by: verifierOf(one.id).vouched_by, list_version: 3, list_issued: in_(-20 * 24), list_expires: in_(300 * 24), list_expired: false, origins: [`https://${one.id}.example:8443`], purposes: ['TREAT', 'ETREAT'], since: one.added_by_you ? null : in_(-40 * 24) };
    },
    preview_clinic: ({ name }): View.ClinicView => ({ id: 'lakeside', name: String(name).includes('fool') ? 'N0rthgate Clinic' : 'Lakeside Dental Practice', origins: ['https://lakeside.example'], purposes: ['TREAT'], fingerprint: 'K7QM 2XRA 9PTD H3VN 6WEB CJ5F YU8S 4LZG', looks_like: String(name).includes('fool') ? 'Northgate Clinic' : null, mixed_letters: String(name).includes('mixed'), known: false }),
    add_clinic: ({ typed }) => (String(typed).toUpperCase() === '4LZG' ? { id: 'corner', name: 'Corner Practice', roles: ['verifier'], added_by_you: true, development: false } : { refused: { code: 'clinic_fingerprint', message: 'm', next: 'n' } }),
    remove_clinic: () => null,
    show_offer: ({ partyId }) => shown(String(partyId), 'offer'),
    show_pass: () => shown('northgate', 'pass'),
    offer_state: (): View.OfferStateView => ({ state: 'waiting', request_id: null }),
    card_offer: () => cardOffer,
    accept_card_offer: ({ pin }) => (pin === '482913' ? { cards: [cards[0]], waiting: false } : { refused: { code: 'pin_not_accepted', message: 'm', next: 'n' } }),
    decline_card_offer: () => null,
    begin_sign_in: (): View.SignInView => ({ url: 'https://sunrise.example/authorize?client_id=carnet&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ax' }),
    finish_sign_in: (): View.AcceptedView => ({ cards: [], waiting: true }),
    answer: ({ scopes }): View.AnswerView => ({ decision: (scopes as string[]).length === 5 ? 'permit' : 'partial', consent_id: 'c-active', grant_id: '0x0', code: '0427', state: 'granted', ledger: null, records: 6, shown: 0 }),
    deny: (): View.AnswerView => ({ decision: 'deny', consent_id: 'c-no', grant_id: null, code: null, state: 'denied', ledger: null, records: 0, shown: 0 }),
    consents: () => lines,
    consent: ({ id }) => consent(String(id)),
    revoke: () => ({ state: 'revoking', ledger: 'pending', clinic: 'pending', deletion_receipt: false, copied: false }),
    refresh_reads: () => [],
    revoke_all: (): View.RevokeAllView => ({ waiting: 1, consents: [
      { consent_id: 'c-active', verifier: 'Northgate Clinic', profile: 0, revocation: { state: 'revoked', ledger: 'confirmed', clinic: 'confirmed', deletion_receipt: true, copied: false } },
      { consent_id: 'c-found', verifier: 'Harbour Eye Centre', profile: 0, revocation: { state: 'revoking', ledger: 'pending', clinic: 'pending', deletion_receipt: false, copied: false } },
      { consent_id: 'c-ana', verifier: 'City Hospital', profile: 1, revocation: { state: 'revoked', ledger: 'confirmed', clinic: 'confirmed', deletion_receipt: true, copied: false } }
    ] }),
    save_slip: () => null,
    save_receipt: () => null,
    cards: () => cards,
    card: ({ id }): View.CardView => ({
      line: cards.find((one) => one.id === id) ?? (cards[0] as View.CardLine), bound: id !== 'k-club', added: in_(-30), form: id === 'k-receipt' ? 'vc_jose' : id === 'k-age' ? 'eligibility' : 'sd_jwt', issuer_id: id === 'k-cover' ? 'https://sunrise.example' : `did:jwk:${'eyJrdHkiOiJFQyJ9'.repeat(12)}`,
      claims: id === 'k-age' ? [{ label: 'Date of birth', value: '5 March 1952' }] : id === 'k-receipt' ? [{ label: 'Who may see it', value: 'Northgate Clinic' }, { label: 'Given', value: in_(-3) }] : [{ label: 'Cover · Plan', value: 'Family' }, { label: 'Cover · Is active', value: 'yes' }, { label: 'Member number', value: 'S-77-2041-998' }],
      json: JSON.stringify({ cover: { plan: 'Family', isActive: true }, member_number: 'S-77-2041-998' }, null, 2)
    }),
    import_card: (): View.TakenCardView => ({ card: cards[0] as View.CardLine, already_here: false }),
    import_card_text: ({ text }) => (String(text).includes('~') ? { card: cards[0], already_here: true } : { refused: { code: 'card_bad_signature', message: 'm', next: 'n' } }),
    look_up_card: ({ id }): View.CardView => ({
      line: { ...(cards.find((one) => one.id === id) as View.CardLine), status: { state: 'valid', as_of: in_(0) } }, bound: true, added: in_(-30), form: 'sd_jwt', issuer_id: 'https://sunrise.example', claims: [], json: JSON.stringify({ member_number: 'S-77-2041-998' }, null, 2)
    }),
    refill_card: ({ id, cardId }): View.CardView => ({
      line: { ...(cards.find((one) => one.id === (cardId ?? id)) as View.CardLine), low: false, copies: 8 }, bound: true, added: in_(-30), form: 'sd_jwt', issuer_id: 'https://sunrise.example', claims: [{ label: 'Over 65', value: 'yes' }], json: '{}'
    }),
    remove_card: () => null,
    activity: ({ everyone }) => activity.filter((one) => everyone || one.profile === acting().number),
    verify_log: (): View.LogView => ({ entries: 212, hash: '9f2c'.repeat(16) }),
    export_log: () => null,
    registers: ({ look }): View.RegistryView[] => (look ? books.map((one) => ({ ...one, seen: in_(0) })) : books),
    save_register_states: () => null,
    save_contradiction: () => null,
    compare_registers: (): View.ComparedView[] => [
      { log: 'carnet.example/northgate', about: 'operations', keeper: 'Northgate Clinic', result: 'same' },
      { log: 'carnet.example/city', about: 'operations', keeper: 'City Hospital', result: 'unreachable' },
      { log: 'carnet.example/corner', about: 'operations', keeper: 'Corner Practice', result: 'not_theirs' }
    ],
    sync: () => ({ sent: 0, waiting: 1 }),
    ...changes
  };
}
