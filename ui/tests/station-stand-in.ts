import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { AskedRequest, CardOffer, Check, CheckResult, Counter, CardShown, CardTemplate, Consent, ConsentState, Ended, Health, Me, OfferState, Readable, RecordLine, RequestState, Statement, Template } from '../src/station/api';
import { readable as readablePicture } from './picture';

/** The station's own policy, so that what it would block is blocked here too. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.svg': 'image/svg+xml' };

const GRANT = `0x${'5f'.repeat(32)}`;
const in_ = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const DAY = 1440;

const item = (scope: string, required: boolean) => ({ scope: `patient/${scope}`, required });
const templates: Template[] = [
  { id: 'first-visit', title: 'First visit at a general practice', purpose: ['TREAT'], items: [item('Patient.rs', true), item('AllergyIntolerance.rs', true), item('MedicationRequest.rs', true), item('Condition.rs', true), item('Immunization.rs', false), item('Observation.rs?category=laboratory', false)], days: 30, retention_days: 30, data_since: null, cards: [] },
  { id: 'emergency', title: 'Emergency care', purpose: ['ETREAT'], items: [item('Patient.rs', true), item('AllergyIntolerance.rs', true), item('MedicationRequest.rs', true)], days: 2, retention_days: 7, data_since: null, cards: [] },
  { id: 'lab-follow-up', title: 'Laboratory follow-up', purpose: ['TREAT'], items: [item('Patient.rs', true), item('Observation.rs?category=laboratory', true), item('DiagnosticReport.rs', false)], days: 14, retention_days: 30, data_since: '2025-11-22', cards: [] },
  { id: 'insurance-claim', title: 'Insurance claim check', purpose: ['HPAYMT'], items: [item('Patient.rs', true), item('Coverage.rs', true), item('Claim.rs', false)], days: 14, retention_days: 30, data_since: null, cards: [] },
  { id: 'insurance-card', title: 'Insurance card', purpose: ['COVERAGE'], items: [], days: null, retention_days: null, data_since: null, cards: [{ id: 'insurance', title: 'Insurance cover', claims: ['Plan', 'Member number'], required: true }] }
];

const shownCard: CardShown = { id: 'insurance', title: 'Insurance cover', issuer: 'Sunrise Insurance', issuer_listed: true, claims: [{ label: 'Plan', value: 'Family' }, { label: 'Member number', value: 'S-77-2041-998' }], until: new Date(Date.now() + 200 * 86_400_000).toISOString(), status: 'valid' };
const cardTemplates: CardTemplate[] = [
  { id: 'insurance', title: 'Insurance cover', valid_days: 365, copies: 12, approval: false, fields: [{ name: 'plan', label: 'Plan', kind: 'choice', options: ['Basic', 'Family'], required: true }, { name: 'member_number', label: 'Member number', kind: 'text', required: true }, { name: 'from', label: 'Covered from', kind: 'date', required: true }, { name: 'excess', label: 'Own share, per year', kind: 'number', required: false }] },
  { id: 'proof-age', title: 'Proof of age', valid_days: 730, copies: 20, approval: false, refill: true, eligibility: 'birth-date', fields: [{ name: 'birth_date', label: 'Date of birth', kind: 'date', required: true }] },
  { id: 'entitlement', title: 'Entitlement', valid_days: 366, copies: 20, approval: false, refill: true, eligibility: 'code', fields: [{ name: 'code', label: 'Long-term condition', kind: 'choice', required: true, options: ['C34 Cancer of the lung', 'D57 Sickle-cell disease', 'E10 Type 1 diabetes', 'E11 Type 2 diabetes', 'G35 Multiple sclerosis', 'I50 Heart failure', 'J44 Chronic obstructive lung disease', 'J45 Asthma'] }] },
  { id: 'birth', title: 'Birth date', valid_days: 30, copies: 6, approval: true, fields: [{ name: 'birth_date', label: 'Birth date', kind: 'date', required: true }] }
];

const statements: Statement[] = [
  { id: 'age-at-least', title: 'Age: at least…', says: 'So many years old or older, today.', fields: [{ name: 'years', label: 'Years', kind: 'number', required: true, min: 1, max: 150, default: '65' }] },
  { id: 'cover-active', title: 'Cover: active on…', says: 'Covered by an insurer on this day.', fields: [{ name: 'day', label: 'Day', kind: 'date', required: true, default: new Date().toISOString().slice(0, 10) }] },
  { id: 'income-below', title: 'Income: below…', says: 'Income of a year below this amount.', fields: [{ name: 'amount', label: 'Amount a year', kind: 'number', decimals: 2, min: 1, max: 40_000_000, required: true, default: '20000' }, { name: 'currency', label: 'Currency', kind: 'choice', required: true, default: 'EUR', options: [{ value: 'EUR', label: 'Euro' }, { value: 'GBP', label: 'Pound' }] }] },
  { id: 'condition-family', title: 'Condition: one of a family…', says: 'A long-term condition of this family; which one is not said.', fields: [{ name: 'family', label: 'Family', kind: 'choice', required: true, default: 'C18', options: [{ value: 'C18', label: 'Cancer (C18 to C81)' }, { value: 'E10', label: 'Diabetes (E10 to E14)' }] }] }
];

const record = (type: string, title: string, date: string | null, detail: string | null = null, sensitive: string[] = []): RecordLine => ({ id: title, type, title, detail, date, sensitive, measurement: null });
const hba1c = [6.7, 6.5, 6.6, 7, 7.4, 6.9, 6.8, 7.1, 7.7, 8.3].map((value, n) => ({
  ...record('Observation', 'Hemoglobin A1c/Hemoglobin.total in Blood', `${2026 - n}-0${1 + (n % 8)}-12`, `${value} %`),
  measurement: { value, unit: '%', low: 4, high: 6.5, code: 'http://loinc.org|4548-4' }
}));
const person = { name: 'Maria Okafor', birth_date: '1952-03-14', gender: 'female' };
const readable: Readable = {
  person,
  withheld: 1,
  groups: [
    { group: 'person', label: 'Person', records: [record('Patient', 'Maria Okafor', null, 'born 14 March 1952')] },
    { group: 'medicines', label: 'Medicines', records: [record('MedicationRequest', 'Warfarin Sodium 5 MG Oral Tablet', '2026-09-14', 'one a day, in the evening'), record('MedicationRequest', 'Metformin hydrochloride 500 MG Oral Tablet', '2025-03-02', 'two a day'), record('MedicationRequest', 'Sertraline 50 MG Oral Tablet', '2023-05-20', 'stopped', ['mental_health'])] },
    { group: 'allergies', label: 'Allergies', records: [record('AllergyIntolerance', 'Penicillin V', '1974-06-01', 'active, severe')] },
    { group: 'laboratory', label: 'Laboratory results', records: [...hba1c, ...Array.from({ length: 30 }, (_, n) => record('Observation', `Creatinine [Mass/volume] in Blood, series ${n}`, `2015-01-${10 + (n % 18)}`, '1.1 mg/dL'))] }
  ]
};

/** What came of a check, in the station's words. */
const WHAT_NEXT: Record<CheckResult, string> = {
  yes: "Look at the patient's phone: it must show these four digits. If it does, dispense. If it doesn't, it was somebody else's phone: ask again.",
  not_shown: 'This is not a no. The patient may have declined, or not hold such a card. Ask for the paper card or a prescription, or ask again.',
  cannot_check: 'Nothing is known: this speaks neither for the patient nor against. Ask again with a new code. If it happens twice, ask for the paper card.'
};

/** What a test moves by hand. */
export type Stage = {
  setupNeeded: boolean;
  me: Me | null;
  request: RequestState;
  tries: number;
  decision: 'permit' | 'partial';
  consent: ConsentState | null;
  delivered: boolean;
  sharesPerson: boolean;
  expires: string;
  offer: OfferState;
  approval: CardOffer['approval'];
  /** What was asked last, and whether it went to a phone whose code was scanned. */
  template: string;
  sent: boolean;
  roles: string[];
  check: CheckResult | null;
};

export async function stationStandIn(dist: string, start: Partial<Stage> = {}) {
  const me: Me = { name: 'Ana Ruiz', username: 'ana', admin: true };
  const stage: Stage = { setupNeeded: false, me, request: 'waiting', tries: 3, decision: 'partial', consent: null, delivered: true, sharesPerson: true, expires: in_(5), offer: 'waiting', approval: null, template: 'first-visit', sent: false, roles: ['clinic', 'issuer'], check: null, ...start };
  const asked: { statement: unknown; offer?: unknown; how: 'online' | 'offline' }[] = [];
  const check = (result: CheckResult | null): Check => ({ says: '65 or older on 23 November 2026', result, reason: result === 'cannot_check' ? 'eligibility_range_proof' : null, issuer: result === 'yes' ? 'Sunrise Insurance' : null, valid_until: result === 'yes' ? '2026-11-29' : null, digits: result === 'yes' ? '4821' : null, list_issued: in_(-180), what_next: result ? WHAT_NEXT[result] : 'Let the patient scan the code with their wallet.' });
  const counter = (id: string): Counter => ({ id, text: 'carnet:check?d=AWxvcmVtaXBzdW1kb2xvcnNpdGFtZXQtY29uc2VjdGV0dXItYWRpcGlzY2luZw', says: '65 or older on 23 November 2026', expires: stage.expires, list_issued: in_(-180), check: check(null) });
  const issued: { id: string; template: string; claims: unknown }[] = [];
  const listening = new Set<ServerResponse>();
  const ids: string[] = [];
  const uri = 'openid4vp://?client_id=x509_hash%3AVvN2mUrR4cM8dKAnbR0v8DkI9zWkSx0sOe0rj0l8C0I&request_uri=https%3A%2F%2F127.0.0.1%3A38443%2Foid4vp%2Frequest%2FqZ4Dk1oN3vK7cXr9YtWmAg';

  const request = (id: string): AskedRequest => {
    const answered = stage.request === 'answered' || stage.request === 'confirmed';
    const template = templates.find((one) => one.id === stage.template) ?? (templates[0] as Template);
    const onlyCards = template.items.length === 0;
    const statement = stage.template === 'statement';
    return {
      id, state: stage.request, template: template.id, title: template.title, purpose: template.purpose, days: template.days, created: in_(-1), expires: stage.expires, by: me.name,
      uri: ['waiting', 'opened'].includes(stage.request) && !stage.sent ? uri : null, grant_id: answered && !onlyCards ? GRANT : null, decision: answered ? stage.decision : null, asked: template.items,
      granted: answered ? template.items.map((one) => one.scope).filter((scope) => stage.decision === 'permit' || !/Condition|Observation/.test(scope)) : [], tries_left: stage.tries, renewed: null,
      check: statement ? check(stage.check) : null, cards_asked: template.cards, cards_shown: stage.request === 'confirmed' && onlyCards ? [shownCard] : []
    };
  };
  const consents = (): Consent[] =>
    stage.consent === null ? [] : [{ grant_id: GRANT, request: 'q1', state: stage.consent, decision: stage.decision, granted: ['patient/Patient.rs', 'patient/MedicationRequest.rs', 'patient/AllergyIntolerance.rs'], purpose: ['TREAT'], period: { start: in_(-60), end: in_(30 * DAY) }, until: in_(30 * DAY), confirmed_by: stage.consent === 'unconfirmed' ? null : me.name, delivered: stage.delivered, records: 44, exported: false }];
  const ended = (): Ended[] => (stage.consent === 'revoked' ? [{ grant_id: GRANT, time: in_(0), reason: 'revoked', deletion_receipt: true, exported: true }] : []);
  const health: Health = { ledger: { status: 'ok', chain_id: '20260101', registry: `0x${'c0'.repeat(20)}`, kept_by: 'this station' }, clock: { status: 'ok', now: in_(0) }, trust: { status: 'not_listed', authority: 'Carnet development authority', version: 3, expires: in_(90 * DAY), development: true } };
  const reads = ['medicines, allergies', 'laboratory'].map((what, n) => ({ resourceType: 'AuditEvent', recorded: in_(-n * 90), subtype: [{ code: n === 0 ? 'disclose' : 'read' }], agent: [{ requestor: true, who: { display: 'Ana Ruiz' } }], entity: [{ detail: [{ type: 'kinds', valueString: what }] }] }));

  const cardOffer = (id: string): CardOffer => {
    const open = stage.offer === 'waiting' || stage.offer === 'opened';
    return { id, title: issued[0]?.template === 'proof-age' ? 'Proof of age' : 'Insurance cover', state: stage.offer, uri: open ? 'openid-credential-offer://?credential_offer_uri=https%3A%2F%2F127.0.0.1%3A38443%2Foid4vci%2Foffers%2FqZ4Dk1oN3vK7cXr9YtWmAg' : null, pin: open ? '482913' : null, created: in_(-1), expires: in_(15), by: me.name, copies: 12, tries_left: stage.tries, approval: stage.approval, approved_by: stage.approval === 'given' ? 'Tom Weber' : null };
  };

  const refused = (status: number, code: string, message: string, more = {}) => ({ status, body: { error: { code, message, next: 'Ask the patient to read the digits again.', ...more } } });
  const mayRead = () => {
    if (stage.consent !== 'active') return refused(403, stage.consent ?? 'unknown', 'The patient has taken this consent back.');
    return stage.delivered ? null : refused(409, 'not_delivered', 'The records have not arrived yet.');
  };

  function answer(method: string, path: string, body: Record<string, string>): { status: number; body: unknown } {
    const ok = (said: unknown) => ({ status: 200, body: said });
    if (path === '/setup' && method === 'GET') return ok({ needed: stage.setupNeeded, station: { name: 'Northgate Clinic', roles: stage.roles, development: true } });
    if (path === '/setup') return body.secret === 'ABCD-EFGH' ? ((stage.setupNeeded = false), ok((stage.me = { name: body.name ?? '', username: body.username ?? '', admin: true }))) : refused(403, 'wrong_secret', 'The set-up secret is not right.');
    if (path === '/sign-in') return body.password === 'a long sentence' ? ok((stage.me = me)) : refused(403, 'wrong_sign_in', 'The name or the password is not right.');
    if (stage.me === null) return refused(401, 'sign_in_needed', 'Nobody is signed in.');
    if (path === '/sign-out') return (stage.me = null), ok({});
    if (path === '/me') return ok(stage.me);
    if (path === '/staff') return ok(method === 'GET' ? [me, { name: 'Tom Weber', username: 'tom', admin: false }] : { ...body, admin: false });
    if (path === '/templates') return ok(templates);
    if (path === '/statements') return ok(statements);
    if (path === '/counter') return asked.push({ statement: body.statement, how: 'offline' }), ok(counter(`ct${asked.length}`));
    if (path.startsWith('/counter/') && path.endsWith('/answer')) {
      if (!String(body.text).startsWith('CARNET:A1/')) return refused(400, 'counter_not_an_answer', 'This is not an answer to this code.');
      return ok(check(String(body.text).includes('BAD') ? 'cannot_check' : 'yes'));
    }
    if (path.startsWith('/counter/')) return ok(counter(path.slice(9)));
    if (path === '/requests' && method === 'POST' && body.statement) {
      asked.push({ statement: body.statement, how: 'online', ...(body.offer ? { offer: body.offer } : {}) });
      Object.assign(stage, { template: 'statement', request: 'waiting', check: null, sent: body.offer !== undefined });
      ids.unshift(`s${asked.length}`);
      return ok({ id: ids[0], uri, expires: stage.expires });
    }
    if (path === '/scan') {
      if (String(body.text).startsWith('CARNET:A1/')) return ok({ kind: 'answer' });
      if (String(body.text).startsWith('carnet:offer')) return ok({ kind: 'offer', id: 'scanned-1' });
      return String(body.text).startsWith('carnet:pass') ? ok({ kind: 'pass', grant_id: GRANT }) : refused(400, 'not_a_patient_code', 'This is not a code that a patient shows.');
    }
    if (path === '/entry') return ok({ name: 'entry.json', content: '{"carnet_entry":"eyJ"}', fingerprint: 'k7qm 2xra 9ptd h3vn 6web cj5f yu8s 4kzg' });
    if (path === '/cards/templates') return ok(cardTemplates);
    if (path === '/cards/import') return ok({ claims: { plan: 'Family', member_number: 'S-77-2041-998', from: '2026-01-01', unknown: { deep: true } } });
    if (path === '/cards/offers' && method === 'POST') return issued.unshift({ id: 'of1', template: String(body.template), claims: body.claims }), ok({ id: 'of1', uri: 'x', pin: '482913', expires: in_(15) });
    if (path === '/cards/offers') return ok(issued.map((one) => cardOffer(one.id)));
    if (path.endsWith('/approve')) return (stage.approval = 'given'), ok({});
    if (path.endsWith('/revoke')) return (stage.offer = 'revoked'), ok({});
    if (path.startsWith('/cards/offers/')) return ok(cardOffer(path.slice(14)));
    if (path === '/requests' && method === 'POST') Object.assign(stage, { template: body.template, sent: body.offer !== undefined });
    if (path === '/requests' && method === 'POST') return ids.unshift('q1'), ok({ id: 'q1', uri, expires: stage.expires });
    if (path === '/requests') return ok(ids.map(request));
    if (path.endsWith('/confirm')) {
      if (body.code === '0427') return (stage.request = 'confirmed'), (stage.consent = 'active'), ok({ state: 'confirmed' });
      stage.tries -= 1;
      if (stage.tries === 0) return (stage.request = 'locked'), refused(403, 'code_locked', 'Three codes were wrong.', { tries_left: 0 });
      return refused(403, 'wrong_code', "These are not the digits on the patient's screen.", { tries_left: stage.tries });
    }
    if (path.startsWith('/requests/')) return ok(request(path.slice(10)));
    if (path === '/consents') return ok(consents());
    if (path.endsWith('/reads')) return ok(reads);
    if (path.endsWith('/records?view=1&type=Patient')) return mayRead() ?? (stage.sharesPerson ? ok({ ...readable, groups: readable.groups.slice(0, 1), withheld: 0 }) : refused(403, 'out_of_scope', 'This is not part of what the patient granted.'));
    if (path.endsWith('/records?view=1')) return mayRead() ?? ok(stage.sharesPerson ? readable : { ...readable, person: null });
    if (path.endsWith('/export')) return mayRead() ?? ok({ resourceType: 'Bundle', type: 'collection', entry: [] });
    if (path === '/revocations') return ok(ended());
    if (path === '/health') return ok(health);
    return refused(404, 'unknown', 'There is nothing here.');
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path === '/api/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': here\n\n');
      listening.add(response);
      response.on('close', () => listening.delete(response));
      return;
    }
    if (path.endsWith('/qr.svg')) {
      const cells = Array.from({ length: 45 * 45 }, (_, n) => ((n * 2654435761) % 97 < 46 ? `M${4 + (n % 45)} ${4 + Math.floor(n / 45)}h1v1h-1z` : '')).join('');
      response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 53 53"><path d="${cells}"/></svg>`);
      return;
    }
    if (path === '/api/read-code') {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const seen = /^image\/(png|jpeg)$/.test(request.headers['content-type'] ?? '') && readablePicture(Buffer.concat(parts));
      const said = seen ? { status: 200, body: { text: 'carnet:offer?id=from-a-picture' } } : refused(422, 'no_code', 'No code can be read in this picture.');
      response.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
      return;
    }
    if (path.startsWith('/api/')) {
      let body = '';
      for await (const part of request) body += String(part);
      const said = answer(request.method ?? 'GET', path.slice(4), JSON.parse(body || '{}') as Record<string, string>);
      response.writeHead(said.status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(said.body));
      return;
    }
    const file = normalize(path === '/' ? '/index.html' : path);
    const bytes = await readFile(join(dist, file)).catch(() => null);
    response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'permissions-policy': 'camera=(self), microphone=(), geolocation=()' }).end(bytes);
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    grant: GRANT,
    issued,
    asked,
    /** Moves the stage and tells the page, as the station does. */
    turn: (change: Partial<Stage>, event: object = { request: 'q1' }) => {
      Object.assign(stage, change);
      for (const one of listening) one.write(`data: ${JSON.stringify(event)}\n\n`);
    },
    close: () => new Promise<void>((done) => (server.closeAllConnections(), server.close(() => done())))
  };
}
