// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Vm} from "./Vm.sol";
import {Registry} from "./Registry.sol";

contract ConsentRegistryTest is Registry {
    function test_a_grant_is_pending_then_active_then_expired() public {
        ConsentRegistry.Grant memory g = window(NOW + 100, NOW + 200);
        expectStatus(registry.grantIdOf(g), ConsentRegistry.Status.None);
        bytes32 id = give(g);
        expectStatus(id, ConsentRegistry.Status.Pending);
        vm.warp(NOW + 99);
        expectStatus(id, ConsentRegistry.Status.Pending);
        vm.warp(NOW + 100);
        expectStatus(id, ConsentRegistry.Status.Active);
        vm.warp(NOW + 199);
        expectStatus(id, ConsentRegistry.Status.Active);
        vm.warp(NOW + 200);
        expectStatus(id, ConsentRegistry.Status.Expired);
    }

    function test_the_events_carry_the_whole_grant_and_name_the_subject() public {
        ConsentRegistry.Grant memory g = fits();
        vm.recordLogs();
        bytes32 id = give(g);
        registry.revokeBySecret(g, SECRET);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == 2, "one event an operation");
        require(logs[0].topics[0] == ConsentRegistry.Granted.selector, "granted");
        require(logs[1].topics[0] == ConsentRegistry.Revoked.selector, "revoked");
        for (uint256 i = 0; i < 2; ++i) {
            require(logs[i].topics[1] == id, "id");
            require(logs[i].topics[2] == bytes32(uint256(uint160(g.subject))), "subject");
            require(logs[i].topics[3] == g.revokeHash, "revoke hash");
            require(keccak256(logs[i].data) == keccak256(abi.encode(g.commitment, g.notBefore, g.expiry)), "rest");
        }
    }

    function test_a_grant_takes_one_storage_slot() public {
        ConsentRegistry.Grant memory g = fits();
        bytes memory s = signature(g);
        vm.record();
        registry.grant(g, s);
        registry.revokeBySecret(g, SECRET);
        (, bytes32[] memory writes) = vm.accesses(address(registry));
        require(writes.length == 2 && writes[0] == writes[1], "one slot, one write an operation");
    }

    function test_the_same_again_succeeds_and_changes_nothing_even_when_its_start_is_long_past() public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = give(g);
        vm.warp(NOW + 20 days);
        vm.recordLogs();
        give(g);
        expectStatus(id, ConsentRegistry.Status.Active);
        require(vm.getRecordedLogs().length == 0, "no second grant");
        registry.revokeBySecret(g, SECRET);
        registry.revokeBySecret(g, SECRET);
        registry.revokeBySignature(g, revocation(g));
        require(vm.getRecordedLogs().length == 1, "one revocation");
    }

    function test_a_revoked_grant_can_not_be_given_again() public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = give(g);
        registry.revokeBySignature(g, revocation(g));
        expectStatus(id, ConsentRegistry.Status.Revoked);
        bytes memory s = signature(g);
        vm.expectRevert(ConsentRegistry.AlreadyRevoked.selector);
        registry.grant(g, s);
        vm.warp(g.expiry + 1);
        expectStatus(id, ConsentRegistry.Status.Revoked);
    }

    function test_revoked_before_it_arrives_a_grant_never_arrives() public {
        ConsentRegistry.Grant memory g = fits();
        ConsentRegistry.Grant memory h = window(NOW, NOW + 1 hours);
        registry.revokeBySecret(g, SECRET);
        registry.revokeBySignature(h, revocation(h));
        expectStatus(registry.grantIdOf(g), ConsentRegistry.Status.Revoked);
        bytes memory s = signature(g);
        vm.expectRevert(ConsentRegistry.AlreadyRevoked.selector);
        registry.grant(g, s);
        s = signature(h);
        vm.expectRevert(ConsentRegistry.AlreadyRevoked.selector);
        registry.grant(h, s);
    }

    function test_a_strangers_tombstone_touches_no_grant_but_his_own_invention() public {
        ConsentRegistry.Grant memory g = fits();
        ConsentRegistry.Grant memory forged = fits();
        forged.revokeHash = revokeHash("his own secret");
        registry.revokeBySecret(forged, "his own secret");
        bytes32 id = give(g);
        expectStatus(id, ConsentRegistry.Status.Active);
    }

    function test_only_the_subjects_signature_of_this_very_grant_gives_it() public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = registry.grantIdOf(g);
        refused(g, signed(id, KEY + 1));
        refused(g, revocation(g));
        refused(g, "");
        ConsentRegistry.Grant memory other = fits();
        other.expiry += 1;
        refused(other, signature(g));
        ConsentRegistry.Grant memory nobody = fits();
        nobody.subject = address(0);
        refused(nobody, new bytes(65));
        // No point of the curve: ecrecover answers nothing, which reads as address zero.
        bytes memory byNobody = abi.encodePacked(bytes32(0), bytes32(uint256(1)), uint8(27));
        refused(nobody, byNobody);
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        registry.revokeBySignature(nobody, byNobody);
    }

    function test_a_signature_has_one_form_only() public {
        ConsentRegistry.Grant memory g = fits();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, registry.grantIdOf(g));
        refused(g, abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)));
        refused(g, abi.encodePacked(r, s, v - 27));
        refused(g, abi.encodePacked(r, s, v, uint8(0)));
        refused(g, abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))));
        registry.grant(g, abi.encodePacked(r, s, v));
    }

    function test_a_signature_for_another_chain_or_registry_is_worth_nothing() public {
        ConsentRegistry.Grant memory g = fits();
        bytes memory s = signature(g);
        bytes memory revoke = revocation(g);
        bytes32 id = registry.grantIdOf(g);
        ConsentRegistry other = deploy(MAX);
        require(other.grantIdOf(g) != id, "ids differ by registry");
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        other.grant(g, s);
        vm.chainId(1);
        require(registry.grantIdOf(g) != id, "ids differ by chain");
        refused(g, s);
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        registry.revokeBySignature(g, revoke);
    }

    function test_revoking_needs_the_subject_or_the_secret() public {
        ConsentRegistry.Grant memory g = fits();
        bytes32 id = give(g);
        bytes memory grantSignature = signature(g);
        bytes memory stranger = signed(registry.revocationDigestOf(id), KEY + 1);
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        registry.revokeBySignature(g, grantSignature);
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        registry.revokeBySignature(g, stranger);
        vm.expectRevert(ConsentRegistry.WrongSecret.selector);
        registry.revokeBySecret(g, g.revokeHash);
        expectStatus(id, ConsentRegistry.Status.Active);
    }

    function test_a_batch_records_what_it_can_and_names_what_it_can_not() public {
        ConsentRegistry.Grant[] memory grants = new ConsentRegistry.Grant[](5);
        bytes[] memory signatures = new bytes[](5);
        grants[0] = fits();
        grants[1] = window(NOW, NOW);
        grants[2] = window(NOW, NOW + 1 hours);
        grants[3] = window(NOW, NOW + 2 hours);
        grants[4] = fits();
        for (uint256 i = 0; i < 5; ++i) {
            signatures[i] = signature(grants[i]);
        }
        signatures[2] = signatures[0];
        registry.revokeBySignature(grants[3], revocation(grants[3]));

        vm.recordLogs();
        bytes4[] memory reasons = registry.grantBatch(grants, signatures);
        require(reasons[0] == 0 && reasons[4] == 0, "recorded, and again");
        require(reasons[1] == ConsentRegistry.WindowEmpty.selector, "empty");
        require(reasons[2] == ConsentRegistry.BadSignature.selector, "signature");
        require(reasons[3] == ConsentRegistry.AlreadyRevoked.selector, "revoked");
        expectStatus(registry.grantIdOf(grants[0]), ConsentRegistry.Status.Active);
        expectStatus(registry.grantIdOf(grants[2]), ConsentRegistry.Status.None);
        require(vm.getRecordedLogs().length == 4, "one grant, three refusals");

        vm.expectRevert(ConsentRegistry.LengthsDiffer.selector);
        registry.grantBatch(grants, new bytes[](4));
    }

    function test_a_registry_without_a_maximum_is_not_made() public {
        try this.make(0) {
            revert("made");
        } catch (bytes memory why) {
            require(bytes4(why) == ConsentRegistry.BadMaximum.selector, "why");
        }
        require(this.make(1).maxPeriod() == 1, "maximum");
    }

    function make(uint64 maximum) external returns (ConsentRegistry) {
        return deploy(maximum);
    }

    function test_no_money_can_be_left_here() public {
        ConsentRegistry.Grant memory g = fits();
        bytes[4] memory calls = [
            abi.encodeCall(registry.grant, (g, signature(g))),
            abi.encodeCall(registry.revokeBySignature, (g, revocation(g))),
            abi.encodeCall(registry.revokeBySecret, (g, SECRET)),
            bytes("")
        ];
        for (uint256 i = 0; i < 4; ++i) {
            (bool ok,) = address(registry).call{value: 1}(calls[i]);
            require(!ok, "took money");
        }
    }

    function test_ids_and_digests_are_those_of_eip_712() public view {
        ConsentRegistry.Grant memory g = fits();
        string memory fields = string.concat(
            '{"subject":"', vm.toString(g.subject), '","commitment":"', vm.toString(g.commitment), '","notBefore":"',
            vm.toString(g.notBefore), '","expiry":"', vm.toString(g.expiry), '","revokeHash":"', vm.toString(g.revokeHash),
            '"}'
        );
        bytes32 id = registry.grantIdOf(g);
        require(vm.eip712HashTypedData(typed("Grant", fields)) == id, "grant");
        fields = string.concat('{"grantId":"', vm.toString(id), '"}');
        require(vm.eip712HashTypedData(typed("Revocation", fields)) == registry.revocationDigestOf(id), "revocation");
    }

    function typed(string memory kind, string memory message) private view returns (string memory) {
        return string.concat(
            '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},',
            '{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],',
            '"Grant":[{"name":"subject","type":"address"},{"name":"commitment","type":"bytes32"},',
            '{"name":"notBefore","type":"uint64"},{"name":"expiry","type":"uint64"},{"name":"revokeHash","type":"bytes32"}],',
            '"Revocation":[{"name":"grantId","type":"bytes32"}]},"primaryType":"', kind,
            '","domain":{"name":"Carnet ConsentRegistry","version":"1","chainId":7340033,"verifyingContract":"',
            vm.toString(address(registry)), '"},"message":', message, "}"
        );
    }

    function refused(ConsentRegistry.Grant memory g, bytes memory s) private {
        vm.expectRevert(ConsentRegistry.BadSignature.selector);
        registry.grant(g, s);
        expectStatus(registry.grantIdOf(g), ConsentRegistry.Status.None);
    }
}
