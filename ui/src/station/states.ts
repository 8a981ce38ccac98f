import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleDashed from '@lucide/svelte/icons/circle-dashed';
import Eye from '@lucide/svelte/icons/eye';
import Hash from '@lucide/svelte/icons/hash';
import Hourglass from '@lucide/svelte/icons/hourglass';
import OctagonX from '@lucide/svelte/icons/octagon-x';
import QrCode from '@lucide/svelte/icons/qr-code';
import Send from '@lucide/svelte/icons/send';
import TimerOff from '@lucide/svelte/icons/timer-off';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import type { Icon, Tone } from '../design/icon';
import { m } from '../paraglide/messages.js';
import type { ConsentState, OfferState, RequestState } from './api';

type Look = { tone: Tone; icon: Icon; label: () => string };

const REQUEST: Record<RequestState, Look> = {
  waiting: { tone: 'plain', icon: QrCode, label: m.st_state_waiting },
  opened: { tone: 'safe', icon: Eye, label: m.st_state_opened },
  recording: { tone: 'needs', icon: Hourglass, label: m.st_state_recording },
  answered: { tone: 'needs', icon: Hash, label: m.st_state_answered },
  confirmed: { tone: 'safe', icon: CircleCheck, label: m.st_state_confirmed },
  denied: { tone: 'stop', icon: OctagonX, label: m.st_state_denied },
  expired: { tone: 'plain', icon: Hourglass, label: m.st_state_expired },
  locked: { tone: 'stop', icon: TimerOff, label: m.st_state_locked }
};

const OFFER: Record<OfferState, Look> = {
  waiting: { tone: 'plain', icon: QrCode, label: m.st_offer_waiting },
  opened: { tone: 'needs', icon: Eye, label: m.st_offer_opened },
  issued: { tone: 'safe', icon: Send, label: m.st_offer_issued },
  accepted: { tone: 'safe', icon: CircleCheck, label: m.st_offer_accepted },
  expired: { tone: 'plain', icon: Hourglass, label: m.st_offer_expired },
  locked: { tone: 'stop', icon: TimerOff, label: m.st_offer_locked },
  revoked: { tone: 'stop', icon: OctagonX, label: m.st_offer_revoked }
};

const CONSENT: Record<ConsentState, Look> = {
  active: { tone: 'safe', icon: CircleCheck, label: m.st_consent_active },
  unconfirmed: { tone: 'needs', icon: CircleDashed, label: m.st_consent_unconfirmed },
  stale: { tone: 'needs', icon: TriangleAlert, label: m.st_consent_stale },
  revoked: { tone: 'stop', icon: OctagonX, label: m.st_consent_revoked },
  expired: { tone: 'plain', icon: Hourglass, label: m.st_consent_expired }
};

// A state that a newer station may send is drawn as the first of its kind.
export const requestLook = (state: RequestState): Look => REQUEST[state] ?? REQUEST.waiting;
export const offerLook = (state: OfferState): Look => OFFER[state] ?? OFFER.waiting;
export const consentLook = (state: ConsentState): Look => CONSENT[state] ?? CONSENT.unconfirmed;
