// How ConsentRegistry is compiled, in one place.
import solc from 'solc';

export const name = 'src/ConsentRegistry.sol';

/** The committed artefact's text for a source; throws with the compiler's words. */
export function artifact(source) {
  const input = {
    language: 'Solidity',
    sources: { [name]: { content: source } },
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
  const { abi, evm } = output.contracts[name].ConsentRegistry;
  return `${JSON.stringify({
    contractName: 'ConsentRegistry',
    compiler: solc.version(),
    settings: { evmVersion: 'london', optimizerRuns: 10000 },
    abi,
    bytecode: { object: `0x${evm.bytecode.object}` },
    deployedBytecode: { object: `0x${evm.deployedBytecode.object}` },
  }, null, 2)}\n`;
}
