import type { AnswerView, VaultView } from './bindings';
import { core, onChanged } from './core';

/** How often the core hears that somebody is here, ms. */
const HERE_EVERY = 10_000;

/** What every screen may look at: the vault's door, the clock, and "something moved". */
class Session {
  vault: VaultView | null = $state(null);
  /** The 24 words, between making the vault and having seen them; nowhere else. */
  words: string[] | null = $state(null);
  /** Grows when the background moved; screens load anew when it does. */
  moved = $state(0);
  /** The clock that screens count down by. */
  now = $state(new Date());
  /** The last answer given, for the screen that sums it up. */
  answered: { verifier: string; view: AnswerView } | null = $state(null);
  /** What the Records screen was showing, for coming back to it. */
  browsing = { kind: 'all', search: '', scroll: 0 };

  start(): () => void {
    const ticking = setInterval(() => (this.now = new Date()), 1000);
    const stop = onChanged(() => {
      this.moved += 1;
      void this.look();
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
    if (!vault.unlocked) {
      this.words = null;
      this.answered = null;
      this.browsing = { kind: 'all', search: '', scroll: 0 };
    }
    this.vault = vault;
  }
}

export const session = new Session();
