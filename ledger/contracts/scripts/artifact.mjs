// `node scripts/artifact.mjs build` writes artifact/ConsentRegistry.json; `… check` compares it with a fresh build, byte for byte.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { artifact, name } from './solidity.mjs';

const home = new URL('../', import.meta.url);
const file = new URL('artifact/ConsentRegistry.json', home);

const built = artifact(readFileSync(new URL(name, home), 'utf8'));
if (process.argv[2] === 'build') {
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, built);
} else if (readFileSync(file, 'utf8') !== built) {
  console.error(`artifact/ConsentRegistry.json is not what ${name} compiles to: npm run build`);
  process.exit(1);
}
