import type { Task, TaskProgress } from './bindings';
import { core, CoreError, onProgress } from './core';

/** The one long task that can run, as far as the core told. */
class LongTask {
  now: TaskProgress | null = $state(null);
  /** It was asked to end, and has not yet. */
  ending = $state(false);

  start(): () => void {
    return onProgress((progress) => (this.now = progress));
  }

  /** It runs already, begun on a screen that was left meanwhile. */
  runs(task: Task): boolean {
    return this.now?.task === task;
  }

  /** Runs a command that takes long. `null` when the person ended it. */
  async run<T>(task: Task, command: () => Promise<T>): Promise<T | null> {
    this.now = { task, done: 0, total: null };
    this.ending = false;
    try {
      return await command();
    } catch (error) {
      if (error instanceof CoreError && error.view.code === 'cancelled') return null;
      throw error;
    } finally {
      this.now = null;
      this.ending = false;
    }
  }

  async cancel(): Promise<void> {
    this.ending = true;
    await core.cancelTask().catch(() => (this.ending = false));
  }
}

export const task = new LongTask();
