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
export type Template = { id: string; title: string; purpose: string[]; items: Item[]; days: number; retention_days: number; data_since: string | null };
export type RequestState = 'waiting' | 'opened' | 'answered' | 'confirmed' | 'denied' | 'expired' | 'locked';
export type AskedRequest = {
  id: string;
  state: RequestState;
  template: string | null;
  title: string | null;
  purpose: string[];
  days: number;
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
/** What changed at the station; `all` when too much did. */
export type Change = { request?: string; consent?: string; all?: boolean };

let whenSignedOut: () => void = () => undefined;

/** Called when the station says that nobody is signed in (any more). */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

async function ask(method: 'GET' | 'POST', path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      cache: 'no-store',
      credentials: 'same-origin',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
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
