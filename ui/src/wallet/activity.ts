import Archive from '@lucide/svelte/icons/archive';
import ArchiveRestore from '@lucide/svelte/icons/archive-restore';
import Ban from '@lucide/svelte/icons/ban';
import BookOpen from '@lucide/svelte/icons/book-open-text';
import BadgeCheck from '@lucide/svelte/icons/badge-check';
import BadgeX from '@lucide/svelte/icons/badge-x';
import CircleX from '@lucide/svelte/icons/circle-x';
import Download from '@lucide/svelte/icons/download';
import Eye from '@lucide/svelte/icons/eye';
import History from '@lucide/svelte/icons/history';
import IdCard from '@lucide/svelte/icons/id-card';
import KeyRound from '@lucide/svelte/icons/key-round';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Mail from '@lucide/svelte/icons/mail';
import MessageCircleQuestion from '@lucide/svelte/icons/message-circle-question-mark';
import Printer from '@lucide/svelte/icons/printer';
import ReceiptText from '@lucide/svelte/icons/receipt-text';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import ShieldCheck from '@lucide/svelte/icons/shield-check';
import ShieldX from '@lucide/svelte/icons/shield-x';
import Undo from '@lucide/svelte/icons/undo-2';
import UserMinus from '@lucide/svelte/icons/user-minus';
import UserPlus from '@lucide/svelte/icons/user-plus';
import { formatDay } from '../design/format';
import type { Icon, Tone } from '../design/icon';
import { m } from '../paraglide/messages.js';
import type { ActivityLine } from './bindings';

type Happening = { words: (line: { who: string }) => string; icon: Icon; tone: Tone };

const HAPPENINGS: Record<string, Happening> = {
  imported: { words: m.act_imported, icon: BookOpen, tone: 'safe' },
  asked: { words: m.act_asked, icon: MessageCircleQuestion, tone: 'plain' },
  granted: { words: m.act_granted, icon: Mail, tone: 'safe' },
  proved: { words: m.act_proved, icon: ShieldCheck, tone: 'safe' },
  shown: { words: m.act_shown, icon: IdCard, tone: 'safe' },
  denied: { words: m.act_denied, icon: CircleX, tone: 'plain' },
  failed: { words: m.act_failed, icon: Ban, tone: 'stop' },
  revoked: { words: m.act_revoked, icon: Undo, tone: 'stop' },
  refused: { words: m.act_refused, icon: ShieldX, tone: 'stop' },
  read: { words: m.act_read, icon: Eye, tone: 'plain' },
  trust_updated: { words: m.act_trust_updated, icon: ListChecks, tone: 'plain' },
  profile_added: { words: m.act_profile_added, icon: UserPlus, tone: 'plain' },
  profile_removed: { words: m.act_profile_removed, icon: UserMinus, tone: 'stop' },
  passphrase_changed: { words: m.act_passphrase_changed, icon: KeyRound, tone: 'plain' },
  passphrase_refused: { words: m.act_passphrase_refused, icon: KeyRound, tone: 'stop' },
  passphrase_reset: { words: m.act_passphrase_reset, icon: KeyRound, tone: 'needs' },
  key_rotated: { words: m.act_key_rotated, icon: RefreshCw, tone: 'safe' },
  backup_made: { words: m.act_backup_made, icon: Archive, tone: 'safe' },
  recovered: { words: m.act_recovered, icon: ArchiveRestore, tone: 'needs' },
  restored: { words: m.act_restored, icon: ArchiveRestore, tone: 'needs' },
  older_copy_accepted: { words: m.act_older_copy_taken, icon: History, tone: 'needs' },
  log_exported: { words: m.act_log_exported, icon: Download, tone: 'plain' },
  slip_made: { words: m.act_slip_made, icon: Printer, tone: 'plain' },
  credential_issued: { words: m.act_credential_issued, icon: ReceiptText, tone: 'plain' },
  credential_imported: { words: m.act_credential_imported, icon: BadgeCheck, tone: 'safe' },
  registry_broken: { words: m.act_registry_broken, icon: ShieldX, tone: 'stop' },
  credential_removed: { words: m.act_credential_removed, icon: BadgeX, tone: 'plain' }
};

/** How something that happened is drawn and said; what this build does not know is said as such, never left out. */
export function happening(what: string): Happening {
  return HAPPENINGS[what] ?? { words: m.act_other, icon: History, tone: 'plain' };
}

/** Lines by day, in the order they came. */
export function byDay(lines: readonly ActivityLine[]): { day: string; lines: ActivityLine[] }[] {
  const days: { day: string; lines: ActivityLine[] }[] = [];
  for (const line of lines) {
    const day = formatDay(line.when);
    const last = days.at(-1);
    if (last?.day === day) last.lines.push(line);
    else days.push({ day, lines: [line] });
  }
  return days;
}
