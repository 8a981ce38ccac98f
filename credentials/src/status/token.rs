//! Token Status List (draft-ietf-oauth-status-list 21): one signed text with the status of many credentials.
//!
//! An issuer keeps [`Statuses`] and publishes them with [`issue`]. Whoever checks fetches the whole text (fetching is
//! the caller's), reads it with [`StatusList::check`], keeps that value, and asks it with [`StatusList::confirm`].

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

mod error;
mod statuses;

pub use error::StatusError;
pub use statuses::{Bits, MAX_STATUSES, Status, Statuses};

use crate::{
    issuer::{Issuer, IssuerError},
    jws::{self, JwsError},
    signature::Signer,
};

/// `typ` of a status list.
pub const TYP: &str = "statuslist+jwt";
/// Longest text that is looked at, in bytes. Nothing longer needs to be fetched.
pub const MAX_LEN: usize = 8 * 1_048_576;
/// Longest address of a list, in bytes.
const MAX_URI: usize = 2_048;

/// Where a credential's status is (draft, "Referenced Token"): the member `status_list` of its claim `status`.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference {
    uri: String,
    index: usize,
}

impl std::fmt::Debug for Reference {
    // The index is the credential's own: it doesn't belong into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reference").finish_non_exhaustive()
    }
}

impl Reference {
    /// The entry at `index` of the list at `uri`.
    pub fn new(uri: &str, index: usize) -> Self {
        Self {
            uri: uri.to_owned(),
            index,
        }
    }

    /// Reads `{"idx": 0, "uri": "https://…"}`.
    pub fn from_claim(claim: &Value) -> Result<Self, StatusError> {
        let index = claim.get("idx").and_then(Value::as_u64);
        let index = index.and_then(|index| usize::try_from(index).ok());
        match (index, claim.get("uri").and_then(Value::as_str)) {
            (Some(index), Some(uri)) if uri.len() <= MAX_URI => Ok(Self::new(uri, index)),
            _ => Err(StatusError::ReferenceMalformed),
        }
    }

    /// The whole claim `status`.
    pub fn to_claim(&self) -> Value {
        json!({ "status_list": { "idx": self.index, "uri": self.uri } })
    }

    /// The list's address: chosen by the issuer, so it is fetched with the same care as any stranger's.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Which entry.
    pub fn index(&self) -> usize {
        self.index
    }
}

/// What is said about a list beside its entries.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// Where it is published.
    pub uri: &'a str,
    /// When it is made, whole seconds.
    pub iat: Timestamp,
    /// Until when it holds.
    pub exp: Option<Timestamp>,
    /// How long a copy may be kept, whole seconds.
    pub ttl: Option<SignedDuration>,
    /// Further header members, such as `kid` or `x5c`.
    pub header: Map<String, Value>,
}

/// Signs a list.
pub fn issue(statuses: &Statuses, publication: &Publication<'_>, key: &dyn Signer) -> String {
    let mut claims = json!({
        "sub": publication.uri,
        "iat": publication.iat.as_second(),
        "status_list": statuses.to_claim(),
    });
    if let Some(exp) = publication.exp {
        claims["exp"] = exp.as_second().into();
    }
    if let Some(ttl) = publication.ttl {
        claims["ttl"] = ttl.as_secs().into();
    }
    jws::sign(
        TYP,
        publication.header.clone(),
        claims.to_string().as_bytes(),
        key,
    )
}

/// A list whose signature was verified, unpacked. A cache keeps this, under [`Self::uri`].
#[derive(Debug, Clone)]
pub struct StatusList {
    uri: String,
    statuses: Statuses,
    issued: Timestamp,
    /// The end of its own validity, and of the time a copy may be kept.
    holds_until: Timestamp,
}

impl StatusList {
    /// Reads the list that was just fetched from `uri` and verifies that `issuer` signed it. `iss` is optional in a
    /// list: where it stands it must be the issuer's.
    pub fn check(
        text: &str,
        uri: &str,
        issuer: &Issuer<'_>,
        now: Timestamp,
        leeway: SignedDuration,
    ) -> Result<Self, StatusError> {
        let unverified = jws::parse(text, MAX_LEN).map_err(signed)?;
        unverified.check_header(TYP).map_err(signed)?;
        let signatory = issuer
            .signatory(&unverified, now)
            .map_err(StatusError::ListIssuer)?;
        let claims = unverified.verify(TYP, &signatory.key).map_err(signed)?.payload;
        if claims.contains_key("iss") && !signatory.is(claims.get("iss").and_then(Value::as_str)) {
            return Err(StatusError::ListIssuer(IssuerError::WrongIssuer));
        }
        if claims.get("sub").and_then(Value::as_str) != Some(uri) {
            return Err(StatusError::OtherList);
        }

        let issued = time(&claims, "iat")?.ok_or(StatusError::ListMalformed)?;
        if issued.duration_since(now) > leeway {
            return Err(StatusError::NotYetValid);
        }
        let mut holds_until = Timestamp::MAX;
        if let Some(exp) = time(&claims, "exp")? {
            holds_until = exp
                .saturating_add(leeway)
                .map_err(|_| StatusError::ListMalformed)?;
        }
        if let Some(ttl) = claims.get("ttl") {
            let ttl = ttl
                .as_u64()
                .filter(|ttl| *ttl > 0)
                .ok_or(StatusError::ListMalformed)?;
            let ttl = SignedDuration::from_secs(i64::try_from(ttl).unwrap_or(i64::MAX));
            let until = now.saturating_add(ttl).map_err(|_| StatusError::ListMalformed)?;
            holds_until = holds_until.min(until);
        }
        if now >= holds_until {
            return Err(StatusError::TooOld);
        }
        let list = claims.get("status_list").ok_or(StatusError::ListMalformed)?;
        Ok(Self {
            uri: uri.to_owned(),
            statuses: Statuses::from_claim(list)?,
            issued,
            holds_until,
        })
    }

    /// Where it was fetched from.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// When it must be fetched anew: at the end of its own time, or when it is older than the reader wants. Its age
    /// counts from when it was signed, so that an old list served again stays old.
    pub fn fresh_until(&self, max_age: SignedDuration) -> Timestamp {
        let aged = self.issued.saturating_add(max_age).unwrap_or(Timestamp::MAX);
        self.holds_until.min(aged)
    }

    /// What the list says of a credential.
    pub fn status(
        &self,
        reference: &Reference,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<Status, StatusError> {
        if reference.uri != self.uri {
            return Err(StatusError::OtherList);
        }
        if now >= self.fresh_until(max_age) {
            return Err(StatusError::TooOld);
        }
        self.statuses.get(reference.index).ok_or(StatusError::NoSuchEntry)
    }

    /// Refuses a credential whose status is anything but valid.
    pub fn confirm(
        &self,
        reference: &Reference,
        now: Timestamp,
        max_age: SignedDuration,
    ) -> Result<(), StatusError> {
        match self.status(reference, now, max_age)? {
            Status::Valid => Ok(()),
            Status::Invalid => Err(StatusError::Revoked),
            Status::Suspended => Err(StatusError::Suspended),
            Status::Other(_) => Err(StatusError::Unknown),
        }
    }
}

fn signed(error: JwsError) -> StatusError {
    match error {
        JwsError::TooLarge => StatusError::TooLarge,
        error => StatusError::ListSignature(error),
    }
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, StatusError> {
    jws::numeric_date(claims, name).map_err(|_| StatusError::ListMalformed)
}
