//! Every copy is looked at before one is kept: the right card, by the right issuer, for a key of this wallet, still good; and
//! the copies of a batch say the same and have nothing else in common.

use std::collections::HashSet;

use carnet_credentials::jwk::PublicKey;
use carnet_exchange::TrustList;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::error::TakeCardError;
use crate::{
    ImportCredentialError as Gate, LookUpError,
    credentials::{
        Binding, CopyKey, HolderKey, KeptCredential,
        check::check_copy,
        import::card_of,
        look_up::{reference, states},
    },
    talk::Talk,
};

/// How far the issuer's clock may be ahead.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// What is wrong with copies. None of the batch is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RefusedCopies {
    #[error("a copy is bound to a key that is not yours")]
    WrongKey,
    #[error("a copy is bound to nobody's key")]
    NotBound,
    #[error("two copies are bound to one key")]
    SameKey,
    #[error("it is another kind of card than was offered")]
    WrongType,
    #[error("it is by another issuer than the one that offered it")]
    WrongIssuer,
    #[error("a copy was changed after it was signed, or it is not by whom it says")]
    BadSignature,
    #[error("a copy has expired already")]
    Expired,
    #[error("a copy is dated in the future")]
    Future,
    #[error("a copy was taken back already")]
    Revoked,
    #[error("the copies do not say the same")]
    Differ,
    #[error("two copies could be recognised as the same card's")]
    Linkable,
    #[error("a copy stands for another value than the one that came with it")]
    WrongValue,
    #[error("a copy would be valid for longer than a week")]
    TooLong,
    #[error("a copy would let others find out the value")]
    OpenValue,
    #[error("a copy came as a text and not as an object")]
    NotAnObject,
    #[error("a copy is not made as it should be")]
    Malformed,
}

impl RefusedCopies {
    /// Stable, `snake_case`.
    pub fn code(self) -> &'static str {
        match self {
            Self::WrongKey => "issued_wrong_key",
            Self::NotBound => "issued_not_bound",
            Self::SameKey => "issued_same_key",
            Self::WrongType => "issued_wrong_type",
            Self::WrongIssuer => "issued_wrong_issuer",
            Self::BadSignature => "issued_bad_signature",
            Self::Expired => "issued_expired",
            Self::Future => "issued_from_the_future",
            Self::Revoked => "issued_already_revoked",
            Self::Differ => "issued_copies_differ",
            Self::Linkable => "issued_copies_linkable",
            Self::WrongValue => "issued_wrong_value",
            Self::TooLong => "issued_valid_too_long",
            Self::OpenValue => "issued_open_value",
            Self::NotAnObject => "issued_not_an_object",
            Self::Malformed => "issued_malformed",
        }
    }
}

/// What copies have to be.
pub(super) struct Expected<'a> {
    /// `vct`, or the schema of the value.
    pub(super) kind: &'a str,
    /// The issuer's stable id.
    pub(super) entry_id: &'a str,
    /// The offer's id.
    pub(super) offer_id: &'a str,
    /// What they were asked for with.
    pub(super) keys: &'a [HolderKey],
    /// One of many, to be shown once each.
    pub(super) single_use: bool,
}

/// The copies as they are kept, each under its id.
pub(super) type Copies = Vec<(String, KeptCredential)>;

/// Checks all that needs no network.
pub(super) fn copies(
    came: &[Value],
    expected: &Expected<'_>,
    list: &TrustList,
    now: Timestamp,
) -> Result<Copies, RefusedCopies> {
    let own: Vec<CopyKey> = expected.keys.iter().filter_map(HolderKey::p256).collect();
    let mut copies: Copies = Vec::with_capacity(came.len());
    let (mut keys, mut statuses, mut disclosures) = (HashSet::new(), HashSet::new(), HashSet::new());
    for one in came {
        let text = one.as_str().ok_or(RefusedCopies::Malformed)?;
        let checked = check_copy(text, list, &own, now).map_err(refused)?;
        if checked.kind != expected.kind {
            return Err(RefusedCopies::WrongType);
        }
        if checked.entry_id.as_deref() != Some(expected.entry_id) {
            return Err(RefusedCopies::WrongIssuer);
        }
        let Binding::Copy(key) = &checked.binding else {
            return Err(RefusedCopies::NotBound);
        };
        if !keys.insert(PublicKey::from(&key.signing_key()).thumbprint()) {
            return Err(RefusedCopies::SameKey);
        }
        // A validity that begins later is the issuer's right; a date of issue to come is not.
        if checked
            .issued
            .is_some_and(|issued| issued.duration_since(now) > LEEWAY)
        {
            return Err(RefusedCopies::Future);
        }
        let status = checked.status.as_ref().map(Value::to_string);
        let alone = status.is_none_or(|status| statuses.insert(status))
            && text
                .trim_end_matches('~')
                .split('~')
                .skip(1)
                .all(|disclosure| disclosures.insert(disclosure));
        if !alone {
            return Err(RefusedCopies::Linkable);
        }
        let kept = KeptCredential {
            card: card_of(&checked).map_err(|_| RefusedCopies::Malformed)?,
            form: checked.form,
            text: text.to_owned(),
            issuer: checked.issuer,
            entry_id: checked.entry_id,
            own: false,
            kind: checked.kind,
            claims: checked.claims,
            from: checked.from,
            until: checked.until,
            status: checked.status,
            binding: checked.binding,
            single_use: expected.single_use,
            source: Some(expected.offer_id.to_owned()),
            added: now,
            looked_up: None,
        };
        if copies.first().is_some_and(|(_, first)| !same(first, &kept)) {
            return Err(RefusedCopies::Differ);
        }
        copies.push((hex::encode(Sha256::digest(text.as_bytes())), kept));
    }
    Ok(copies)
}

/// The moment of issue may differ: copies are signed one after the other.
fn same(one: &KeptCredential, other: &KeptCredential) -> bool {
    one.card == other.card && one.status.is_some() == other.status.is_some()
}

/// Asks the issuer's status lists whether every copy is still good.
pub(super) async fn still_good(
    copies: &mut Copies,
    talk: &Talk,
    now: Timestamp,
) -> Result<(), TakeCardError> {
    if copies.iter().all(|(_, kept)| kept.status.is_none()) {
        return Ok(());
    }
    if copies.iter().any(|(_, kept)| reference(kept).is_none()) {
        return Err(TakeCardError::StatusUnknown(LookUpError::NobodyToAsk));
    }
    let states = states(talk, copies.iter().map(|(_, kept)| kept), now)
        .await
        .map_err(TakeCardError::StatusUnknown)?;
    for ((_, kept), state) in copies.iter_mut().zip(states) {
        if state.state != "valid" {
            return Err(RefusedCopies::Revoked.into());
        }
        kept.looked_up = Some(state);
    }
    Ok(())
}

fn refused(error: Gate) -> RefusedCopies {
    match error {
        Gate::NotYours => RefusedCopies::WrongKey,
        Gate::BadSignature => RefusedCopies::BadSignature,
        Gate::UnknownIssuer | Gate::Certificate => RefusedCopies::WrongIssuer,
        Gate::Expired => RefusedCopies::Expired,
        Gate::NotYet => RefusedCopies::Future,
        _ => RefusedCopies::Malformed,
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
