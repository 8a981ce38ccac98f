//! Copies that prove something of a value (`docs/eligibility.md`), looked at before one is kept: the issuer's signature, its
//! commitment to the very value that came with it, a key of this wallet, a few days; and a batch with one value and nothing else
//! in common.

use std::collections::HashSet;

use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{
    Copy, CopyError, Day, Opening,
    credential::{self, CredentialError},
};
use carnet_exchange::{TrustList, eligibility};
use ed25519_dalek::VerifyingKey;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::check::{Copies, Expected, RefusedCopies};
use crate::credentials::{Binding, CredentialForm, KeptCredential};

/// Checks all copies of a batch. Nothing of this needs a network.
pub(super) fn copies(
    came: &[Value],
    expected: &Expected<'_>,
    list: &TrustList,
    now: Timestamp,
) -> Result<Copies, RefusedCopies> {
    let issuers: Vec<VerifyingKey> = eligibility::issuers(list)
        .into_iter()
        .filter(|(_, entry)| entry.id == expected.entry_id)
        .map(|(key, _)| key)
        .collect();
    let today = eligibility::today(now).ok_or(RefusedCopies::Malformed)?;
    let mut copies = Copies::with_capacity(came.len());
    let mut first: Option<(Copy, Opening)> = None;
    let mut alone = Alone::default();
    for one in came {
        if !one.is_object() {
            return Err(RefusedCopies::NotAnObject);
        }
        let (copy, opening) = credential::read_issued(one, &issuers).map_err(refused)?;
        if copy.kind.schema() != expected.kind {
            return Err(RefusedCopies::WrongType);
        }
        let mut own = expected.keys.iter().filter_map(|key| key.ed25519());
        let key = own
            .find(|key| key.signing_key().verifying_key() == copy.holder)
            .ok_or(RefusedCopies::WrongKey)?;
        if copy.from > today {
            return Err(RefusedCopies::Future);
        }
        if copy.until < today {
            return Err(RefusedCopies::Expired);
        }
        alone.take(&copy, &opening)?;
        if let Some((model, values)) = &first {
            let same = model.kind == copy.kind
                && values.values() == opening.values()
                && (model.from, model.until) == (copy.from, copy.until);
            if !same {
                return Err(RefusedCopies::Differ);
            }
        }
        let text = one.to_string();
        let id = hex::encode(Sha256::digest(text.as_bytes()));
        let claims = json!({ "says": copy.kind.own_words(&opening) });
        copies.push((
            id,
            KeptCredential {
                card: card_of(expected, &copy, &opening)?,
                form: CredentialForm::Eligibility,
                text,
                issuer: PublicKey::Ed25519(copy.issuer).did_key(),
                entry_id: Some(expected.entry_id.to_owned()),
                own: false,
                kind: copy.kind.schema().to_owned(),
                claims: claims.as_object().cloned().unwrap_or_default(),
                from: Some(begin(copy.from)?),
                until: Some(end(copy.until)?),
                status: None,
                binding: Binding::EdCopy(key.clone()),
                single_use: true,
                source: Some(expected.offer_id.to_owned()),
                added: now,
                looked_up: None,
            },
        ));
        first.get_or_insert((copy, opening));
    }
    Ok(copies)
}

/// What no two copies may share: whoever sees both would know them again.
#[derive(Default)]
struct Alone {
    holders: HashSet<[u8; 32]>,
    commitments: HashSet<[u8; 32]>,
    /// Two values under one blinding: the difference of their commitments shows the difference of the values.
    blindings: HashSet<[u8; 32]>,
}

impl Alone {
    fn take(&mut self, copy: &Copy, opening: &Opening) -> Result<(), RefusedCopies> {
        if !self.holders.insert(copy.holder.to_bytes()) {
            return Err(RefusedCopies::SameKey);
        }
        for commitment in &copy.commitments {
            if !self.commitments.insert(commitment.to_bytes()) {
                return Err(RefusedCopies::Linkable);
            }
        }
        let secrets = opening.to_bytes();
        let (_, blindings) = secrets.split_at(copy.kind.values() * 4);
        for blinding in blindings.as_chunks::<32>().0 {
            // Of a blinding as short as this every value can be tried. By chance it comes about once in 2¹²⁴.
            if blinding[16..] == [0; 16] {
                return Err(RefusedCopies::OpenValue);
            }
            if !self.blindings.insert(*blinding) {
                return Err(RefusedCopies::Linkable);
            }
        }
        Ok(())
    }
}

/// The same for all copies of one value by one issuer, whenever they were fetched.
fn card_of(expected: &Expected<'_>, copy: &Copy, opening: &Opening) -> Result<String, RefusedCopies> {
    let same = json!({ "issuer": expected.entry_id, "kind": copy.kind, "values": opening.values() });
    let canonical = serde_json_canonicalizer::to_vec(&same).map_err(|_| RefusedCopies::Malformed)?;
    Ok(hex::encode(&Sha256::digest(canonical)[..16]))
}

fn begin(day: Day) -> Result<Timestamp, RefusedCopies> {
    let midnight = day.date().to_zoned(TimeZone::UTC);
    midnight
        .map(|midnight| midnight.timestamp())
        .map_err(|_| RefusedCopies::Malformed)
}

/// The last day is included.
fn end(day: Day) -> Result<Timestamp, RefusedCopies> {
    let next = day.date().tomorrow().map_err(|_| RefusedCopies::Malformed)?;
    let midnight = next.to_zoned(TimeZone::UTC);
    midnight
        .map(|midnight| midnight.timestamp())
        .map_err(|_| RefusedCopies::Malformed)
}

fn refused(error: CredentialError) -> RefusedCopies {
    match error {
        CredentialError::UnknownIssuer => RefusedCopies::WrongIssuer,
        CredentialError::Copy(CopyError::Signature) => RefusedCopies::BadSignature,
        CredentialError::Copy(CopyError::Opening | CopyError::Value) => RefusedCopies::WrongValue,
        CredentialError::Copy(CopyError::Validity) => RefusedCopies::TooLong,
        CredentialError::Copy(CopyError::WeakKey) => RefusedCopies::WrongKey,
        _ => RefusedCopies::Malformed,
    }
}

#[cfg(test)]
#[path = "check_eligibility_tests.rs"]
mod tests;
