// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Symbolic} from "./Symbolic.sol";

/// What somebody said of a log stays said, is theirs alone, and has nothing to do with grants.
contract AnchorsProofs is Symbolic {
    struct Said {
        uint256 size; // the whole slot: nothing else stands in it
        bytes32 root;
    }

    function check_an_anchor_is_taken_if_the_log_did_not_shrink_or_change(
        bytes32 log,
        uint64 size,
        bytes32 root,
        address other,
        bytes32 otherLog
    ) public {
        anyState();
        address by = address(uint160(svm.createUint(160, "by")));
        vm.assume(either(other != by, otherLog != log));
        Said memory before = said(by, log);
        Said memory others = said(other, otherLog);
        vm.assume(before.size <= type(uint64).max);

        vm.prank(by);
        (bool ok,) = address(registry).call(abi.encodeCall(registry.anchor, (log, size, root)));

        bool same = both(size == before.size, root == before.root);
        assert(ok == either(size > before.size, same));
        Said memory afterwards = said(by, log);
        assert(afterwards.size == (ok ? size : before.size));
        assert(afterwards.root == (ok ? root : before.root));
        assert(equal(said(other, otherLog), others));
    }

    function check_an_anchor_touches_no_grant(bytes32 log, uint64 size, bytes32 root, bytes32 id) public {
        anyState();
        uint144 before = entry(id);
        call(abi.encodeCall(registry.anchor, (log, size, root)));
        assert(entry(id) == before);
    }

    /// Whatever is called, by whomever.
    function check_what_is_anchored_neither_shrinks_nor_changes(address by, bytes32 log) public {
        anyState();
        Said memory before = said(by, log);
        vm.assume(before.size <= type(uint64).max);
        call(svm.createCalldata("ConsentRegistry"));
        Said memory afterwards = said(by, log);
        assert(either(afterwards.size > before.size, equal(afterwards, before)));
    }

    function check_nobody_else_moves_an_anchor(address by, bytes32 log) public {
        anyState();
        Said memory before = said(by, log);
        address caller = address(uint160(svm.createUint(160, "caller")));
        vm.assume(caller != by);
        bytes memory data = svm.createCalldata("ConsentRegistry");
        vm.prank(caller);
        (bool ok,) = address(registry).call(data);
        ok;
        assert(equal(said(by, log), before));
    }

    function check_an_anchor_is_read_as_it_stands(address by, bytes32 log) public {
        anyState();
        Said memory expected = said(by, log);
        (uint64 size, bytes32 root) =
            abi.decode(answer(abi.encodeCall(registry.anchorOf, (log, by))), (uint64, bytes32));
        assert(both(size == uint64(expected.size), root == expected.root));
    }

    function check_a_new_registry_has_no_anchor(address by, bytes32 log) public view {
        assert(equal(said(by, log), Said(0, 0)));
    }

    function said(address by, bytes32 log) private view returns (Said memory) {
        bytes32 slot = keccak256(abi.encode(log, keccak256(abi.encode(by, uint256(1)))));
        return Said(
            uint256(vm.load(address(registry), slot)), vm.load(address(registry), bytes32(uint256(slot) + 1))
        );
    }

    function equal(Said memory a, Said memory b) private pure returns (bool) {
        return both(a.size == b.size, a.root == b.root);
    }
}
