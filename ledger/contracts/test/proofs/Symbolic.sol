// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ConsentRegistry} from "../../src/ConsentRegistry.sol";
import {Deployed} from "../Deployed.sol";

/// halmos' own cheat codes: a value that stands for every value.
interface Svm {
    function createUint(uint256 bits, string calldata name) external returns (uint256);
    function createBytes(uint256 length, string calldata name) external returns (bytes memory);
    function createCalldata(string calldata contractName) external returns (bytes memory);
    function enableSymbolicStorage(address target) external;
}

/// A registry with any maximum, on any chain, at any time, in which anything may stand already. What is proved of one
/// call from any state holds after any number of calls.
abstract contract Symbolic is Deployed {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    uint256 private constant HALF_ORDER =
        uint256(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141) / 2;

    ConsentRegistry internal registry;
    uint64 internal max;

    function setUp() public {
        max = uint64(svm.createUint(64, "maximum"));
        vm.assume(max != 0);
        vm.chainId(svm.createUint(64, "chain"));
        vm.warp(svm.createUint(64, "now"));
        registry = deploy(max);
    }

    function anyState() internal {
        svm.enableSymbolicStorage(address(registry));
    }

    /// What stands under an id: the first 144 bits of its slot.
    function entry(bytes32 id) internal view returns (uint144) {
        return uint144(uint256(vm.load(address(registry), keccak256(abi.encode(id, uint256(0))))));
    }

    function granted(uint144 e) internal pure returns (bool) {
        return uint8(e) != 0;
    }

    function revoked(uint144 e) internal pure returns (bool) {
        return uint8(e >> 8) != 0;
    }

    function recorded(uint64 notBefore, uint64 expiry) internal pure returns (uint144) {
        return 1 | (uint144(notBefore) << 16) | (uint144(expiry) << 80);
    }

    /// The design's rule of a window.
    function fits(ConsentRegistry.Grant calldata g) internal view returns (bool) {
        uint256 start = g.notBefore;
        uint256 end = g.expiry;
        uint256 time = block.timestamp;
        unchecked { // times have 64 bits, their sums fit
            bool someOfItLeft = both(start < end, time < end);
            return both(both(someOfItLeft, end <= start + max), both(time <= start + 1 days, start <= time + 1 days));
        }
    }

    /// The one form of the subject's signature.
    function signs(address subject, bytes32 digest, bytes memory signature) internal pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 r;
        bytes32 s;
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        uint8 v = uint8(signature[64]);
        bool form = both(either(v == 27, v == 28), uint256(s) <= HALF_ORDER);
        return both(form, both(subject != address(0), ecrecover(digest, v, r, s) == subject));
    }

    /// EIP-712, written a second time.
    function typed(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Carnet ConsentRegistry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    function idOf(ConsentRegistry.Grant calldata g) internal view returns (bytes32) {
        bytes32 kind = keccak256(
            "Grant(address subject,bytes32 commitment,uint64 notBefore,uint64 expiry,bytes32 revokeHash)"
        );
        return typed(keccak256(abi.encode(kind, g.subject, g.commitment, g.notBefore, g.expiry, g.revokeHash)));
    }

    function revocationOf(bytes32 id) internal view returns (bytes32) {
        return typed(keccak256(abi.encode(keccak256("Revocation(bytes32 grantId)"), id)));
    }

    /// The rule of a grant, beside what stands under its id.
    function grants(ConsentRegistry.Grant calldata g, bytes memory signature, uint144 before)
        internal
        view
        returns (bool)
    {
        return both(signs(g.subject, idOf(g), signature), both(!revoked(before), either(granted(before), fits(g))));
    }

    /// What stands under an id when a grant was asked for.
    function afterwards(ConsentRegistry.Grant calldata g, bool ok, uint144 before) internal pure returns (uint144 later) {
        bool changed = both(ok, !granted(before));
        uint144 whole = recorded(g.notBefore, g.expiry);
        assembly {
            later := xor(before, mul(changed, xor(before, whole)))
        }
    }

    /// `&&` and `||` without a jump: one path to follow instead of two.
    function both(bool a, bool b) internal pure returns (bool c) {
        assembly {
            c := and(a, b)
        }
    }

    function either(bool a, bool b) internal pure returns (bool c) {
        assembly {
            c := or(a, b)
        }
    }

    function call(bytes memory data) internal returns (bool ok) {
        (ok,) = address(registry).call(data);
    }

    /// The answer to a call that always has one. Asked directly, a call that fails would end the path unseen.
    function answer(bytes memory data) internal returns (bytes memory) {
        (bool ok, bytes memory returned) = address(registry).call(data);
        assert(ok);
        return returned;
    }
}
