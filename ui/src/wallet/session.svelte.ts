import type { AnswerView, CounterAnswerView, ProfileView, RestoredView, VaultView } from './bindings';
import { core, onChanged } from './core';

/** A card that was shown: which, and what of it by name, never what it said. */
export type ShownCard = { title: string; claims: string[] };

/** How often the core hears that somebody is here, ms. */
const HERE_EVERY = 10_000;

/** Which way in the person chose before the wallet is open. `null`: what the vault's state asks for. */
export type Door = 'create' | 'forgotten' | 'restore' | 'words' | 'older' | null;

const BROWSING = { kind: 'all', search: '', scroll: 0 };

/** What every screen may look at: the vault's door, who acts, the clock, and "something moved". */
class Session {
  vault: VaultView | null = $state(null);
  door: Door = $state(null);
  /** The 24 words, between making the vault and having seen them; nowhere else. */
  words: string[] | null = $state(null);
  /** What a restore brought, until it was read. */
  restored: RestoredView | null = $state(null);
  /** Everybody whose booklet this is; empty while it is shut. */
  people: ProfileView[] = $state([]);
  /** Names of the organisations that the patient added by hand: each is marked wherever it stands. */
  added: ReadonlySet<string> = $state.raw(new Set());
  /** Somebody said, since it was opened, for whom it is used. */
  chosen = $state(false);
  /** Grows when the background moved; screens load anew when it does. */
  moved = $state(0);
  /** The clock that screens count down by. */
  now = $state(new Date());
  /** The last answer given, for the screen that sums it up. */
  answered: { verifier: string; /** None where nothing was sent. */ view: AnswerView | null; cards: ShownCard[]; proved: { says: string; learns: string[] }[] } | null = $state(null);
  /** The answer made for a counter without a network: a copy was used up for it, so it is there again when one comes back. */
  counter: { id: string; verifier: string; view: CounterAnswerView } | null = $state(null);
  /** A link that another program handed over, until it is looked at. It asks; it never answers. */
  link: string | null = $state(null);
  /** From which screen somebody looked at a clinic, for going back there. */
  lookedFrom: string | null = $state(null);
  /** What the Records screen was showing, for coming back to it. */
  browsing = { ...BROWSING };
  /** A switch that somebody here asked for is under way. */
  #switching = false;
  /** For whom each question was opened. Only they can answer it. */
  #openedFor = new Map<string, number>();

  /** Who acts now. */
  get acting(): ProfileView | null {
    return this.people.find((one) => one.acting) ?? this.people[0] ?? null;
  }

  get several(): boolean {
    return this.people.length > 1;
  }

  start(): () => void {
    const ticking = setInterval(() => (this.now = new Date()), 1000);
    const stop = onChanged(() => {
      this.moved += 1;
      // A screen that needs the core will say what is wrong with it.
      void this.look().catch(() => undefined);
    });
    let told = 0;
    const here = () => {
      if (!this.vault?.unlocked || Date.now() - told < HERE_EVERY) return;
      told = Date.now();
      void core.stillHere().catch(() => undefined);
    };
    addEventListener('pointerdown', here);
    addEventListener('keydown', here);
    return () => {
      clearInterval(ticking);
      stop();
      removeEventListener('pointerdown', here);
      removeEventListener('keydown', here);
    };
  }

  /** Looks at the door again; forgets what was shown when it is shut. */
  async look(): Promise<void> {
    const vault = await core.vaultState();
    if (vault.unlocked) {
      const [people, parties] = await Promise.all([core.profiles(), core.parties().catch(() => [])]);
      this.added = new Set(parties.filter((one) => one.added_by_you).map((one) => one.name));
      const before = this.acting?.number;
      this.people = people;
      // Nobody is taken for another: when somebody else acts and nobody here chose it, it is asked again.
      if (before !== undefined && before !== this.acting?.number && !this.#switching) this.chosen = false;
    } else {
      this.words = null;
      this.people = [];
      this.chosen = false;
      this.#forget();
    }
    this.vault = vault;
  }

  /** From now on this person acts, and nothing of the other stays on screen. */
  async act(number: number): Promise<void> {
    this.#switching = true;
    try {
      if (this.acting?.number !== number) {
        await core.switchProfile(number);
        this.#forget();
      }
      await this.look();
      this.chosen = true;
      this.moved += 1;
    } finally {
      this.#switching = false;
    }
  }

  /** For whom a question was opened: whoever acts when it is first looked at. */
  openedFor(question: string): number {
    const opened = this.#openedFor.get(question) ?? this.acting?.number ?? 0;
    this.#openedFor.set(question, opened);
    return opened;
  }

  #forget(): void {
    this.answered = null;
    this.counter = null;
    this.link = null;
    this.browsing = { ...BROWSING };
  }
}

export const session = new Session();
