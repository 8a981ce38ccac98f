// Runs a script of python/ in the virtual environment of the test tools: JSON in, JSON out.
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/carnet/target');

export function python(script, input) {
  const path = fileURLToPath(new URL(`./python/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(join(target, 'tools/python/bin/python'), [path], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script}: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout);
}
