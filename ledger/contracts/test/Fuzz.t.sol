// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Registry} from "./Registry.sol";

contract ConsentRegistryFuzz is Registry {
    /// Any window: recorded exactly when it begins within a day, is not over, not empty and not too long.
    function testFuzz_only_a_fitting_window_is_recorded(uint64 notBefore, uint64 expiry) public {
        checkWindow(notBefore, expiry);
    }

    /// The same near the borders, where random numbers rarely fall.
    function testFuzz_the_borders_of_a_window_are_exact(uint8 start, int8 startBy, uint8 end, int8 endBy) public {
        uint64[4] memory starts = [NOW - 1 days, NOW - 1 hours, NOW, NOW + 1 days];
        int256 notBefore = int256(uint256(starts[start % 4])) + startBy % 3;
        int256[4] memory ends = [notBefore, int256(uint256(NOW)), notBefore + int256(uint256(MAX)), notBefore + 1 days];
        checkWindow(uint64(uint256(notBefore)), uint64(uint256(ends[end % 4] + endBy % 3)));
    }

    /// Recorded before its start or after it: only its own times count.
    function testFuzz_status_follows_the_clock(uint64 start, uint64 length, uint64 when) public {
        start = NOW - 1 hours + start % 2 hours;
        ConsentRegistry.Grant memory g = window(start, start + 1 hours + 1 + length % (MAX - 1 hours));
        bytes32 id = give(g);
        when = NOW - 2 hours + when % (MAX + 4 hours);
        uint64[4] memory times = [when, g.notBefore - 1, g.expiry - 1, g.expiry];
        for (uint256 i = 0; i < 4; ++i) {
            vm.warp(times[i]);
            expectStatus(
                id,
                times[i] < g.notBefore
                    ? ConsentRegistry.Status.Pending
                    : times[i] < g.expiry ? ConsentRegistry.Status.Active : ConsentRegistry.Status.Expired
            );
        }
    }

    function testFuzz_no_other_bytes_pass_for_the_signature(bytes32 r, bytes32 s, uint8 v, bytes calldata any) public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 right = keccak256(signature(g));
        bytes[3] memory tries = [abi.encodePacked(r, s, v), abi.encodePacked(r, s, 27 + v % 2), any];
        for (uint256 i = 0; i < 3; ++i) {
            vm.assume(keccak256(tries[i]) != right);
            vm.expectRevert(ConsentRegistry.BadSignature.selector);
            registry.grant(g, tries[i]);
        }
    }

    function testFuzz_no_other_secret_revokes(bytes32 secret) public {
        vm.assume(secret != SECRET);
        ConsentRegistry.Grant memory g = fits();
        vm.expectRevert(ConsentRegistry.WrongSecret.selector);
        registry.revokeBySecret(g, secret);
    }

    /// Whatever is tried afterwards, in whatever order and at whatever time: revoked stays revoked.
    function testFuzz_revoked_is_final(bool givenFirst, bool bySecret, uint8[8] calldata steps, uint64 when) public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = registry.grantIdOf(g);
        if (givenFirst) give(g);
        revoke(g, bySecret);
        vm.warp(when);
        for (uint256 i = 0; i < steps.length; ++i) {
            if (steps[i] % 3 == 0) {
                bytes memory s = signature(g);
                vm.expectRevert(ConsentRegistry.AlreadyRevoked.selector);
                registry.grant(g, s);
            } else {
                revoke(g, steps[i] % 3 == 1);
            }
            expectStatus(id, ConsentRegistry.Status.Revoked);
        }
    }

    /// Whatever is wrong with some of a batch: each gets the answer it would have got alone, and leaves what it would
    /// have left alone.
    function testFuzz_a_batch_is_its_grants_one_by_one(uint8[6] calldata faults) public {
        ConsentRegistry.Grant[] memory grants = new ConsentRegistry.Grant[](6);
        bytes[] memory signatures = new bytes[](6);
        for (uint64 i = 0; i < 6; ++i) {
            uint8 fault = faults[i] % 8;
            grants[i] = window(NOW + i, NOW + 30 days);
            if (fault == 1) grants[i].expiry = grants[i].notBefore;
            if (fault == 2) grants[i].expiry = grants[i].notBefore + MAX + 1;
            if (fault == 3) grants[i].notBefore = NOW - 1 days - 1;
            if (fault == 4 && i > 0) grants[i] = grants[i - 1];
            signatures[i] = fault == 5 ? signed(registry.grantIdOf(grants[i]), KEY + 1) : signature(grants[i]);
            if (fault == 6) signatures[i] = bytes.concat(signatures[i], hex"00");
            if (fault == 7) registry.revokeBySecret(grants[i], SECRET);
        }
        uint256 start = vm.snapshotState();
        bytes4[] memory reasons = registry.grantBatch(grants, signatures);
        ConsentRegistry.Status[6] memory left;
        for (uint256 i = 0; i < 6; ++i) {
            left[i] = registry.statusOf(registry.grantIdOf(grants[i]));
        }
        require(vm.revertToState(start), "undone");
        for (uint256 i = 0; i < 6; ++i) {
            (bool ok, bytes memory answer) =
                address(registry).call(abi.encodeCall(registry.grant, (grants[i], signatures[i])));
            require(reasons[i] == (ok ? bytes4(0) : bytes4(answer)), "reason");
        }
        for (uint256 i = 0; i < 6; ++i) {
            expectStatus(registry.grantIdOf(grants[i]), left[i]);
        }
    }

    /// No field can be changed without changing the name.
    function testFuzz_another_grant_has_another_id(ConsentRegistry.Grant calldata a, ConsentRegistry.Grant calldata b)
        public
        view
    {
        bool same = keccak256(abi.encode(a)) == keccak256(abi.encode(b));
        require((registry.grantIdOf(a) == registry.grantIdOf(b)) == same, "ids");
    }

    function revoke(ConsentRegistry.Grant memory g, bool bySecret) private {
        if (bySecret) registry.revokeBySecret(g, SECRET);
        else registry.revokeBySignature(g, revocation(g));
    }

    function checkWindow(uint64 notBefore, uint64 expiry) private {
        ConsentRegistry.Grant memory g = window(notBefore, expiry);
        bytes memory s = signature(g);
        int256 start = int256(uint256(notBefore));
        int256 end = int256(uint256(expiry));
        int256 time = int256(uint256(NOW));
        bytes4 expected;
        if (end <= start || end <= time) expected = ConsentRegistry.WindowEmpty.selector;
        else if (end - start > int256(uint256(MAX))) expected = ConsentRegistry.TooLong.selector;
        else if (start < time - 1 days || start > time + 1 days) expected = ConsentRegistry.NotNow.selector;
        if (expected != 0) vm.expectRevert(expected);
        registry.grant(g, s);
    }
}
