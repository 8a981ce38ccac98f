import { formatUntil, countdown } from '../design/format';
import { m } from '../paraglide/messages.js';
import type { Need } from './bindings';
import { href } from './route.svelte';

/** One thing that waits for the patient: what it is, and where it is dealt with. */
export function need(one: Need, now: Date): { words: string; href: string; who?: string } {
  switch (one.kind) {
    case 'revocation_unconfirmed':
      return { words: m.need_revocation({ verifier: one.verifier }), href: href('consents', one.consent_id), who: one.verifier };
    case 'question_open':
      return {
        words: m.need_question({ verifier: one.verifier, left: countdown(one.expires, now).words }),
        href: href('question', one.request_id),
        who: one.verifier
      };
    case 'ends_soon':
      return { words: m.need_ends({ verifier: one.verifier, when: formatUntil(one.end, now) }), href: href('consents', one.consent_id), who: one.verifier };
    case 'trust_expires':
      return { words: m.need_trust({ when: formatUntil(one.when, now) }), href: href('settings') };
    case 'sharing_failed':
      return { words: m.need_failed({ verifier: one.verifier }), href: href('consents', one.consent_id), who: one.verifier };
  }
}
