//! What the writers record: numbered operations that can be made anew, so that what is found can be judged.

use std::collections::HashMap;

use carnet_ledger::{
    Domain, EventKind, Grant, Ledger, LedgerError, Proof, Recorded, Status, address_of, grant_id,
    revoke_hash, sign_grant, sign_revocation,
};
use k256::ecdsa::SigningKey;

/// Callers at the same time: they share commits.
pub(crate) const WRITERS: u64 = 3;

/// Number of the last operation of each writer.
pub(crate) type Lasts = [u64; WRITERS as usize];

/// Where the registry's time begins, Unix seconds, on the hour.
pub(crate) const NOW: u64 = 1_900_000_800;

/// One operation. Of four, two give, the third takes the first back, the fourth takes back what was never given.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) kind: EventKind,
    pub(crate) grant: Grant,
    key: SigningKey,
    secret: [u8; 32],
    by_secret: bool,
}

/// Operation `n` (from 1) of a writer.
pub(crate) fn operation(writer: u64, n: u64) -> Option<Operation> {
    let (turn, step) = ((n - 1) / 4, (n - 1) % 4);
    // The third is about the first's grant.
    let (kind, of) = match step {
        0 | 1 => (EventKind::Granted, step),
        2 => (EventKind::Revoked, 0),
        _ => (EventKind::Revoked, 3),
    };
    let mut secret = [7; 32];
    for (part, number) in secret
        .chunks_exact_mut(8)
        .zip([writer, turn, of, mix(writer ^ mix(turn))])
    {
        part.copy_from_slice(&number.to_be_bytes());
    }
    secret[0] = 1;
    let key = SigningKey::from_slice(&secret).ok()?;
    let grant = Grant {
        subject: address_of(&key),
        commitment: secret,
        not_before: NOW,
        expiry: NOW + 30 * 24 * 60 * 60,
        revoke_hash: revoke_hash(&secret),
    };
    Some(Operation {
        kind,
        grant,
        key,
        secret,
        by_secret: turn % 2 == 0,
    })
}

impl Operation {
    pub(crate) fn record(&self, ledger: &dyn Ledger) -> Result<Recorded, LedgerError> {
        let domain = ledger.domain();
        let id = grant_id(&domain, &self.grant);
        match self.kind {
            EventKind::Granted => ledger.grant(&self.grant, &sign_grant(&domain, &self.grant, &self.key)),
            EventKind::Revoked if self.by_secret => ledger.revoke(&self.grant, &Proof::Secret(self.secret)),
            EventKind::Revoked => {
                let signature = sign_revocation(&domain, &id, &self.key);
                ledger.revoke(&self.grant, &Proof::Signature(signature))
            }
        }
    }

    /// How the grant stands right after it.
    pub(crate) fn leaves(&self) -> Status {
        match self.kind {
            EventKind::Granted => Status::Active,
            EventKind::Revoked => Status::Revoked,
        }
    }
}

/// Whose operation an event is, of the first so many of each writer.
pub(crate) type Whose = HashMap<([u8; 32], bool), (usize, u64)>;

pub(crate) fn whose(domain: &Domain, until: u64) -> Whose {
    let mut whose = Whose::new();
    for (index, writer) in (0..WRITERS).enumerate() {
        for n in 1..=until {
            if let Some(operation) = operation(writer, n) {
                let key = (
                    grant_id(domain, &operation.grant),
                    operation.kind == EventKind::Granted,
                );
                whose.insert(key, (index, n));
            }
        }
    }
    whose
}

/// SplitMix64.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
