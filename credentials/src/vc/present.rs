//! Deciding about a presentation (VC Data Model 2.0, section 4.13).

use carnet_did_resolver::document::Relationship;
use serde_json::{Map, Value};

use super::{Checked, Conditions, VcError, check, check::check_proof, jose, model::Presentation};
use crate::data_integrity::{Proof, Secured};

/// What a presentation must be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// What the verifier gave to be signed, fresh for this session.
    pub challenge: &'a str,
    /// The verifier's own name, if presentations for it carry one.
    pub domain: Option<&'a str>,
    /// Whether every credential has to be about the holder, so that nobody shows somebody else's.
    pub about_holder: bool,
}

/// A presentation by its holder, with the credentials in it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedPresentation {
    /// Who presents.
    pub holder: String,
    /// What is presented, each checked.
    pub credentials: Vec<Checked>,
}

/// Decides about a presentation with Data Integrity proofs, and about every credential in it.
pub fn check_presentation(
    document: &Map<String, Value>,
    expected: &Expected<'_>,
    conditions: &Conditions<'_>,
) -> Result<CheckedPresentation, VcError> {
    let presentation = Presentation::read(document)?;
    let secured = Secured::read(document)?;
    let holder = presentation
        .holder
        .or_else(|| secured.proofs().first().map(Proof::controller))
        .unwrap_or_default();
    for proof in secured.proofs() {
        if proof.controller() != holder {
            return Err(VcError::WrongHolder);
        }
        if proof.challenge.as_deref() != Some(expected.challenge) {
            return Err(VcError::WrongChallenge);
        }
        if let Some(domain) = expected.domain
            && !proof.domain.iter().any(|d| d == domain)
        {
            return Err(VcError::WrongDomain);
        }
        check_proof(&secured, proof, Relationship::Authentication, conditions)?;
    }
    believe(&presentation, holder, expected, conditions)
}

/// The credentials of a presentation whose holder is known.
pub(super) fn believe(
    presentation: &Presentation<'_>,
    holder: &str,
    expected: &Expected<'_>,
    conditions: &Conditions<'_>,
) -> Result<CheckedPresentation, VcError> {
    let credentials = presentation
        .credentials
        .iter()
        .map(|credential| {
            let checked = credential_of(credential, conditions)?;
            let about_holder = checked.subjects.iter().any(|subject| subject == holder);
            if expected.about_holder && !about_holder {
                return Err(VcError::NotAboutHolder);
            }
            Ok(checked)
        })
        .collect::<Result<_, _>>()?;
    Ok(CheckedPresentation {
        holder: holder.to_owned(),
        credentials,
    })
}

fn credential_of(credential: &Map<String, Value>, conditions: &Conditions<'_>) -> Result<Checked, VcError> {
    match jose::enveloped_credential(credential) {
        Some(text) => jose::check(text?, conditions),
        None => check(credential, conditions),
    }
}
