// The tables of docs/ledger-contract.md that are made from other files: `node scripts/tables.mjs write`, or `… check`.
import { readFileSync, writeFileSync } from 'node:fs';
import { mutants } from './mutants.mjs';

const home = new URL('../', import.meta.url);
const page = new URL('../../docs/ledger-contract.md', home);
const gas = JSON.parse(readFileSync(new URL('snapshots/gas.json', home), 'utf8'));

const words = (proof) => proof.replace(/^check_/, '').replaceAll('_', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const number = (text) => Number(text).toLocaleString('en');
const each = (name) => {
  const count = /batch of (\d+)/.exec(name)?.[1];
  return count ? number(Math.round(Number(gas[name]) / Number(count))) : '';
};
const operations = ['grant', 'grant, recorded already', 'batch of 10', 'batch of 100', 'revocation by secret',
  'revocation by signature', 'tombstone by secret', 'first anchor of a log', 'anchor', 'status'];
if (operations.toSorted().join() !== Object.keys(gas).toSorted().join()) throw new Error('snapshots/gas.json has other operations');

const tables = {
  gas: table(['operation', 'gas', 'each'], operations.map((name) => [name, number(gas[name]), each(name)])),
  mutants: table(
    ['fault', 'proof that sees it', 'tests'],
    mutants.map((mutant) => [mutant.fault, words(mutant.proof), mutant.tests === false ? 'can\'t' : 'see it']),
  ),
};

const text = readFileSync(page, 'utf8');
const made = Object.entries(tables).reduce((before, [name, rows]) => {
  const place = new RegExp(`(<!-- ${name}: .*? -->\\n)[^]*?(<!-- end -->)`);
  if (!place.test(before)) throw new Error(`docs/ledger-contract.md has no place for the table of ${name}`);
  return before.replace(place, (_, begin, end) => `${begin}\n${rows}\n\n${end}`);
}, text);

if (process.argv[2] === 'write') writeFileSync(page, made);
else if (made !== text) {
  console.error('docs/ledger-contract.md has other tables than snapshots/gas.json and scripts/mutants.mjs: npm run gas, or npm run tables');
  process.exit(1);
}
