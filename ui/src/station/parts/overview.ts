import { api, type AskedRequest, type Consent } from '../api';

/** A consent with the request it answers, which says when, by whom and for what it was asked. */
export type Known = { consent: Consent; asked: AskedRequest | null };

/** Every consent, newest first. */
export async function overview(): Promise<Known[]> {
  const [consents, requests] = await Promise.all([api.consents(), api.requests()]);
  const asked = new Map(requests.map((one) => [one.id, one]));
  return consents.map((consent) => ({ consent, asked: asked.get(consent.request) ?? null }));
}
