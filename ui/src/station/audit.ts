import { formatList, kind } from '../design';
import { m } from '../paraglide/messages.js';

/** One reading, out of a FHIR R4 AuditEvent. */
export type Reading = { when: string; who: string; what: string; how: 'read' | 'export' | 'break_glass' };

type Coded = { code?: string; display?: string };
type AuditEvent = {
  recorded?: string;
  subtype?: Coded[];
  action?: string;
  purposeOfEvent?: { coding?: Coded[] }[];
  agent?: { requestor?: boolean; name?: string; who?: { display?: string } }[];
  entity?: { name?: string; description?: string; detail?: { type?: string; valueString?: string }[] }[];
};

/** Kinds that an event names, wherever it names them; what is not a kind (an id, say) is left out. */
function kinds(event: AuditEvent): string[] {
  const said = (event.entity ?? []).flatMap((one) => [one.name, one.description, ...(one.detail ?? []).map((detail) => detail.valueString)]);
  const words = said.flatMap((text) => (text ?? '').split(/[\s,;]+/)).filter((word) => kind(word).name !== kind('other').name || word === 'other');
  return [...new Set(words)];
}

function how(event: AuditEvent): Reading['how'] {
  const codes = [...(event.subtype ?? []), ...(event.purposeOfEvent ?? []).flatMap((one) => one.coding ?? [])].map((one) => `${one.code ?? ''} ${one.display ?? ''}`.toLowerCase());
  if (codes.some((code) => code.includes('btg') || code.includes('break'))) return 'break_glass';
  // ISO 21089 calls a copy that leaves the system a disclosure.
  return codes.some((code) => code.startsWith('disclose')) ? 'export' : 'read';
}

/** What the page shows of an event; one that can't be read is still a line, with what is known. */
export function reading(event: unknown): Reading {
  const audit = (event ?? {}) as AuditEvent;
  const person = audit.agent?.find((one) => one.requestor) ?? audit.agent?.[0];
  const found = kinds(audit);
  return {
    when: audit.recorded ?? '',
    who: person?.who?.display ?? person?.name ?? '',
    what: found.length > 0 ? formatList(found.map((one) => kind(one).inline)) : '',
    how: how(audit)
  };
}

export function howInWords(how: Reading['how']): string {
  return { read: m.st_reads_read, export: m.st_reads_export, break_glass: m.st_reads_breakglass }[how]();
}
