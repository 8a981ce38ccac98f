// Other people's software against Carnet's: each row is one format, one tool, one direction. Prints the table; fails if a row does.
// A row returns nothing when both sides accept what they should and refuse what they should, and throws otherwise.
import { readdir } from 'node:fs/promises';
import { Ours } from './ours.mjs';

// Each program that a row starts is ended with this one.
process.setMaxListeners(100);
const only = process.argv[2];
const folder = new URL('./cases/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
const ours = new Ours();
let failed = 0;
const lines = [];
for (const file of files) {
  const { rows } = await import(new URL(file, folder));
  for (const { format, tool, direction, run } of rows) {
    if (only && !file.startsWith(only)) continue;
    let verdict = 'ok';
    try {
      await run(ours);
    } catch (error) {
      failed += 1;
      verdict = `FAILED: ${error.message}`;
    }
    lines.push([format, tool, direction, verdict]);
  }
}
ours.end();
const head = ['format', 'tool', 'direction', 'result'];
const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => (i < 3 ? line[i].length : 0))));
for (const line of [head, ...lines]) console.log(line.map((cell, i) => cell.padEnd(widths[i])).join('  '));
console.log(`\n${lines.length - failed} of ${lines.length} rows agree`);
process.exit(failed || !lines.length ? 1 : 0);
