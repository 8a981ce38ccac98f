import type { RecordLine } from './api';

/** The same measurement over time, oldest first. */
export type Course = { code: string; unit: string; low: number | null; high: number | null; points: { date: string; value: number }[] };

/**
 * Courses of at least two values, each under its newest record. Values in another unit are another course: a line drawn
 * through both would lie. `records` come newest first.
 */
export function courses(records: RecordLine[]): Map<RecordLine, Course> {
  const same = new Map<string, RecordLine[]>();
  for (const record of records) {
    if (!record.measurement?.code || !record.date) continue;
    const key = `${record.measurement.code} ${record.measurement.unit}`;
    same.set(key, [...(same.get(key) ?? []), record]);
  }
  const found = new Map<RecordLine, Course>();
  for (const [key, all] of same) {
    const newest = all[0];
    if (!newest?.measurement || all.length < 2) continue;
    const { unit, low, high } = newest.measurement;
    const points = all.toReversed().flatMap((one) => (one.date && one.measurement ? [{ date: one.date, value: one.measurement.value }] : []));
    found.set(newest, { code: key, unit, low, high, points });
  }
  return found;
}
