import type { RecordLine } from './bindings';
import { kind } from '../design/groups';

/** A line of the records screen: a heading, or a record. */
export type Row = { heading: string; count: number } | { record: RecordLine };

/** Grouped by kind in the order a person looks for them; inside, newest first, undated last. */
export function browse(records: readonly RecordLine[], only: string, search: string): Row[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const kept = new Map<string, RecordLine[]>();
  for (const record of records) {
    if (only !== 'all' && record.group !== only) continue;
    const text = `${record.title} ${record.detail ?? ''} ${record.date ?? ''}`.toLocaleLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    kept.set(record.group, [...(kept.get(record.group) ?? []), record]);
  }
  return [...kept]
    .sort(([one], [other]) => kind(one).order - kind(other).order)
    .flatMap(([group, lines]) => [{ heading: group, count: lines.length }, ...lines.sort(newestFirst).map((record) => ({ record }))]);
}

function newestFirst(one: RecordLine, other: RecordLine): number {
  return (other.date ?? '').localeCompare(one.date ?? '');
}

/** The kinds there are, with how many of each. */
export function kinds(records: readonly RecordLine[]): { group: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { group } of records) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts].map(([group, count]) => ({ group, count })).sort((one, other) => kind(one.group).order - kind(other.group).order);
}
