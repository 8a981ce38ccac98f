import { said, type Said } from './errors';
import { session } from './session.svelte';

/** One thing that a screen asks of the core: under way, refused, or done. */
export class Attempt {
  busy = $state(false);
  trouble: Said | null = $state(null);

  /** True when it was done. Nothing is asked twice at once. */
  async make(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.trouble = null;
    try {
      await act();
      return true;
    } catch (error) {
      this.trouble = said(error);
      if (this.trouble.code === 'locked') await session.look().catch(() => undefined);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
