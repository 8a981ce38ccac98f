import Ban from '@lucide/svelte/icons/ban';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import Clock from '@lucide/svelte/icons/clock';
import Hourglass from '@lucide/svelte/icons/hourglass';
import type { Icon, Tone } from '../design/icon';
import { formatFrom, formatUntil, formatWhen } from '../design/format';
import { m } from '../paraglide/messages.js';
import type { CardLine } from './bindings';

type Words = { name: string; label: string; tone: Tone; icon: Icon };

/** How a card stands, the worst first. What was never checked is not called valid, unless it can't be taken back at all. */
export function cardState({ status, validity }: Pick<CardLine, 'status' | 'validity'>): Words {
  if (status.state === 'revoked') return { name: 'revoked', label: m.card_state_revoked(), tone: 'stop', icon: Ban };
  if (status.state === 'ended') return { name: 'ended', label: m.card_state_ended(), tone: 'plain', icon: Clock };
  if (validity === 'expired') return { name: 'expired', label: m.card_state_expired(), tone: 'plain', icon: Clock };
  if (status.state === 'suspended') return { name: 'suspended', label: m.card_state_suspended(), tone: 'needs', icon: Hourglass };
  if (validity === 'not_yet') return { name: 'not_yet', label: m.card_state_not_yet(), tone: 'needs', icon: Hourglass };
  if (validity === 'valid' && (status.state === 'valid' || status.state === 'none')) return { name: 'valid', label: m.card_state_valid(), tone: 'safe', icon: CircleCheck };
  return { name: 'unchecked', label: m.card_state_unchecked(), tone: 'plain', icon: CircleHelp };
}

/** Whether it was taken back, in a sentence. */
export function cardStatus({ status }: Pick<CardLine, 'status'>, now: Date): string {
  switch (status.state) {
    case 'valid':
      return status.as_of ? m.card_status_valid_as_of({ when: formatWhen(status.as_of, now) }) : m.card_status_valid();
    case 'revoked':
      return m.card_status_revoked();
    case 'suspended':
      return m.card_status_suspended();
    case 'ended':
      return m.card_status_ended();
    case 'none':
      return m.card_status_none();
    default:
      return status.as_of ? m.card_status_unchecked({ when: formatWhen(status.as_of, now) }) : m.card_status_unchecked_ever();
  }
}

/** From when until when, in a few words; nothing of what was taken back. */
export function cardTimes({ status, validity, from, until }: Pick<CardLine, 'status' | 'validity' | 'from' | 'until'>, now: Date): string {
  if (status.state === 'revoked' || status.state === 'ended') return '';
  if (until && validity === 'expired') return m.card_was_until({ until: formatUntil(until, now) });
  if (from && validity === 'not_yet') return m.card_from({ from: formatFrom(from, now) });
  return until ? m.card_until({ until: formatUntil(until, now) }) : m.card_no_end();
}

/** The issuer's name is that of the list of organisations, or none at all. */
export function cardIssuer({ issuer }: Pick<CardLine, 'issuer'>): string {
  if (issuer.name) return m.card_by({ issuer: issuer.name });
  return issuer.own ? m.card_by_you() : m.card_by_unlisted();
}

const RECEIPTS = ['urn:carnet:consent-receipt:1', 'ConsentReceipt'];

/** What it is, in the reader's language where this build knows the type. */
export function cardTitle({ kind, title }: Pick<CardLine, 'kind' | 'title'>): string {
  return RECEIPTS.includes(kind) ? m.card_receipt() : title;
}

/** A value as people write it: moments as moments. */
export function claimValue(value: string, now: Date): string {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? formatWhen(value, now) : value;
}
