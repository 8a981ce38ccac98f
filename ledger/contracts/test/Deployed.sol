// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Vm} from "./Vm.sol";

/// Makes registries from the committed artefact: what is tested and proved is what the ledgers run, byte for byte.
/// `CARNET_REGISTRY` names another file, for mutants.
abstract contract Deployed {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function deploy(uint64 maximum) internal returns (ConsentRegistry made) {
        bytes memory code = bytes.concat(creationCode(), abi.encode(maximum));
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function creationCode() internal view returns (bytes memory) {
        return vm.getCode(vm.envOr("CARNET_REGISTRY", string("artifact/ConsentRegistry.json")));
    }
}
