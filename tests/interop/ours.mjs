// Carnet's side of a conversation: one process that answers a line of JSON with a line of JSON.
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/carnet/target');

export class Ours {
  #child = spawn(join(target, 'debug/carnet-interop'), { stdio: ['pipe', 'pipe', 'inherit'] });
  #waiting = [];

  constructor() {
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
    this.#child.on('exit', () => this.#waiting.splice(0).forEach((answer) => answer({ error: 'the process ended' })));
  }

  /** `{ok: …}` or `{error: code}`. */
  ask(op, input) {
    return new Promise((answer) => {
      this.#waiting.push(answer);
      this.#child.stdin.write(`${JSON.stringify({ op, input })}\n`);
    });
  }

  /** What it answered; throws if it refused. */
  async ok(op, input) {
    const answer = await this.ask(op, input);
    if (!('ok' in answer)) throw new Error(`Carnet refused ${op}: ${answer.error}`);
    return answer.ok;
  }

  /** Throws unless it refused with this code. */
  async refuses(op, input, code) {
    const answer = await this.ask(op, input);
    if (answer.error !== code) throw new Error(`expected ${code} of ${op}, got ${JSON.stringify(answer)}`);
  }

  end() {
    this.#child.stdin.end();
  }
}
