import BookAlert from '@lucide/svelte/icons/book-alert';
import BookCheck from '@lucide/svelte/icons/book-check';
import BookOpenCheck from '@lucide/svelte/icons/book-open-check';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import Hourglass from '@lucide/svelte/icons/hourglass';
import OctagonX from '@lucide/svelte/icons/octagon-x';
import { formatList } from '../design/format';
import type { Icon, Tone } from '../design/icon';
import { m } from '../paraglide/messages.js';
import type { ComparedView, RegistryView } from './bindings';

type Words = { label: string; what: string; tone: Tone; icon: Icon };

/** How a record book is said. A state this build does not know is never "unchanged". */
export function registerState({ state, keeper, witnesses, missing, awaited, code, portable }: RegistryView): Words {
  switch (state) {
    case 'kept':
      return { label: m.registers_kept_label(), what: awaited.length > 0 ? m.registers_awaited({ keeper, awaited: formatList(awaited) }) : m.registers_kept({ keeper }), tone: 'safe', icon: BookCheck };
    case 'witnessed':
      return { label: m.registers_witnessed_label(), what: m.registers_witnessed({ keeper, witnesses: formatList(witnesses) }), tone: 'safe', icon: BookOpenCheck };
    case 'unwitnessed':
      return { label: m.registers_unwitnessed_label(), what: m.registers_unwitnessed({ keeper, missing: formatList(missing) }), tone: 'needs', icon: BookAlert };
    case 'broken':
      return { label: portable ? m.registers_broken_label() : m.registers_unfit_label(), what: howBroken(code), tone: 'stop', icon: OctagonX };
    default:
      return { label: m.registers_unknown_label(), what: m.registers_unknown(), tone: 'needs', icon: CircleQuestionMark };
  }
}

/** What is noted in it. */
export const aboutRegister = ({ about }: { about: string }): string => (about === 'reads' ? m.registers_reads() : m.registers_operations());

/** What came of comparing one book with somebody else's. What this build does not know is never "the same". */
export function comparedState({ result, keeper }: ComparedView): Words {
  switch (result) {
    case 'same':
      return { label: m.registers_same_label(), what: m.registers_same(), tone: 'safe', icon: CircleCheck };
    case 'broken':
      return { label: m.registers_differs_label(), what: m.registers_differs({ keeper }), tone: 'stop', icon: OctagonX };
    case 'unreachable':
      return { label: m.registers_silent_label(), what: m.registers_silent({ keeper }), tone: 'needs', icon: Hourglass };
    case 'not_theirs':
      return { label: m.registers_not_theirs_label(), what: m.registers_not_theirs({ keeper }), tone: 'needs', icon: CircleQuestionMark };
    default:
      return { label: m.registers_unknown_label(), what: m.registers_unknown(), tone: 'needs', icon: CircleQuestionMark };
  }
}

/** Which way a book contradicts itself. */
export function howBroken(code: string | null): string {
  const ways: Record<string, () => string> = {
    log_shorter: m.registers_broken_shorter,
    log_two_histories: m.registers_broken_histories,
    log_not_grown: m.registers_broken_not_grown,
    log_anchor_longer: m.registers_broken_anchor,
    log_anchor_broken: m.registers_broken_anchor,
    log_promise_broken: m.registers_broken_promise,
    log_read_missing: m.registers_broken_read_missing,
    log_read_changed: m.registers_broken_read_changed,
    log_read_moved: m.registers_broken_read_moved,
    log_read_broken: m.registers_broken_read
  };
  return (ways[code ?? ''] ?? m.registers_broken_other)();
}

export const isBroken = (register: RegistryView): boolean => register.state === 'broken';

/** What needs the reader first, then by name. */
export function sorted(registers: readonly RegistryView[]): RegistryView[] {
  const first = (one: RegistryView) => (isBroken(one) ? 0 : one.state === 'unwitnessed' ? 1 : 2);
  return [...registers].sort((one, other) => first(one) - first(other) || one.keeper.localeCompare(other.keeper));
}

/** Names of who keeps them, each once. */
export function keepers(registers: readonly RegistryView[]): string {
  return formatList([...new Set(registers.map((one) => one.keeper))]);
}

/**
 * Those that did not answer a look that began at `began`: they are as they were before. An instant is told to the second, and
 * another look may have been there a moment ago.
 */
export function unreached(before: readonly RegistryView[], after: readonly RegistryView[], began: Date): RegistryView[] {
  const known = new Map(before.map((one) => [one.log, one.seen]));
  return after.filter((one) => known.get(one.log) === one.seen && Date.parse(one.seen) < began.getTime() - 1_000);
}
