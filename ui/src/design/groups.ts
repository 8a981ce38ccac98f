import Activity from '@lucide/svelte/icons/heart-pulse';
import CalendarCheck from '@lucide/svelte/icons/calendar-check';
import ClipboardList from '@lucide/svelte/icons/clipboard-list';
import Contact from '@lucide/svelte/icons/contact';
import FileText from '@lucide/svelte/icons/file-text';
import FlaskConical from '@lucide/svelte/icons/flask-conical';
import Folder from '@lucide/svelte/icons/folder';
import Library from '@lucide/svelte/icons/library';
import ListChecks from '@lucide/svelte/icons/list-checks';
import NotebookText from '@lucide/svelte/icons/notebook-text';
import Pill from '@lucide/svelte/icons/pill';
import Receipt from '@lucide/svelte/icons/receipt-text';
import ShieldAlert from '@lucide/svelte/icons/shield-alert';
import Stethoscope from '@lucide/svelte/icons/stethoscope';
import Syringe from '@lucide/svelte/icons/syringe';
import User from '@lucide/svelte/icons/user';
import Wrench from '@lucide/svelte/icons/scissors-line-dashed';
import type { Icon } from './icon';
import { m } from '../paraglide/messages.js';

type Kind = { icon: Icon; /** As a heading: "Medicines". */ name: () => string; /** In a sentence: "medicines". */ inline: () => string };

/** The kinds of records, in the order a person looks for them. */
const KINDS: Record<string, Kind> = {
  person: { icon: User, name: m.group_person, inline: m.group_person_inline },
  medicines: { icon: Pill, name: m.group_medicines, inline: m.group_medicines_inline },
  allergies: { icon: ShieldAlert, name: m.group_allergies, inline: m.group_allergies_inline },
  conditions: { icon: Stethoscope, name: m.group_conditions, inline: m.group_conditions_inline },
  laboratory: { icon: FlaskConical, name: m.group_laboratory, inline: m.group_laboratory_inline },
  vitals: { icon: Activity, name: m.group_vitals, inline: m.group_vitals_inline },
  vaccinations: { icon: Syringe, name: m.group_vaccinations, inline: m.group_vaccinations_inline },
  procedures: { icon: Wrench, name: m.group_procedures, inline: m.group_procedures_inline },
  visits: { icon: CalendarCheck, name: m.group_visits, inline: m.group_visits_inline },
  notes: { icon: NotebookText, name: m.group_notes, inline: m.group_notes_inline },
  reports: { icon: FileText, name: m.group_reports, inline: m.group_reports_inline },
  plans: { icon: ListChecks, name: m.group_plans, inline: m.group_plans_inline },
  administrative: { icon: Receipt, name: m.group_administrative, inline: m.group_administrative_inline },
  directory: { icon: Contact, name: m.group_directory, inline: m.group_directory_inline },
  other: { icon: Folder, name: m.group_other, inline: m.group_other_inline },
  everything: { icon: Library, name: m.group_everything, inline: m.group_everything_inline },
  observations: { icon: ClipboardList, name: m.group_observations, inline: m.group_observations_inline }
};

const ORDER = Object.keys(KINDS);

/** The kinds that a record can be of, in that order. */
export const KINDS_IN_ORDER: readonly string[] = ORDER.filter((group) => group !== 'everything' && group !== 'observations');

/** How a kind of records is called and drawn; a kind this build does not know is "other records". */
export function kind(group: string): { icon: Icon; name: string; inline: string; order: number } {
  const known = KINDS[group] ?? (KINDS.other as Kind);
  return { icon: known.icon, name: known.name(), inline: known.inline(), order: group in KINDS ? ORDER.indexOf(group) : ORDER.length };
}

/** Why a record counts as sensitive, in words. */
export function sensitivity(reason: string): string {
  const words: Record<string, () => string> = {
    mental_health: m.sensitive_mental_health,
    sexual_reproductive: m.sensitive_sexual_reproductive,
    substance_use: m.sensitive_substance_use,
    genetics: m.sensitive_genetics,
    hiv: m.sensitive_hiv,
    violence: m.sensitive_violence,
    restricted: m.sensitive_restricted
  };
  return (words[reason] ?? m.sensitive_restricted)();
}

/** What the records are wanted for (HL7 v3 ActReason), as it continues "asks to see your records …". */
export function purpose(code: string): string {
  const words: Record<string, () => string> = {
    TREAT: m.purpose_treat,
    ETREAT: m.purpose_etreat,
    CAREMGT: m.purpose_caremgt,
    HPAYMT: m.purpose_hpaymt,
    COVERAGE: m.purpose_coverage,
    HOPERAT: m.purpose_hoperat,
    HRESCH: m.purpose_hresch,
    PUBHLTH: m.purpose_pubhlth,
    PATRQT: m.purpose_patrqt,
    FAMRQT: m.purpose_famrqt,
    HMARKT: m.purpose_hmarkt
  };
  return words[code]?.() ?? m.purpose_other({ code });
}
