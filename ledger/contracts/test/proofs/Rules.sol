// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../../src/ConsentRegistry.sol";
import {Symbolic} from "./Symbolic.sol";

/// What each function does, exactly: when it succeeds, what it leaves, and that it leaves everything else alone.
contract RulesProofs is Symbolic {
    function check_a_new_registry_holds_nothing(bytes32 id) public view {
        assert(entry(id) == 0);
    }

    function check_status_follows_the_entry_and_the_clock(bytes32 id) public {
        anyState();
        uint144 e = entry(id);
        uint256 time = block.timestamp;
        ConsentRegistry.Status status =
            abi.decode(answer(abi.encodeCall(registry.statusOf, id)), (ConsentRegistry.Status));
        assert((status == ConsentRegistry.Status.Revoked) == revoked(e));
        assert((status == ConsentRegistry.Status.None) == (!revoked(e) && !granted(e)));
        if (status == ConsentRegistry.Status.Pending) assert(time < uint64(e >> 16));
        if (status == ConsentRegistry.Status.Active) assert(uint64(e >> 16) <= time && time < uint64(e >> 80));
        if (status == ConsentRegistry.Status.Expired) assert(uint64(e >> 80) <= time);
    }

    function check_a_grant_needs_the_subjects_signature_and_a_fitting_window(
        ConsentRegistry.Grant calldata g,
        bytes32 other
    ) public {
        anyState();
        bytes memory signature = svm.createBytes(65, "signature");
        bytes32 id = idOf(g);
        vm.assume(other != id);
        uint144 before = entry(id);
        uint144 others = entry(other);

        bool ok = call(abi.encodeCall(registry.grant, (g, signature)));

        assert(ok == grants(g, signature, before));
        assert(entry(id) == afterwards(g, ok, before));
        assert(entry(other) == others);
    }

    function check_revoking_by_signature_needs_the_subjects(ConsentRegistry.Grant calldata g, bytes32 other) public {
        anyState();
        bytes memory signature = svm.createBytes(65, "signature");
        bytes32 id = idOf(g);
        vm.assume(other != id);
        uint144 before = entry(id);
        uint144 others = entry(other);

        bool ok = call(abi.encodeCall(registry.revokeBySignature, (g, signature)));

        assert(ok == signs(g.subject, revocationOf(id), signature));
        assert(entry(id) == (ok && !revoked(before) ? before | 0x100 : before));
        assert(entry(other) == others);
    }

    function check_revoking_by_secret_needs_the_secret(
        ConsentRegistry.Grant calldata g,
        bytes32 secret,
        bytes32 other
    ) public {
        anyState();
        bytes32 id = idOf(g);
        vm.assume(other != id);
        uint144 before = entry(id);
        uint144 others = entry(other);

        bool ok = call(abi.encodeCall(registry.revokeBySecret, (g, secret)));

        assert(ok == (keccak256(bytes.concat("carnet-revoke-v1", secret)) == g.revokeHash));
        assert(entry(id) == (ok && !revoked(before) ? before | 0x100 : before));
        assert(entry(other) == others);
    }

    /// Lengths around the right one stand for all the wrong ones.
    function check_a_signature_has_65_bytes(ConsentRegistry.Grant calldata g) public {
        anyState();
        uint8[5] memory lengths = [1, 64, 66, 96, 97];
        assert(!call(abi.encodeCall(registry.grant, (g, ""))));
        assert(!call(abi.encodeCall(registry.revokeBySignature, (g, ""))));
        for (uint256 i = 0; i < lengths.length; ++i) {
            bytes memory signature = svm.createBytes(lengths[i], "signature");
            assert(!call(abi.encodeCall(registry.grant, (g, signature))));
            assert(!call(abi.encodeCall(registry.revokeBySignature, (g, signature))));
        }
    }

    function check_ids_and_digests_are_those_of_eip_712(ConsentRegistry.Grant calldata g, bytes32 id) public {
        assert(bytes32(answer(abi.encodeCall(registry.grantIdOf, g))) == idOf(g));
        assert(bytes32(answer(abi.encodeCall(registry.revocationDigestOf, id))) == revocationOf(id));
    }
}
