//! Grant ids and what is signed: EIP-712 typed data under a registry's domain.
//!
//! A grant id binds chain and contract, so nothing signed for one registry means anything to another, and the grant that
//! is signed is the grant that is named: there are no nonces.

use std::sync::LazyLock;

use sha3::{Digest as _, Keccak256};

use crate::{Address, Grant};

/// The Keccak-256 of a text that never changes, worked out once.
type Hashed = LazyLock<[u8; 32]>;

static DOMAIN_TYPE: Hashed = LazyLock::new(|| {
    keccak(&[b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"])
});
static NAME: Hashed = LazyLock::new(|| keccak(&[b"Carnet ConsentRegistry"]));
static VERSION: Hashed = LazyLock::new(|| keccak(&[b"1"]));
static GRANT_TYPE: Hashed = LazyLock::new(|| {
    keccak(&[b"Grant(address subject,bytes32 commitment,uint64 notBefore,uint64 expiry,bytes32 revokeHash)"])
});
static REVOCATION_TYPE: Hashed = LazyLock::new(|| keccak(&[b"Revocation(bytes32 grantId)"]));
const REVOKE_DOMAIN: &[u8] = b"carnet-revoke-v1";

/// Which registry: chain and contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Domain {
    /// EIP-155 chain id; random per installation for the embedded engine.
    pub chain_id: u64,
    /// Address of the registry contract.
    pub registry: Address,
}

impl Domain {
    /// The EIP-712 domain separator: name "Carnet ConsentRegistry", version "1", chain id, contract.
    pub fn separator(&self) -> [u8; 32] {
        let mut words = Words::of_type(&DOMAIN_TYPE);
        words.push(&*NAME);
        words.push(&*VERSION);
        words.push(&self.chain_id.to_be_bytes());
        words.push(&self.registry.0);
        words.hash()
    }

    fn typed(&self, structure: &[u8; 32]) -> [u8; 32] {
        keccak(&[&[0x19, 0x01], &self.separator(), structure])
    }
}

/// The name of a grant, and what its subject signs to give it.
pub fn grant_id(domain: &Domain, grant: &Grant) -> [u8; 32] {
    let mut words = Words::of_type(&GRANT_TYPE);
    words.push(&grant.subject.0);
    words.push(&grant.commitment);
    words.push(&grant.not_before.to_be_bytes());
    words.push(&grant.expiry.to_be_bytes());
    words.push(&grant.revoke_hash);
    domain.typed(&words.hash())
}

/// What the subject signs to take the grant with this id back.
pub fn revocation_digest(domain: &Domain, grant_id: &[u8; 32]) -> [u8; 32] {
    let mut words = Words::of_type(&REVOCATION_TYPE);
    words.push(grant_id);
    domain.typed(&words.hash())
}

/// Keccak-256 of "carnet-revoke-v1" ‖ secret: stands in the grant; whoever shows the secret revokes it.
pub fn revoke_hash(secret: &[u8; 32]) -> [u8; 32] {
    keccak(&[REVOKE_DOMAIN, secret])
}

pub(crate) fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// `hashStruct` of EIP-712: the type's hash, then each field as a 32-byte word, right-aligned.
struct Words(Keccak256);

impl Words {
    fn of_type(hash: &[u8; 32]) -> Self {
        let mut words = Self(Keccak256::new());
        words.push(hash);
        words
    }

    fn push(&mut self, field: &[u8]) {
        let padding = [0; 32];
        self.0.update(&padding[field.len().min(32)..]);
        self.0.update(field);
    }

    fn hash(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
