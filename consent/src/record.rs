//! The consent record: what both sides keep, and what the ledger's commitment commits to.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Commitment, ConsentId, ConsentRequest, DataPeriod, Digest32, LedgerRef, Onward, Period, Purpose,
    Recipient, Retention, Salt, Scope,
};

/// `kind` of every consent record.
pub const CONSENT_KIND: &str = "urn:carnet:consent-record:1";

/// All of what was asked, or part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Everything that was asked.
    Permit,
    /// Part of it.
    Partial,
}

impl Decision {
    /// The stable name, as in serde.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Partial => "partial",
        }
    }
}

/// A consent as given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// [`CONSENT_KIND`].
    pub kind: String,
    /// From the request.
    pub consent_id: ConsentId,
    /// All or part.
    pub decision: Decision,
    /// From the request.
    pub purpose: Vec<Purpose>,
    /// What was granted, each for reading only.
    pub granted: Vec<Scope>,
    /// From the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_period: Option<DataPeriod>,
    /// From the request.
    pub period: Period,
    /// From the request.
    pub recipient: Recipient,
    /// From the request.
    pub retention: Retention,
    /// From the request.
    pub onward: Onward,
    /// SHA-256 of the signed request's compact serialisation.
    pub request_digest: Digest32,
    /// RFC 7638 thumbprint of the pairwise holder key, base64url.
    pub holder: String,
    /// SHA-256 of the sealed delivery's compact serialisation.
    pub delivery_digest: Digest32,
    /// From the request.
    pub ledger: LedgerRef,
}

/// Why a consent does not fit the request it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// Another kind of document.
    #[error("not a consent record of a known kind")]
    UnknownKind,
    /// Nothing granted, or the same thing twice.
    #[error("the consent grants nothing or repeats itself")]
    IllFormed,
    /// Grants what was not asked.
    #[error("the consent grants more than was asked")]
    WiderThanAsked,
    /// Says `permit` for a part, or `partial` for all.
    #[error("the consent's decision does not fit what it grants")]
    WrongDecision,
    /// A term differs from the request's.
    #[error("the consent's {0} differs from the request's")]
    Differs(&'static str),
}

impl ConsentError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownKind => "consent_unknown_kind",
            Self::IllFormed => "consent_ill_formed",
            Self::WiderThanAsked => "consent_wider_than_asked",
            Self::WrongDecision => "consent_wrong_decision",
            Self::Differs(_) => "consent_differs",
        }
    }
}

impl Consent {
    /// The consent that grants these scopes of a request.
    pub fn from_request(
        request: &ConsentRequest,
        granted: &[Scope],
        request_digest: Digest32,
        holder: String,
        delivery_digest: Digest32,
    ) -> Self {
        let granted: Vec<Scope> = granted.iter().map(Scope::read_only).collect();
        Self {
            kind: CONSENT_KIND.to_owned(),
            consent_id: request.consent_id,
            decision: decision(request, &granted),
            purpose: request.purpose.clone(),
            granted,
            data_period: request.data_period,
            period: request.period,
            recipient: request.recipient.clone(),
            retention: request.retention,
            onward: request.onward,
            request_digest,
            holder,
            delivery_digest,
            ledger: request.ledger.clone(),
        }
    }

    /// The canonical form (RFC 8785). Every field is text, a list or an object of texts, so there is one.
    pub fn canonical(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 of `"carnet-consent-v1" ‖ salt ‖ canonical form`.
    pub fn commitment(&self, salt: &Salt) -> Commitment {
        let digest = Sha256::new()
            .chain_update(b"carnet-consent-v1")
            .chain_update(salt.as_bytes())
            .chain_update(self.canonical())
            .finalize();
        Commitment(digest.into())
    }

    /// The station's check: nothing wider than asked, no term changed.
    pub fn check_against(&self, request: &ConsentRequest) -> Result<(), ConsentError> {
        if self.kind != CONSENT_KIND {
            return Err(ConsentError::UnknownKind);
        }
        let unlike = |left: &Scope, rest: &[Scope]| !rest.contains(left);
        let twice = self
            .granted
            .iter()
            .enumerate()
            .any(|(i, scope)| !unlike(scope, &self.granted[i + 1..]));
        if self.granted.is_empty() || twice {
            return Err(ConsentError::IllFormed);
        }
        let asked = |scope: &Scope| request.items.iter().any(|item| item.scope.read_only() == *scope);
        if !self.granted.iter().all(asked) {
            return Err(ConsentError::WiderThanAsked);
        }
        if self.decision != decision(request, &self.granted) {
            return Err(ConsentError::WrongDecision);
        }
        let terms = [
            ("consent_id", self.consent_id == request.consent_id),
            ("purpose", self.purpose == request.purpose),
            ("data_period", self.data_period == request.data_period),
            ("period", self.period == request.period),
            ("recipient", self.recipient == request.recipient),
            ("retention", self.retention == request.retention),
            ("onward", self.onward == request.onward),
            ("ledger", self.ledger == request.ledger),
        ];
        match terms.into_iter().find(|(_, same)| !same) {
            Some((term, _)) => Err(ConsentError::Differs(term)),
            None => Ok(()),
        }
    }
}

fn decision(request: &ConsentRequest, granted: &[Scope]) -> Decision {
    if request
        .items
        .iter()
        .all(|item| granted.contains(&item.scope.read_only()))
    {
        Decision::Permit
    } else {
        Decision::Partial
    }
}
