//! Signatures of the ledger key: secp256k1, deterministic (RFC 6979), low s (EIP-2), v 27 or 28.

use k256::ecdsa::{Signature, SigningKey, VerifyingKey};

use crate::{
    Address, Domain, Grant,
    eip712::{grant_id, keccak, revocation_digest},
};

/// The address of this key: last 20 bytes of the Keccak-256 of the uncompressed point without its prefix.
pub fn address_of(key: &SigningKey) -> Address {
    address_of_point(key.verifying_key())
}

/// Gives the grant: 65 bytes r ‖ s ‖ v. `key` must be the key of `grant.subject`, or no registry accepts it.
pub fn sign_grant(domain: &Domain, grant: &Grant, key: &SigningKey) -> [u8; 65] {
    sign(&grant_id(domain, grant), key)
}

/// Takes the grant with this id back: 65 bytes r ‖ s ‖ v.
pub fn sign_revocation(domain: &Domain, grant_id: &[u8; 32], key: &SigningKey) -> [u8; 65] {
    sign(&revocation_digest(domain, grant_id), key)
}

fn address_of_point(point: &VerifyingKey) -> Address {
    let uncompressed = point.to_sec1_point(false);
    let hash = keccak(&[&uncompressed.as_bytes()[1..]]);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address(address)
}

pub(crate) fn sign(digest: &[u8; 32], key: &SigningKey) -> [u8; 65] {
    let (signature, recovery): (Signature, _) = key.sign_prehash_recoverable(digest);
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + u8::from(recovery.is_y_odd());
    bytes
}
