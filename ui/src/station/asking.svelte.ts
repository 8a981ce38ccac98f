import type { Entered, Statement } from './api';
import { blank, entered, wrong, type Typed } from './entry';

const KEPT = 'carnet-check';

/** Which question was asked last at this desk, and with which limits: nothing of a patient. */
type Last = { id: string; typed: Typed };

/** The last question, for the next patient in the queue; also after the page was loaded anew. */
export function lastAsked(): Last | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Partial<Last> | null;
    return typeof kept?.id === 'string' && typeof kept.typed === 'object' && kept.typed !== null ? { id: kept.id, typed: kept.typed } : null;
  } catch {
    return null;
  }
}

/** A question that is being put together: which statement, with which limits. */
export class Asking {
  readonly statements: Statement[];
  id: string | null = $state(null);
  typed: Record<string, Typed> = $state({});
  /** What is wrong is said from the first try on. */
  tried = $state(false);

  /** The last one first, with the limits that it had. */
  constructor(statements: Statement[]) {
    const last = lastAsked();
    this.statements = statements.toSorted((one, other) => Number(other.id === last?.id) - Number(one.id === last?.id));
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    for (const one of statements) {
      const before = one.id === last?.id ? last.typed : {};
      this.typed[one.id] = Object.fromEntries(Object.entries(blank(one.fields)).map(([name, begins]) => [name, one.fields.find((field) => field.name === name)?.kind === 'date' ? begins : text(before[name]) || begins]));
    }
    this.id = this.statements[0]?.id ?? null;
  }

  get statement(): Statement | null {
    return this.statements.find((one) => one.id === this.id) ?? null;
  }

  /** What is asked, if everything has its form; kept for the next patient. */
  take(): { id: string; fields: Entered } | null {
    this.tried = true;
    const one = this.statement;
    const typed = one ? this.typed[one.id] : undefined;
    if (!one || !typed || one.fields.some((field) => wrong(field, typed) !== null)) return null;
    try {
      localStorage.setItem(KEPT, JSON.stringify({ id: one.id, typed } satisfies Last));
    } catch {
      // A browser that keeps nothing: then nothing is remembered.
    }
    return { id: one.id, fields: entered(one.fields, typed) };
  }
}
