// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Vm} from "./Vm.sol";
import {Registry} from "./Registry.sol";

/// Four subjects with four grants each, three relayers and a stranger with a key of his own do what they like, in any
/// order, while the clock runs. Beside it a second book is kept, in the simplest way that is right.
contract Actors is Registry {
    uint256 private constant SUBJECTS = 4;
    uint256 private constant GRANTS = 16;
    uint256 private constant STRANGER = 0xBAD;

    struct Book {
        bool granted;
        bool revoked;
        uint8 grantedEvents;
        uint8 revokedEvents;
        bool wasRevoked;
    }

    Book[GRANTS] private books;
    ConsentRegistry.Grant[GRANTS] private known;
    bytes32[GRANTS] private id;

    /// What each of the three relayers said of each of two logs last.
    uint64[6] private sizes;
    bytes32[6] private roots;

    uint64 private time = NOW;
    bool private revived;

    constructor(ConsentRegistry registry_) {
        registry = registry_;
        // From a short one in the past to one that is too long.
        uint64[4] memory lengths = [uint64(1 hours), 1 days, MAX, MAX + 1];
        for (uint64 i = 0; i < GRANTS; ++i) {
            uint64 start = NOW - 12 hours + (i / 4) * 8 hours;
            known[i] = ConsentRegistry.Grant(
                vm.addr(keyOf(i)), keccak256(abi.encode(i)), start, start + lengths[i % 4], revokeHash(secretOf(i))
            );
            id[i] = registry_.grantIdOf(known[i]);
        }
    }

    function setUp() public override {}

    function grants(uint256 which, uint256 relayer) external {
        which %= GRANTS;
        submit(relayer, abi.encodeCall(registry.grant, (known[which], signed(id[which], keyOf(which)))), give(which));
    }

    function grants_together(uint256 first, uint256 forged, uint256 relayer) external {
        ConsentRegistry.Grant[] memory batch = new ConsentRegistry.Grant[](3);
        bytes[] memory signatures = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 which = (first % GRANTS + i) % GRANTS;
            batch[i] = known[which];
            bool false_ = forged % 4 == i;
            signatures[i] = signed(id[which], false_ ? STRANGER : keyOf(which));
            if (!false_) give(which);
        }
        submit(relayer, abi.encodeCall(registry.grantBatch, (batch, signatures)), true);
    }

    function revokes_by_signature(uint256 which, uint256 relayer) external {
        which %= GRANTS;
        bytes memory right = signed(registry.revocationDigestOf(id[which]), keyOf(which));
        books[which].revoked = true;
        submit(relayer, abi.encodeCall(registry.revokeBySignature, (known[which], right)), true);
    }

    function revokes_by_secret(uint256 which, uint256 relayer) external {
        which %= GRANTS;
        books[which].revoked = true;
        submit(relayer, abi.encodeCall(registry.revokeBySecret, (known[which], secretOf(which))), true);
    }

    /// Of a log that grew, shrank or was changed; one of the two is named like a grant.
    function anchors(uint256 which, uint64 size, uint256 root, uint256 relayer) external {
        which = which % 2 + 2 * (relayer % 3);
        size %= 20;
        bytes32 root_ = bytes32(root % 2);
        bool fits_ = size > sizes[which] || (size == sizes[which] && root_ == roots[which]);
        if (fits_) (sizes[which], roots[which]) = (size, root_);
        submit(relayer, abi.encodeCall(registry.anchor, (id[which % 2], size, root_)), fits_);
    }

    /// With a key or a secret that is not of this grant; also with the signature of the other operation.
    function stranger_tries(uint256 which, uint256 how, uint256 key) external {
        which %= GRANTS;
        ConsentRegistry.Grant memory g = known[which];
        key = key % 2 == 0 ? STRANGER : keyOf(which) + 1;
        bytes32 digest = registry.revocationDigestOf(id[which]);
        bytes[5] memory calls = [
            abi.encodeCall(registry.grant, (g, signed(id[which], key))),
            abi.encodeCall(registry.grant, (g, signed(digest, keyOf(which)))),
            abi.encodeCall(registry.revokeBySignature, (g, signed(digest, key))),
            abi.encodeCall(registry.revokeBySignature, (g, signed(id[which], keyOf(which)))),
            abi.encodeCall(registry.revokeBySecret, (g, secretOf(which + 1)))
        ];
        submit(key, calls[how % 5], false);
    }

    /// Minutes most of the time, so that windows are met; now and then months.
    function clock_runs(uint256 by) external {
        time += uint64(by % 8 == 0 ? by % 40 days : by % 3 hours);
    }

    /// Every grant stands where the second book says, at this time and at any other.
    function compare(uint64 then) external {
        vm.warp(then);
        for (uint256 i = 0; i < GRANTS; ++i) {
            ConsentRegistry.Grant storage g = known[i];
            ConsentRegistry.Status expected = books[i].revoked
                ? ConsentRegistry.Status.Revoked
                : !books[i].granted
                    ? ConsentRegistry.Status.None
                    : then < g.notBefore
                        ? ConsentRegistry.Status.Pending
                        : then < g.expiry ? ConsentRegistry.Status.Active : ConsentRegistry.Status.Expired;
            expectStatus(id[i], expected);
        }
    }

    function checkEvents() external view {
        for (uint256 i = 0; i < GRANTS; ++i) {
            require(books[i].grantedEvents == (books[i].granted ? 1 : 0), "one event a grant");
            require(books[i].revokedEvents == (books[i].revoked ? 1 : 0), "one event a revocation");
        }
    }

    function checkAnchors() external view {
        for (uint256 i = 0; i < 6; ++i) {
            (uint64 size, bytes32 root) = registry.anchorOf(id[i % 2], address(uint160(0x1000 + i / 2)));
            require(size == sizes[i] && root == roots[i], "another anchor than was said");
        }
    }

    function checkRevoked() external view {
        require(!revived, "revoked, and then not");
    }

    function checkActive() external {
        vm.warp(time);
        for (uint256 i = 0; i < GRANTS; ++i) {
            if (registry.statusOf(id[i]) != ConsentRegistry.Status.Active) continue;
            ConsentRegistry.Grant storage g = known[i];
            require(g.notBefore <= time && time < g.expiry && g.expiry - g.notBefore <= MAX, "active outside its window");
        }
    }

    /// Writes into the second book what the rules say of a grant with the right signature.
    function give(uint256 which) private returns (bool) {
        Book storage book = books[which];
        ConsentRegistry.Grant storage g = known[which];
        if (book.revoked) return false;
        if (book.granted) return true;
        bool fits_ = g.expiry > time && g.expiry - g.notBefore <= MAX && g.notBefore + 1 days >= time
            && g.notBefore <= time + 1 days;
        book.granted = fits_;
        return fits_;
    }

    /// By any of three relayers or anybody else: who submits makes no difference.
    function submit(uint256 relayer, bytes memory data, bool expected) private {
        vm.warp(time);
        vm.recordLogs();
        vm.prank(address(uint160(0x1000 + relayer % 3)));
        (bool ok,) = address(registry).call(data);
        require(ok == expected, "answered otherwise than the rules");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < GRANTS; ++i) {
            bool revoked = registry.statusOf(id[i]) == ConsentRegistry.Status.Revoked;
            if (books[i].wasRevoked && !revoked) revived = true;
            books[i].wasRevoked = revoked;
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            for (uint256 which = 0; which < GRANTS; ++which) {
                if (logs[i].topics[1] != id[which]) continue;
                if (logs[i].topics[0] == ConsentRegistry.Granted.selector) ++books[which].grantedEvents;
                if (logs[i].topics[0] == ConsentRegistry.Revoked.selector) ++books[which].revokedEvents;
            }
        }
    }

    function keyOf(uint256 which) private pure returns (uint256) {
        return KEY + 10 * (which % SUBJECTS);
    }

    function secretOf(uint256 which) private pure returns (bytes32) {
        return keccak256(abi.encode("secret", which));
    }
}

contract ConsentRegistryInvariants is Registry {
    Actors private actors;

    function setUp() public override {
        super.setUp();
        actors = new Actors(registry);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(actors);
        targets[0].selectors = new bytes4[](7);
        targets[0].selectors[0] = Actors.grants.selector;
        targets[0].selectors[1] = Actors.grants_together.selector;
        targets[0].selectors[2] = Actors.revokes_by_signature.selector;
        targets[0].selectors[3] = Actors.revokes_by_secret.selector;
        targets[0].selectors[4] = Actors.stranger_tries.selector;
        targets[0].selectors[5] = Actors.clock_runs.selector;
        targets[0].selectors[6] = Actors.anchors.selector;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function invariant_revoked_stays_revoked() public view {
        actors.checkRevoked();
    }

    function invariant_active_in_its_window_alone_and_never_too_long() public {
        actors.checkActive();
    }

    function invariant_each_log_stands_where_its_sender_said() public view {
        actors.checkAnchors();
    }

    function invariant_recorded_once_and_revoked_once() public view {
        actors.checkEvents();
    }

    function invariant_all_stands_where_a_second_book_says() public {
        actors.compare(NOW + 6 hours);
        actors.compare(NOW + 2 days);
        actors.compare(NOW + MAX);
    }
}
