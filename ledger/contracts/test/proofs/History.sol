// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../../src/ConsentRegistry.sol";
import {Symbolic} from "./Symbolic.sol";

/// What no call whatsoever can do: any function, any arguments, any caller, any time, from any state.
contract HistoryProofs is Symbolic {
    function check_revoked_is_final(bytes32 id) public {
        anyState();
        vm.assume(revoked(entry(id)));
        anyCall();
        assert(revoked(entry(id)));
    }

    function check_a_grant_is_recorded_at_most_once(bytes32 id) public {
        anyState();
        uint144 before = entry(id);
        vm.assume(granted(before));
        anyCall();
        uint144 later = entry(id);
        assert(either(later == before, both(!revoked(before), later == before | 0x100)));
    }

    /// What is recorded of a grant is what its subject signed, and fits; so it is active in its window alone, and no
    /// longer than the maximum. True of an empty registry, and no call makes it false.
    function check_what_is_recorded_is_what_was_signed_and_fits(ConsentRegistry.Grant calldata g) public {
        anyState();
        bytes32 id = idOf(g);
        vm.assume(isItself(entry(id), g));
        anyCall();
        assert(isItself(entry(id), g));
    }

    function check_nothing_but_a_revocation_revokes(bytes32 id) public {
        anyState();
        vm.assume(!revoked(entry(id)));
        bytes4 selector = anyCall();
        bool revocation =
            either(selector == registry.revokeBySignature.selector, selector == registry.revokeBySecret.selector);
        assert(either(!revoked(entry(id)), revocation));
    }

    function check_nothing_but_a_grant_grants(bytes32 id) public {
        anyState();
        vm.assume(!granted(entry(id)));
        bytes4 selector = anyCall();
        bool grant = either(selector == registry.grant.selector, selector == registry.grantBatch.selector);
        assert(either(!granted(entry(id)), grant));
    }

    function isItself(uint144 e, ConsentRegistry.Grant calldata g) private view returns (bool) {
        bool same = e >> 16 == recorded(g.notBefore, g.expiry) >> 16;
        return either(!granted(e), both(same, both(g.notBefore < g.expiry, g.expiry <= limit(g))));
    }

    function limit(ConsentRegistry.Grant calldata g) private view returns (uint256) {
        unchecked {
            return uint256(g.notBefore) + max;
        }
    }

    function anyCall() private returns (bytes4) {
        bytes memory data = svm.createCalldata("ConsentRegistry");
        vm.warp(svm.createUint(64, "then"));
        call(data);
        return bytes4(data);
    }
}

/// Kept to show that these proofs can fail. It says what sounds right and is false, because the secret revokes, too;
/// a run that finds no counterexample proves nothing at all.
contract MustFail is Symbolic {
    function check_only_the_subjects_signature_revokes(ConsentRegistry.Grant calldata g, bytes32 secret) public {
        bytes memory signature = svm.createBytes(65, "signature");
        bytes32 id = idOf(g);
        call(abi.encodeCall(registry.revokeBySignature, (g, signature)));
        call(abi.encodeCall(registry.revokeBySecret, (g, secret)));
        assert(!revoked(entry(id)) || signs(g.subject, revocationOf(id), signature));
    }
}
