//! Deciding about a credential.

use carnet_did_resolver::document::Relationship;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{Documents, VcError, documents::key, model::Credential, status::check_statuses};
use crate::{
    data_integrity::{Proof, Secured},
    status::bitstring::StatusLists,
};

/// How far other people's clocks may go before ours.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What a decision is made under.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// The present.
    pub now: Timestamp,
    /// Whose keys are whose.
    pub documents: &'a dyn Documents,
    /// The status lists at hand. A credential whose list is not among them is refused.
    pub statuses: &'a dyn StatusLists,
}

impl std::fmt::Debug for Conditions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conditions")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// A credential that may be believed as far as its issuer is.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The issuer's identifier.
    pub issuer: String,
    /// `type`.
    pub types: Vec<String>,
    /// Ids of those it is about, where it gives one.
    pub subjects: Vec<String>,
    /// From when on it is valid.
    pub valid_from: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// The schemas that it names. They are not looked at.
    pub schemas: Vec<String>,
    /// The keys that signed, the issuer's and any further.
    pub signed_by: Vec<String>,
    /// The credential itself, without proofs.
    pub credential: Map<String, Value>,
}

/// Decides about a credential with Data Integrity proofs. All proofs have to hold, and one has to be the issuer's.
pub fn check(document: &Map<String, Value>, conditions: &Conditions<'_>) -> Result<Checked, VcError> {
    let credential = Credential::read(document)?;
    let secured = Secured::read(document)?;
    if !secured
        .proofs()
        .iter()
        .any(|proof| proof.controller() == credential.issuer)
    {
        return Err(VcError::WrongIssuer);
    }
    for proof in secured.proofs() {
        check_proof(&secured, proof, Relationship::AssertionMethod, conditions)?;
    }
    let signed_by = secured
        .proofs()
        .iter()
        .map(|proof| proof.verification_method.clone())
        .collect();
    believe(&credential, secured.document(), signed_by, conditions)
}

/// The part of the decision that does not depend on how the credential is signed.
pub(super) fn believe(
    credential: &Credential<'_>,
    document: &Map<String, Value>,
    signed_by: Vec<String>,
    conditions: &Conditions<'_>,
) -> Result<Checked, VcError> {
    credential.check_times(conditions.now)?;
    check_statuses(credential, conditions)?;
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Ok(Checked {
        issuer: credential.issuer.to_owned(),
        types: owned(&credential.types),
        subjects: owned(&credential.subjects),
        valid_from: credential.valid_from,
        valid_until: credential.valid_until,
        schemas: owned(&credential.schemas),
        signed_by,
        credential: document.clone(),
    })
}

/// One proof: made for this purpose, in time, by a key that its controller lists for it.
pub(super) fn check_proof(
    secured: &Secured,
    proof: &Proof,
    relationship: Relationship,
    conditions: &Conditions<'_>,
) -> Result<(), VcError> {
    if proof.purpose != relationship.name() {
        return Err(VcError::WrongPurpose);
    }
    let soon = conditions.now.saturating_add(MAX_SKEW).unwrap_or(conditions.now);
    if proof.created.is_some_and(|created| created > soon) {
        return Err(VcError::ProofPremature);
    }
    if proof.expires.is_some_and(|expires| expires <= conditions.now) {
        return Err(VcError::ProofExpired);
    }
    let key = key(
        conditions.documents,
        &proof.verification_method,
        relationship,
        conditions.now,
    )?;
    secured.verify(proof, &key)?;
    Ok(())
}
