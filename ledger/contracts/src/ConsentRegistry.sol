// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Consents given and taken back, as hashes.
/// @notice Holds no name, no clinic, no kind of record. Anybody may submit; only the subject's signature gives a grant,
/// only the subject's signature or the grant's own secret takes it back, and taken back is final. No owner, no upgrade.
/// Beside that it keeps, for whoever keeps a log of anything, how long the log was said to be and what stood in it then.
contract ConsentRegistry {
    struct Grant {
        address subject; // key made for this one consent
        bytes32 commitment; // salted hash of the consent
        uint64 notBefore; // first second at which it holds
        uint64 expiry; // first second at which it no longer holds
        bytes32 revokeHash; // keccak256("carnet-revoke-v1" || secret)
    }

    enum Status {
        None,
        Pending,
        Active,
        Revoked,
        Expired
    }

    /// One storage slot a grant.
    struct Entry {
        bool granted;
        bool revoked; // true without `granted`: a tombstone, the grant can't arrive any more
        uint64 notBefore;
        uint64 expiry;
    }

    /// Two storage slots for each sender and log.
    struct Anchor {
        uint64 size;
        bytes32 root;
    }

    event Granted(
        bytes32 indexed grantId,
        address indexed subject,
        bytes32 indexed revokeHash,
        bytes32 commitment,
        uint64 notBefore,
        uint64 expiry
    );
    event Revoked(
        bytes32 indexed grantId,
        address indexed subject,
        bytes32 indexed revokeHash,
        bytes32 commitment,
        uint64 notBefore,
        uint64 expiry
    );
    /// One of a batch was not recorded; `reason` is the selector of the error `grant` would have given.
    event Refused(bytes32 indexed grantId, bytes4 reason);

    /// `by` says of this log that with so many entries it has this root.
    event Anchored(bytes32 indexed log, address indexed by, uint64 size, bytes32 root);

    error BadSignature();
    error WrongSecret();
    error WindowEmpty();
    error TooLong();
    error NotNow();
    error AlreadyRevoked();
    error LengthsDiffer();
    error BadMaximum();
    error WouldShrink();
    error OtherRoot();

    /// How far a grant's start may lie from now when it is recorded, either way.
    uint64 public constant MAX_START_SKEW = 1 days;
    /// Longest period of a grant, in seconds.
    uint64 public immutable maxPeriod;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("Carnet ConsentRegistry");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "Grant(address subject,bytes32 commitment,uint64 notBefore,uint64 expiry,bytes32 revokeHash)"
    );
    bytes32 private constant REVOCATION_TYPEHASH = keccak256("Revocation(bytes32 grantId)");
    /// Half of secp256k1's order, rounded down: a larger s is the same signature written another way (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    mapping(bytes32 grantId => Entry) private entries;
    mapping(address by => mapping(bytes32 log => Anchor)) private anchors;

    constructor(uint64 maxPeriod_) {
        if (maxPeriod_ == 0) revert BadMaximum();
        maxPeriod = maxPeriod_;
    }

    /// @notice Records a grant. The same grant again changes nothing and succeeds.
    /// @param signature the subject's, of `grantIdOf(g)`: r, s, v; 65 bytes, low s, v 27 or 28.
    function grant(Grant calldata g, bytes calldata signature) external returns (bytes32 grantId) {
        bytes4 reason;
        (grantId, reason) = _grant(g, signature);
        if (reason != 0) _revertWith(reason);
    }

    /// @notice Records each grant that can be recorded; one that can't doesn't hold up the others.
    /// @return reasons for each grant, zero if it stands recorded, else the selector of the error `grant` would give.
    function grantBatch(Grant[] calldata grants, bytes[] calldata signatures)
        external
        returns (bytes4[] memory reasons)
    {
        if (grants.length != signatures.length) revert LengthsDiffer();
        reasons = new bytes4[](grants.length);
        for (uint256 i = 0; i < grants.length; ++i) {
            (bytes32 grantId, bytes4 reason) = _grant(grants[i], signatures[i]);
            if (reason != 0) {
                reasons[i] = reason;
                emit Refused(grantId, reason);
            }
        }
    }

    /// @notice Takes a grant back for good, or keeps it from ever being recorded. Again changes nothing and succeeds.
    /// @param signature the subject's, of `revocationDigestOf(grantId)`; form as for `grant`.
    function revokeBySignature(Grant calldata g, bytes calldata signature) external returns (bytes32 grantId) {
        grantId = grantIdOf(g);
        if (!_signed(g.subject, revocationDigestOf(grantId), signature)) revert BadSignature();
        _revoke(grantId, g);
    }

    /// @notice As `revokeBySignature`, by the secret. Works from paper; submitting a secret seen elsewhere does what
    /// its owner wanted.
    function revokeBySecret(Grant calldata g, bytes32 secret) external returns (bytes32 grantId) {
        grantId = grantIdOf(g);
        if (keccak256(abi.encodePacked("carnet-revoke-v1", secret)) != g.revokeHash) revert WrongSecret();
        _revoke(grantId, g);
    }

    /// @notice Says of a log that with `size` entries it has this root. Speaks for the sender alone: what another says of
    /// the same log neither stands in the way nor counts as theirs. The same again changes nothing and succeeds; a log
    /// never shrinks, and never has another root at the same size. Without a word a log has no entries and root zero.
    function anchor(bytes32 log, uint64 size, bytes32 root) external {
        Anchor storage last = anchors[msg.sender][log];
        uint64 before = last.size;
        if (size < before) revert WouldShrink();
        if (size == before) {
            if (root != last.root) revert OtherRoot();
            return;
        }
        last.size = size;
        last.root = root;
        emit Anchored(log, msg.sender, size, root);
    }

    /// @notice What a sender said of a log last.
    function anchorOf(bytes32 log, address by) external view returns (uint64 size, bytes32 root) {
        Anchor storage last = anchors[by][log];
        return (last.size, last.root);
    }

    /// @notice Where a grant stands at the time of this block.
    function statusOf(bytes32 grantId) external view returns (Status) {
        Entry storage entry = entries[grantId];
        if (entry.revoked) return Status.Revoked;
        if (!entry.granted) return Status.None;
        if (block.timestamp < entry.notBefore) return Status.Pending;
        return block.timestamp < entry.expiry ? Status.Active : Status.Expired;
    }

    /// @notice The EIP-712 hash of a grant: its name, and what its subject signs.
    function grantIdOf(Grant calldata g) public view returns (bytes32) {
        return _typed(
            keccak256(abi.encode(GRANT_TYPEHASH, g.subject, g.commitment, g.notBefore, g.expiry, g.revokeHash))
        );
    }

    /// @notice What the subject signs to take a grant back.
    function revocationDigestOf(bytes32 grantId) public view returns (bytes32) {
        return _typed(keccak256(abi.encode(REVOCATION_TYPEHASH, grantId)));
    }

    /// @notice The EIP-712 domain separator; computed at each call, so that a forked chain has another.
    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    function _typed(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    /// Signature first: a stranger learns nothing and changes nothing. Then what is recorded, so that a late repetition
    /// of a recorded grant still succeeds. Then the window.
    function _grant(Grant calldata g, bytes calldata signature) private returns (bytes32 grantId, bytes4 reason) {
        grantId = grantIdOf(g);
        if (!_signed(g.subject, grantId, signature)) return (grantId, BadSignature.selector);

        Entry storage entry = entries[grantId];
        if (entry.revoked) return (grantId, AlreadyRevoked.selector);
        if (entry.granted) return (grantId, 0);

        reason = _windowProblem(g.notBefore, g.expiry);
        if (reason != 0) return (grantId, reason);

        entries[grantId] = Entry(true, false, g.notBefore, g.expiry);
        emit Granted(grantId, g.subject, g.revokeHash, g.commitment, g.notBefore, g.expiry);
    }

    function _windowProblem(uint64 notBefore, uint64 expiry) private view returns (bytes4) {
        if (expiry <= notBefore || expiry <= block.timestamp) return WindowEmpty.selector;
        if (expiry - notBefore > maxPeriod) return TooLong.selector;
        // uint256, so that no sum can overflow.
        if (uint256(notBefore) + MAX_START_SKEW < block.timestamp) return NotNow.selector;
        if (notBefore > block.timestamp + MAX_START_SKEW) return NotNow.selector;
        return 0;
    }

    function _revoke(bytes32 grantId, Grant calldata g) private {
        Entry storage entry = entries[grantId];
        if (entry.revoked) return;
        entry.revoked = true;
        emit Revoked(grantId, g.subject, g.revokeHash, g.commitment, g.notBefore, g.expiry);
    }

    function _signed(address subject, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return false;
        address signer = ecrecover(digest, v, r, s);
        return signer != address(0) && signer == subject;
    }

    function _revertWith(bytes4 reason) private pure {
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 4)
        }
    }
}
