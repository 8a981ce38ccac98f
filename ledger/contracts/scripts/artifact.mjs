// `node scripts/artifact.mjs build` writes artifact/ConsentRegistry.json; `… check` compares it with a fresh build, byte for byte.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import solc from 'solc';

const home = new URL('../', import.meta.url);
const artifact = new URL('artifact/ConsentRegistry.json', home);
const source = 'src/ConsentRegistry.sol';

function build() {
  const input = {
    language: 'Solidity',
    sources: { [source]: { content: readFileSync(new URL(source, home), 'utf8') } },
    settings: {
      evmVersion: 'london',
      optimizer: { enabled: true, runs: 10000 },
      // No metadata hash: the bytecode depends on the code alone.
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { ConsentRegistry: ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors?.length) {
    throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'));
  }
  const { abi, evm } = output.contracts[source].ConsentRegistry;
  return `${JSON.stringify({
    contractName: 'ConsentRegistry',
    compiler: solc.version(),
    settings: { evmVersion: 'london', optimizerRuns: 10000 },
    abi,
    bytecode: { object: `0x${evm.bytecode.object}` },
    deployedBytecode: { object: `0x${evm.deployedBytecode.object}` },
  }, null, 2)}\n`;
}

const built = build();
if (process.argv[2] === 'build') {
  mkdirSync(new URL('.', artifact), { recursive: true });
  writeFileSync(artifact, built);
} else if (readFileSync(artifact, 'utf8') !== built) {
  console.error('artifact/ConsentRegistry.json is not what src/ConsentRegistry.sol compiles to: npm run build');
  process.exit(1);
}
