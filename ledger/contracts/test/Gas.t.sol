// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Registry} from "./Registry.sol";

/// What one transaction costs, all told, and what the first look at a status costs. The figures are kept in
/// `snapshots/`: another figure fails.
/// forge-config: default.isolate = true
contract ConsentRegistryGas is Registry {
    function test_gas_grant() public {
        ConsentRegistry.Grant memory g = fits();
        bytes memory s = signature(g);
        registry.grant(g, s);
        vm.snapshotGasLastCall("gas", "grant");
        registry.grant(g, s);
        vm.snapshotGasLastCall("gas", "grant, recorded already");
    }

    function test_gas_revocation_by_signature() public {
        ConsentRegistry.Grant memory g = fits();
        give(g);
        bytes memory s = revocation(g);
        registry.revokeBySignature(g, s);
        vm.snapshotGasLastCall("gas", "revocation by signature");
    }

    function test_gas_revocation_by_secret() public {
        ConsentRegistry.Grant memory g = fits();
        give(g);
        registry.revokeBySecret(g, SECRET);
        vm.snapshotGasLastCall("gas", "revocation by secret");
    }

    function test_gas_tombstone() public {
        registry.revokeBySecret(fits(), SECRET);
        vm.snapshotGasLastCall("gas", "tombstone by secret");
    }

    function test_gas_status() public {
        bytes32 id = give(fits());
        registry.statusOf(id);
        vm.snapshotGasLastCall("gas", "status");
    }

    function test_gas_anchor() public {
        registry.anchor(keccak256("log"), 1, keccak256("one"));
        vm.snapshotGasLastCall("gas", "first anchor of a log");
        registry.anchor(keccak256("log"), 2, keccak256("two"));
        vm.snapshotGasLastCall("gas", "anchor");
    }

    function test_gas_batch() public {
        batch(10, "batch of 10");
        batch(100, "batch of 100");
    }

    function batch(uint256 count, string memory name) private {
        ConsentRegistry.Grant[] memory grants = new ConsentRegistry.Grant[](count);
        bytes[] memory signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            grants[i] = fits();
            grants[i].commitment = keccak256(abi.encode(count, i));
            signatures[i] = signature(grants[i]);
        }
        registry.grantBatch(grants, signatures);
        vm.snapshotGasLastCall("gas", name);
    }
}
