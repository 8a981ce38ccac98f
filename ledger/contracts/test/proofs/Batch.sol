// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../../src/ConsentRegistry.sol";
import {Symbolic} from "./Symbolic.sol";

/// A batch is its grants, one after the other: so one that is refused changes nothing but its own answer.
contract BatchProofs is Symbolic {
    function check_a_batch_is_its_grants_one_by_one(
        ConsentRegistry.Grant calldata a,
        ConsentRegistry.Grant calldata b,
        bytes32 other
    ) public {
        anyState();
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = wellFormed("signature");
        signatures[1] = wellFormed("signature");
        (bytes32 idA, bytes32 idB) = (idOf(a), idOf(b));
        vm.assume(both(idA != idB, both(other != idA, other != idB)));
        (uint144 beforeA, uint144 beforeB, uint144 others) = (entry(idA), entry(idB), entry(other));

        ConsentRegistry.Grant[] memory both_ = new ConsentRegistry.Grant[](2);
        (both_[0], both_[1]) = (a, b);
        bytes4[] memory reasons =
            abi.decode(answer(abi.encodeCall(registry.grantBatch, (both_, signatures))), (bytes4[]));

        assert((reasons[0] == 0) == grants(a, signatures[0], beforeA));
        assert((reasons[1] == 0) == grants(b, signatures[1], beforeB));
        assert(entry(idA) == afterwards(a, reasons[0] == 0, beforeA));
        assert(entry(idB) == afterwards(b, reasons[1] == 0, beforeB));
        assert(entry(other) == others);
    }

    /// In the one form: that no other is taken is another proof, and would multiply the paths of this one.
    function wellFormed(string memory name) private returns (bytes memory) {
        bytes memory signature = svm.createBytes(65, name);
        signature[32] &= 0x3f;
        signature[64] = bytes1(uint8(27));
        return signature;
    }

    function check_a_batch_of_none_changes_nothing(bytes32 id) public {
        anyState();
        uint144 before = entry(id);
        answer(abi.encodeCall(registry.grantBatch, (new ConsentRegistry.Grant[](0), new bytes[](0))));
        assert(entry(id) == before);
    }
}
