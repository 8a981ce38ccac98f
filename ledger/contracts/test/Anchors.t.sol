// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Vm} from "./Vm.sol";
import {Registry} from "./Registry.sol";

contract ConsentRegistryAnchorsTest is Registry {
    bytes32 private constant LOG = keccak256("log");
    address private constant KEEPER = address(0x1000);
    address private constant STRANGER = address(0x2000);

    function test_a_log_of_which_nobody_spoke_has_no_entries() public {
        expectAnchor(LOG, KEEPER, 0, 0);
        registry.anchor(LOG, 0, 0);
        vm.expectRevert(ConsentRegistry.OtherRoot.selector);
        registry.anchor(LOG, 0, keccak256("root"));
    }

    function test_an_anchor_moves_on_with_its_log_and_is_told_in_an_event() public {
        vm.recordLogs();
        say(KEEPER, 7, "seven");
        say(KEEPER, type(uint64).max, "all");
        expectAnchor(LOG, KEEPER, type(uint64).max, "all");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == 2, "one event an anchor");
        require(logs[0].topics.length == 3 && logs[0].topics[0] == ConsentRegistry.Anchored.selector, "anchored");
        require(logs[0].topics[1] == LOG, "log");
        require(logs[0].topics[2] == bytes32(uint256(uint160(KEEPER))), "by");
        require(keccak256(logs[0].data) == keccak256(abi.encode(uint64(7), bytes32("seven"))), "rest");
    }

    function test_the_same_again_succeeds_and_changes_nothing() public {
        say(KEEPER, 7, "seven");
        vm.recordLogs();
        say(KEEPER, 7, "seven");
        require(vm.getRecordedLogs().length == 0, "no second event");
    }

    function test_a_log_does_not_shrink_and_has_one_root_for_each_size() public {
        say(KEEPER, 7, "seven");
        vm.expectRevert(ConsentRegistry.WouldShrink.selector);
        say(KEEPER, 6, "six");
        vm.expectRevert(ConsentRegistry.WouldShrink.selector);
        say(KEEPER, 0, 0);
        vm.expectRevert(ConsentRegistry.OtherRoot.selector);
        say(KEEPER, 7, "another");
        expectAnchor(LOG, KEEPER, 7, "seven");
    }

    function test_what_a_stranger_says_of_a_log_neither_counts_nor_stands_in_the_way() public {
        say(STRANGER, type(uint64).max, "spoilt");
        expectAnchor(LOG, KEEPER, 0, 0);
        say(KEEPER, 7, "seven");
        expectAnchor(LOG, KEEPER, 7, "seven");
        expectAnchor(LOG, STRANGER, type(uint64).max, "spoilt");
    }

    /// Anchors of any log, also of one named like a grant, leave every grant where it stands.
    function testFuzz_an_anchor_moves_no_grant(uint8 how, uint64 size, bytes32 root, uint64 when) public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = registry.grantIdOf(g);
        if (how % 4 > 0) give(g);
        if (how % 4 > 1) registry.revokeBySecret(g, SECRET);
        vm.warp(when);
        ConsentRegistry.Status before = registry.statusOf(id);
        if (size == 0) root = 0;
        registry.anchor(id, size, root);
        vm.prank(g.subject);
        registry.anchor(id, size, root);
        expectStatus(id, before);
    }

    /// Whatever two senders say, in whatever order: each stands at the largest that they said first.
    function testFuzz_each_sender_stands_at_their_largest(uint8[12] calldata sizes, uint8[12] calldata roots) public {
        uint64[2] memory size;
        bytes32[2] memory root;
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 who = i % 2;
            (uint64 said, bytes32 as_) = (sizes[i] % 8, bytes32(uint256(roots[i] % 3)));
            bytes4 expected = said < size[who]
                ? ConsentRegistry.WouldShrink.selector
                : said == size[who] && as_ != root[who] ? ConsentRegistry.OtherRoot.selector : bytes4(0);
            if (expected == 0) (size[who], root[who]) = (said, as_);
            else vm.expectRevert(expected);
            say(who == 0 ? KEEPER : STRANGER, said, as_);
            expectAnchor(LOG, KEEPER, size[0], root[0]);
            expectAnchor(LOG, STRANGER, size[1], root[1]);
        }
    }

    function say(address by, uint64 size, bytes32 root) private {
        vm.prank(by);
        registry.anchor(LOG, size, root);
    }

    function expectAnchor(bytes32 log, address by, uint64 size, bytes32 root) private view {
        (uint64 size_, bytes32 root_) = registry.anchorOf(log, by);
        require(size_ == size && root_ == root, "anchor");
    }
}
