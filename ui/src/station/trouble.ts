import { m } from '../paraglide/messages.js';
import { GONE, Refused } from './api';

/** What a person at the desk hears when something failed. */
export type Trouble = { code: string; what: string; next: string };

/** The station says for itself what happened; only its silence needs words from here. */
export function trouble(error: unknown): Trouble {
  if (error instanceof Refused && error.code !== GONE && error.message) return { code: error.code, what: error.message, next: error.next };
  return { code: error instanceof Refused ? error.code : 'unknown', what: m.st_gone_title(), next: m.st_gone_next() };
}
