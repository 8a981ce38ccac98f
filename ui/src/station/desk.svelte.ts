import { SvelteSet } from 'svelte/reactivity';
import { api, onSignedOut, Refused, type Change, type Me, type Setup } from './api';
import { matched } from './matched';

/** Who sits at the desk, and what the station says by itself. */
class Desk {
  setup: Setup | null = $state(null);
  me: Me | null = $state(null);
  /** Signed out by the station or by a button, not merely not yet signed in. */
  left = $state(false);
  gone = $state(false);
  /** The template picked last: the next patient in the queue often needs the same. */
  template: string | null = $state(null);

  /** The counter's question asked last, and an answer that was read elsewhere than on its page. */
  counter: string | null = null;
  answer: string | null = null;

  /** Requests that went to a patient whose code was scanned: there is nothing to show them. */
  readonly sent = new SvelteSet<string>();

  #is(role: string): boolean {
    return this.setup?.station.roles.includes(role) === true;
  }

  /** A pharmacy asks whether something is so. */
  get checks(): boolean {
    return this.#is('pharmacy');
  }

  get issues(): boolean {
    return this.#is('issuer');
  }

  /** A clinic asks for records; whoever only issues cards, or only checks, does not. */
  get records(): boolean {
    return this.#is('clinic') || !(this.checks || this.issues);
  }

  #stream: EventSource | null = null;
  readonly #listeners = new Set<(change: Change) => void>();

  async look(): Promise<void> {
    onSignedOut(() => this.out());
    try {
      this.setup = await api.setup();
      this.me = await api.me().catch((error: unknown) => {
        if (error instanceof Refused && error.status === 401) return null;
        throw error;
      });
      this.gone = false;
    } finally {
      if (this.me) this.#listen();
    }
  }

  in(me: Me): void {
    this.me = me;
    this.left = false;
    if (this.setup) this.setup.needed = false;
    this.#listen();
  }

  /** Nothing of a patient stays: every screen goes with the person. */
  out(): void {
    if (this.me) this.left = true;
    this.me = null;
    this.template = null;
    this.counter = null;
    this.answer = null;
    this.sent.clear();
    matched.clear();
    this.#stream?.close();
    this.#stream = null;
  }

  /** Calls back at each change, and with `all` whenever something may have been missed. Returns how to stop. */
  hear(act: (change: Change) => void): () => void {
    this.#listeners.add(act);
    return () => this.#listeners.delete(act);
  }

  #tell(change: Change): void {
    for (const act of this.#listeners) act(change);
  }

  #listen(): void {
    if (this.#stream) return;
    const stream = new EventSource('/api/events');
    this.#stream = stream;
    let broken = false;
    stream.onopen = () => {
      this.gone = false;
      if (broken) this.#tell({ all: true });
      broken = false;
    };
    stream.onerror = () => {
      broken = true;
      this.gone = true;
      // A refusal (signed out, say) ends an EventSource for good; a station that comes back may still know us.
      if (stream.readyState === EventSource.CLOSED && this.#stream === stream) {
        this.#stream = null;
        setTimeout(() => void this.#again(), 3000);
      }
    };
    stream.onmessage = (message: MessageEvent<string>) => this.#tell(JSON.parse(message.data) as Change);
  }

  async #again(): Promise<void> {
    if (!this.me || this.#stream) return;
    try {
      await api.me();
      this.gone = false;
      this.#listen();
      this.#tell({ all: true });
    } catch {
      if (this.me) setTimeout(() => void this.#again(), 3000);
    }
  }
}

export const desk = new Desk();
