import { KINDS_IN_ORDER } from '../design/groups';
import type { Group, RecordsFilter, RecordLine } from './bindings';
import { core } from './core';

/** How many lines are asked for at once. */
export const PAGE = 100;

export type Ask = (filter: RecordsFilter, offset: number, limit: number) => Promise<{ total: number; lines: RecordLine[] }>;

/** The pages, by number, that hold the lines from `first` to `last` (of `total`). */
export function pagesOf(first: number, last: number, total: number): number[] {
  const from = Math.max(0, Math.floor(first / PAGE));
  const to = Math.floor(Math.min(last, total - 1) / PAGE);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
}

/** Records under one filter, fetched page by page as they come near; what is not near yet is not here. */
export class Browsing {
  /** How many fit; null until the first answer. */
  total: number | null = $state(null);
  #lines: Record<number, RecordLine> = $state({});
  #asked = new Set<number>();
  #turn = 0;
  #filter: RecordsFilter = { resource_type: null, group: null, text: null };
  readonly #ask: Ask;

  constructor(ask: Ask = core.recordsPage) {
    this.#ask = ask;
  }

  at(place: number): RecordLine | undefined {
    return this.#lines[place];
  }

  /** Begins anew with this filter. What is on screen stays until the first page is there. */
  async show(filter: RecordsFilter): Promise<void> {
    const turn = ++this.#turn;
    this.#filter = filter;
    this.#asked = new Set([0]);
    const { total, lines } = await this.#ask(filter, 0, PAGE);
    if (turn !== this.#turn) return;
    this.#lines = { ...lines };
    this.total = total;
  }

  /** Fetches what is missing between these places. */
  async near(first: number, last: number): Promise<void> {
    const turn = this.#turn;
    const missing = pagesOf(first, last, this.total ?? 0).filter((page) => !this.#asked.has(page));
    missing.forEach((page) => this.#asked.add(page));
    for (const page of missing) {
      try {
        const { lines } = await this.#ask(this.#filter, page * PAGE, PAGE);
        if (turn !== this.#turn) return;
        lines.forEach((line, index) => (this.#lines[page * PAGE + index] = line));
      } catch (error) {
        this.#asked.delete(page);
        throw error;
      }
    }
  }
}

/** The kinds that there are records of, with how many, in the order a person looks for them. */
export async function kinds(ask: Ask = core.recordsPage): Promise<{ group: string; count: number }[]> {
  const counted = await Promise.all(KINDS_IN_ORDER.map(async (group) => ({ group, count: (await ask({ resource_type: null, group: group as Group, text: null }, 0, 0)).total })));
  return counted.filter((one) => one.count > 0);
}
