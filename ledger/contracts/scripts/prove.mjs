// Proves the contract, then breaks it on purpose: `scripts/prove` at the top of the checkout sets the scene.
// `prove.mjs proofs` and `prove.mjs mutants` run one half.
// Fails if a proof fails or runs out of time, if a mutant lives, if a proof can't fail, or if what must fail doesn't.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mutants } from './mutants.mjs';
import { artifact, name } from './solidity.mjs';

const run = promisify(execFile);
const home = fileURLToPath(new URL('../', import.meta.url));
const forge = join(home, 'node_modules/@foundry-rs/forge-linux-amd64/bin/forge');
const halmosHome = join(process.env.CARGO_TARGET_DIR, 'tools/halmos');
const scratch = join(home, 'out/mutants');
const minutes = 60_000;
// As halmos answers.
const [PASS, COUNTEREXAMPLE] = [0, 1];
const answers = ['proved', 'counterexample', 'OUT OF TIME', 'STUCK', 'NOTHING REACHED', 'ERROR'];

const problems = [];
const problem = (text) => problems.push(text);

// halmos builds by itself. It was built just now, and two builds at once would trip over each other.
const built = join(home, 'out/built');

async function command(file, args, env, limit) {
  try {
    const { stdout } = await run(file, args, { cwd: home, env: { ...process.env, ...env }, timeout: limit, maxBuffer: 1 << 28 });
    return { code: 0, stdout };
  } catch (error) {
    return { code: error.killed ? 'timeout' : (error.code ?? 'signal'), stdout: error.stdout ?? '', stderr: error.stderr ?? '' };
  }
}

/** Runs proofs whose names begin with `prefix`; each as {name, contract, answer, seconds, paths, complete}. */
async function halmos(label, prefix, contract, registry) {
  const report = join(scratch, `${label}.halmos.json`);
  rmSync(report, { force: true });
  const env = {
    PATH: [built, join(halmosHome, 'bin'), process.env.PATH].join(delimiter),
    HOME: halmosHome, // it keeps a folder at home
    CARNET_REGISTRY: registry,
  };
  const args = ['--match-contract', contract, '--function', prefix, '--json-output', report];
  if (registry !== undefined) args.push('--early-exit');
  else delete env.CARNET_REGISTRY;
  const { code, stderr } = await command(join(halmosHome, 'bin/halmos'), args, env, 15 * minutes);
  if (code !== 0 && code !== 1) throw new Error(`halmos was stopped (${code}) at ${label}: ${stderr ?? ''}`);
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).test_results;
  } catch {
    throw new Error(`halmos gave no report (${code}) for ${label}: ${stderr ?? ''}`);
  }
  return Object.entries(results).flatMap(([where, tests]) =>
    tests.map((test) => ({
      name: test.name.replace(/\(.*/, ''),
      contract: where.split(':').at(-1),
      answer: test.exitcode,
      seconds: test.time?.[0] ?? 0,
      paths: test.num_paths?.[0] ?? 0,
      complete: test.num_bounded_loops === 0,
    })),
  );
}

/** Names of the tests that fail on a mutant. */
async function tests(registry) {
  const env = {
    CARNET_REGISTRY: registry,
    FOUNDRY_FUZZ_RUNS: '128',
    FOUNDRY_INVARIANT_RUNS: '2',
    // That they fail is enough: neither made small nor kept.
    FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT: '0',
    FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: `${registry}.failures`,
    FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: `${registry}.failures`,
  };
  const { code, stdout } = await command(forge, ['test', '--json', '--no-match-contract', 'Gas'], env, 10 * minutes);
  if (code !== 0 && code !== 1) throw new Error(`forge ended with ${code} for ${registry}`);
  const suites = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{"test/')));
  return Object.values(suites).flatMap((suite) =>
    Object.entries(suite.test_results).filter(([, test]) => test.status === 'Failure').map(([test]) => test.replace(/\(.*/, '')),
  );
}

async function inParallel(jobs) {
  const waiting = jobs.entries();
  const results = [];
  const worker = async () => {
    for (const [index, job] of waiting) results[index] = await job();
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return results;
}

const table = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
};
const words = (proof) => proof.replace(/^check_/, '').replaceAll('_', ' ');

async function proofs() {
  const groups = [['Anchors', 'check_'], ['Batch', 'check_'], ['History', 'check_'], ['Rules', 'check_'], ['MustFail', 'check_']];
  const results = (await inParallel(groups.map(([group, prefix]) => () => halmos(group, prefix, `^${group}(Proofs)?$`)))).flat();
  table([
    ['proof', 'answer', 'seconds', 'paths'],
    ...results.map((proof) => [
      words(proof.name),
      answers[proof.answer] + (proof.complete ? '' : ', LOOP CUT OFF') + (proof.contract === 'MustFail' ? ' (as it must)' : ''),
      proof.seconds.toFixed(1),
      String(proof.paths),
    ]),
  ]);
  for (const proof of results) {
    const expected = proof.contract === 'MustFail' ? COUNTEREXAMPLE : PASS;
    if (proof.answer !== expected || !proof.complete) problem(`proof: ${words(proof.name)}: ${answers[proof.answer]}`);
  }
  if (!results.some((proof) => proof.contract === 'MustFail')) problem('the property that must fail was not run');
  const able = new Set(mutants.map((mutant) => mutant.proof));
  for (const name of able) {
    if (!results.some((proof) => proof.name === name)) problem(`proof was not run: ${words(name)}`);
  }
  for (const proof of results) {
    if (proof.contract !== 'MustFail' && !able.has(proof.name)) problem(`no mutant shows that this proof can fail: ${words(proof.name)}`);
  }
}

async function broken(mutant, index) {
  const source = readFileSync(join(home, name), 'utf8');
  if (source.split(mutant.from).length !== 2) throw new Error(`the place of "${mutant.fault}" is not once in the source`);
  const registry = `out/mutants/${index}.json`;
  writeFileSync(join(home, registry), artifact(source.replace(mutant.from, () => mutant.to)));
  const failed = await tests(registry);
  const answer = (await halmos(String(index), `${mutant.proof}\\(`, 'Proofs$', registry)).map((proof) => proof.answer);
  return { mutant, failed, answer };
}

async function kill() {
  const results = await inParallel(mutants.map((mutant, index) => () => broken(mutant, index)));
  table([
    ['mutant', 'tests that see it', 'proof that sees it'],
    ...results.map(({ mutant, failed, answer }) => [
      mutant.fault,
      failed.length === 0 ? (mutant.tests === false ? 'none (not visible)' : 'NONE') : `${failed.length}: ${failed[0]}`,
      answer.includes(COUNTEREXAMPLE) ? words(mutant.proof) : `NONE (${answer.map((code) => answers[code]).join()})`,
    ]),
  ]);
  for (const { mutant, failed, answer } of results) {
    if (failed.length === 0 && mutant.tests !== false) problem(`no test sees: ${mutant.fault}`);
    if (answer.length !== 1 || answer[0] !== COUNTEREXAMPLE) problem(`its proof does not see: ${mutant.fault}`);
  }
  console.log(`\n${results.length} mutants.`);
}

const started = Date.now();
rmSync(scratch, { recursive: true, force: true });
for (const folder of [scratch, built]) mkdirSync(folder, { recursive: true });
rmSync(join(built, 'forge'), { force: true });
symlinkSync('/bin/true', join(built, 'forge'));
const build = await command(forge, ['build'], {}, 10 * minutes);
if (build.code !== 0) {
  console.error(build.stdout, build.stderr);
  process.exit(1);
}
const part = process.argv[2] ?? 'all';
if (part !== 'mutants') await proofs();
console.log();
if (part !== 'proofs') await kill();
console.log(`${Math.round((Date.now() - started) / 1000)} s in all.`);
if (problems.length > 0) {
  console.error(`\nNot proved:\n${problems.map((text) => `  ${text}`).join('\n')}`);
  process.exit(1);
}
