/** What the station said no with: a stable code, what happened, what to do next. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly next: string;
  readonly triesLeft: number | null;
  constructor(status: number, code: string, message: string, next: string, triesLeft: number | null = null) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
    this.next = next;
    this.triesLeft = triesLeft;
  }
}

/** The station can't be reached at all. */
export const GONE = 'station_gone';

export type Me = { name: string; username: string; admin: boolean };
export type Setup = { needed: boolean; station: { name: string; roles: string[]; development: boolean } };
export type Item = { scope: string; required: boolean };
/** A card that a question asks for, and what of it. */
export type CardAsked = { id: string; title: string; claims: string[]; required: boolean };
export type Template = { id: string; title: string; purpose: string[]; items: Item[]; /** None when only cards are asked. */ days: number | null; retention_days: number | null; data_since: string | null; cards: CardAsked[] };
export type Said = { label: string; value: string };
/** A card that the patient showed, as the station checked it. */
export type CardShown = { id: string; title: string; issuer: string; issuer_listed: boolean; claims: Said[]; until: string | null; status: string };
/** A field of a card, or of a question. */
export type EntryField = {
  name: string;
  label: string;
  kind: 'text' | 'date' | 'number' | 'choice';
  options?: (string | { value: string; label: string })[];
  required: boolean;
  /** Digits after the point that a number may have. */
  decimals?: number;
  min?: number;
  max?: number;
  /** What the field begins with. */
  default?: string;
};
/** A question that is answered with yes or not at all. `says`: what it asks, in general. */
export type Statement = { id: string; title: string; fields: EntryField[]; says?: string | null };
export type Entered = Record<string, string | number>;
export type CheckResult = 'yes' | 'not_shown' | 'cannot_check';
/** What came of a statement that was asked. `digits` stand on the patient's phone too. */
export type Check = {
  says: string;
  result: CheckResult | null;
  reason: string | null;
  issuer: string | null;
  valid_until: string | null;
  digits: string | null;
  /** When the list was made by which issuers are known. */
  list_issued: string | null;
  what_next: string | null;
  /** When it was found out. */
  at?: string | null;
};
/** A question for a phone without a network; `text` is what its picture says. */
export type Counter = { id: string; text: string; says: string; expires: string; list_issued: string | null; list_expired?: boolean; check?: Check | null };
export type RequestState = 'waiting' | 'opened' | 'recording' | 'answered' | 'confirmed' | 'denied' | 'expired' | 'locked';
export type AskedRequest = {
  id: string;
  state: RequestState;
  template: string | null;
  title: string | null;
  purpose: string[];
  days: number | null;
  created: string;
  expires: string;
  by: string;
  uri: string | null;
  grant_id: string | null;
  decision: string | null;
  asked: Item[];
  granted: string[];
  tries_left: number;
  renewed: string | null;
  cards_asked: CardAsked[];
  /** What they said, once the person is confirmed. */
  cards_shown: CardShown[];
  /** Where a statement was asked. */
  check: Check | null;
};
export type ConsentState = 'unconfirmed' | 'active' | 'revoked' | 'expired' | 'stale';
export type Consent = {
  grant_id: string;
  request: string;
  state: ConsentState;
  decision: string;
  granted: string[];
  purpose: string[];
  period: { start: string; end: string };
  until: string;
  confirmed_by: string | null;
  delivered: boolean;
  records: number | null;
  exported: boolean;
};
export type Measurement = { value: number; unit: string; low: number | null; high: number | null; code: string };
export type RecordLine = {
  id: string | null;
  type: string;
  title: string;
  detail: string | null;
  date: string | null;
  sensitive: string[];
  measurement: Measurement | null;
};
export type RecordGroup = { group: string; label: string; records: RecordLine[] };
export type Person = { name: string | null; birth_date: string | null; gender: string | null };
export type Readable = { person: Person | null; groups: RecordGroup[]; withheld: number };
export type Ended = { grant_id: string; time: string; reason: 'revoked' | 'ended'; deletion_receipt: boolean; exported: boolean };
export type Health = {
  ledger: { status: string; chain_id: string; registry: string; kept_by: string };
  clock: { status: string; now?: string };
  trust: { status: string; authority?: string; version?: number; expires?: string; development: boolean };
};
/** A card that this station issues. `valid_days`: days; `copies`: how many single-use copies. */
export type CardTemplate = { id: string; title: string; fields: EntryField[]; valid_days: number; copies: number; /** A second person has to approve. */ approval: boolean; /** The card ends with the date in this field, if that is earlier. */ ends_with?: string | null; /** Only statements about a value of this kind are shown of it, by copies that last a few days. */ eligibility?: string | null; /** What is typed is kept sealed for fresh copies. */ refill?: boolean };
export type OfferState = 'waiting' | 'opened' | 'issued' | 'accepted' | 'expired' | 'locked' | 'revoked';
export type CardOffer = { id: string; title: string; state: OfferState; uri: string | null; pin: string | null; created: string; expires: string; by: string; copies: number; tries_left: number; approval: 'needed' | 'given' | null; approved_by: string | null };
/** What a scanned code is: a patient's offer to be asked, the pass of a consent, or the answer to a counter's question. */
export type Scanned = { kind: 'offer'; id: string } | { kind: 'pass'; grant_id: string } | { kind: 'answer' };
/** What changed at the station; `all` when too much did. */
export type Change = { request?: string; counter?: string; consent?: string; card?: string; all?: boolean };

let whenSignedOut: () => void = () => undefined;

/** Called when the station says that nobody is signed in (any more). */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

async function ask(method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const picture = body instanceof Blob;
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      cache: 'no-store',
      credentials: 'same-origin',
      ...(body === undefined ? {} : { headers: { 'content-type': picture ? body.type : 'application/json' }, body: picture ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {})
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, GONE, '', '');
  }
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { error?: { code?: string; message?: string; next?: string; tries_left?: number } };
  const error = said.error ?? {};
  if (response.status === 401 && error.code === 'sign_in_needed') whenSignedOut();
  throw new Refused(response.status, error.code ?? `http_${response.status}`, error.message ?? '', error.next ?? '', error.tries_left ?? null);
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await ask(method, path, body, signal);
  try {
    return (await response.json()) as T;
  } catch (error) {
    // Cut off on the way, such as records whose consent ended while they were handed out.
    if (signal?.aborted) throw error;
    throw new Refused(0, GONE, '', '');
  }
}

const of = (id: string) => encodeURIComponent(id);

/** Everything that the page asks of the station. */
export const api = {
  setup: () => call<Setup>('GET', '/setup'),
  setUp: (given: { secret: string; name: string; username: string; password: string }) => call<Me>('POST', '/setup', given),
  signIn: (username: string, password: string) => call<Me>('POST', '/sign-in', { username, password }),
  signOut: () => call<unknown>('POST', '/sign-out', {}),
  me: () => call<Me>('GET', '/me'),
  staff: () => call<Me[]>('GET', '/staff'),
  addStaff: (given: { name: string; username: string; password: string }) => call<Me>('POST', '/staff', given),
  templates: () => call<Template[]>('GET', '/templates'),
  ask: (template: string) => call<{ id: string; uri: string; expires: string }>('POST', '/requests', { template }),
  /** The same question, sent to the patient whose code was scanned. */
  askFor: (template: string, offer: string) => call<{ id: string }>('POST', '/requests', { template, offer }),
  statements: () => call<Statement[]>('GET', '/statements'),
  check: (id: string, fields: Entered, offer?: string) => call<{ id: string }>('POST', '/requests', { statement: { id, fields }, ...(offer ? { offer } : {}) }),
  /** The same question for a phone without a network. */
  counter: (id: string, fields: Entered) => call<Counter>('POST', '/counter', { statement: { id, fields } }),
  counterAt: (id: string) => call<Counter>('GET', `/counter/${of(id)}`),
  counterPicture: (id: string) => `/api/counter/${of(id)}/qr.svg`,
  counterAnswer: (id: string, text: string) => call<Check>('POST', `/counter/${of(id)}/answer`, { text }),
  scan: (text: string) => call<Scanned>('POST', '/scan', { text }),
  /** The text in a picture (PNG, JPEG) of a code. */
  readCode: (picture: Blob) => call<{ text: string }>('POST', '/read-code', picture),
  cardTemplates: () => call<CardTemplate[]>('GET', '/cards/templates'),
  offers: () => call<CardOffer[]>('GET', '/cards/offers'),
  offer: (id: string) => call<CardOffer>('GET', `/cards/offers/${of(id)}`),
  makeOffer: (template: string, claims: Entered) => call<{ id: string }>('POST', '/cards/offers', { template, claims }),
  importClaims: (template: string, name: string, content: string) => call<{ claims: Entered }>('POST', '/cards/import', { template, name, content }),
  revokeCard: (id: string) => call<unknown>('POST', `/cards/offers/${of(id)}/revoke`, {}),
  approveCard: (id: string) => call<unknown>('POST', `/cards/offers/${of(id)}/approve`, {}),
  offerPicture: (id: string) => `/api/cards/offers/${of(id)}/qr.svg`,
  /** This clinic's own entry, signed by itself, for a patient who adds it by hand. */
  entry: () => call<{ name: string; content: string; fingerprint: string }>('GET', '/entry'),
  requests: () => call<AskedRequest[]>('GET', '/requests'),
  request: (id: string) => call<AskedRequest>('GET', `/requests/${of(id)}`),
  picture: (id: string) => `/api/requests/${of(id)}/qr.svg`,
  confirm: (id: string, code: string) => call<{ state: string }>('POST', `/requests/${of(id)}/confirm`, { code }),
  consents: () => call<Consent[]>('GET', '/consents'),
  /** Written down as a reading of these kinds. */
  person: (grant: string, signal?: AbortSignal) => call<Readable>('GET', `/consents/${of(grant)}/records?view=1&type=Patient`, undefined, signal),
  /** Written down as a reading. */
  records: (grant: string, signal?: AbortSignal) => call<Readable>('GET', `/consents/${of(grant)}/records?view=1`, undefined, signal),
  /** The receipt of a consent, the same as the patient's. */
  receipt: (grant: string, form: 'json' | 'pdf') => `/api/consents/${of(grant)}/receipt.${form}`,
  /** A FHIR Bundle for the clinic's own file; written down as an export. */
  export: async (grant: string, signal?: AbortSignal) => {
    const response = await ask('GET', `/consents/${of(grant)}/export`, undefined, signal);
    return response.blob().catch(() => {
      throw new Refused(0, GONE, '', '');
    });
  },
  reads: (grant: string) => call<unknown[]>('GET', `/consents/${of(grant)}/reads`),
  ended: () => call<Ended[]>('GET', '/revocations'),
  health: () => call<Health>('GET', '/health')
};
