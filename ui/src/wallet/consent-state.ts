import Ban from '@lucide/svelte/icons/ban';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleX from '@lucide/svelte/icons/circle-x';
import Clock from '@lucide/svelte/icons/clock';
import Hourglass from '@lucide/svelte/icons/hourglass';
import Undo from '@lucide/svelte/icons/undo-2';
import type { Icon, Tone } from '../design/icon';
import { m } from '../paraglide/messages.js';

type Words = { label: string; tone: Tone; icon: Icon };

/** How the state of a consent is said. A state this build does not know is never "active". */
export function consentState(state: string): Words {
  switch (state) {
    case 'requested':
      return { label: m.state_requested(), tone: 'needs', icon: Hourglass };
    case 'sending':
      return { label: m.state_sending(), tone: 'needs', icon: Hourglass };
    case 'granted':
      return { label: m.state_granted(), tone: 'safe', icon: CircleCheck };
    case 'denied':
      return { label: m.state_denied(), tone: 'plain', icon: CircleX };
    case 'failed':
      return { label: m.state_failed(), tone: 'stop', icon: Ban };
    case 'revoking':
      return { label: m.state_revoking(), tone: 'needs', icon: Hourglass };
    case 'revoked':
      return { label: m.state_revoked(), tone: 'stop', icon: Undo };
    case 'expired':
      return { label: m.state_expired(), tone: 'plain', icon: Clock };
    default:
      return { label: m.state_unknown(), tone: 'needs', icon: Hourglass };
  }
}

/** The clinic may read now, or might be able to. */
export function mayRead(state: string): boolean {
  return state === 'granted' || state === 'sending' || state === 'revoking';
}
