// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../src/ConsentRegistry.sol";
import {Deployed} from "./Deployed.sol";

/// A registry at a fixed time, a subject with a key, and a grant that fits.
abstract contract Registry is Deployed {
    uint64 internal constant NOW = 1_900_000_800;
    uint64 internal constant MAX = 90 days;
    uint256 internal constant KEY = 0xA11CE;
    bytes32 internal constant SECRET = keccak256("secret");
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    ConsentRegistry internal registry;

    function setUp() public virtual {
        vm.warp(NOW);
        vm.chainId(7_340_033);
        registry = deploy(MAX);
    }

    function fits() internal pure returns (ConsentRegistry.Grant memory) {
        return window(NOW - 800, NOW + 30 days);
    }

    function window(uint64 notBefore, uint64 expiry) internal pure returns (ConsentRegistry.Grant memory) {
        return ConsentRegistry.Grant(vm.addr(KEY), keccak256("commitment"), notBefore, expiry, revokeHash(SECRET));
    }

    function revokeHash(bytes32 secret) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("carnet-revoke-v1", secret));
    }

    function signed(bytes32 digest, uint256 key) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signature(ConsentRegistry.Grant memory g) internal view returns (bytes memory) {
        return signed(registry.grantIdOf(g), KEY);
    }

    function revocation(ConsentRegistry.Grant memory g) internal view returns (bytes memory) {
        return signed(registry.revocationDigestOf(registry.grantIdOf(g)), KEY);
    }

    function give(ConsentRegistry.Grant memory g) internal returns (bytes32) {
        return registry.grant(g, signature(g));
    }

    function expectStatus(bytes32 id, ConsentRegistry.Status expected) internal view {
        require(registry.statusOf(id) == expected, "status");
    }
}
