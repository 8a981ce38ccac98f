//! The wallet's side.

use carnet_consent::{Consent, GrantId};
use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, Issuance, IssueError, KbClaims, PresentError},
};
use jiff::Timestamp;
use p256::{SecretKey, ecdsa::SigningKey};
use serde_json::{Map, Value, json};

use super::{CarnetPart, Presentation, Presentations, binding};
use crate::{
    jwe::{self, JweError},
    limits::ANSWER_BYTES,
    request::{HOLDER_VCT, VerifiedRequest},
};

/// Why no answer was made. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The request has expired meanwhile.
    #[error("the code has expired; nothing was sent, ask for a new one")]
    RequestExpired,
    /// The consent isn't for this request or this holder key.
    #[error("the consent doesn't belong to this request; nothing was sent")]
    ConsentMisfit,
    /// What would be shown is not an answer to what was asked.
    #[error("what was chosen doesn't answer the question; nothing was sent")]
    QueryMisfit,
    /// The holder credential could not be made.
    #[error("the proof of identity could not be made; nothing was sent")]
    Credential(#[from] IssueError),
    /// The presentation could not be made.
    #[error("the proof of identity could not be shown; nothing was sent")]
    Presentation(#[from] PresentError),
    /// The answer could not be encrypted.
    #[error("the answer could not be encrypted; nothing was sent")]
    Sealed(#[from] JweError),
    /// The answer is larger than a station takes.
    #[error("the answer is larger than a station accepts; nothing was sent")]
    TooLarge,
}

impl MakeError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RequestExpired => "request_expired",
            Self::ConsentMisfit => "answer_consent_misfit",
            Self::QueryMisfit => "answer_query_misfit",
            Self::Credential(e) => e.code(),
            Self::Presentation(e) => e.code(),
            Self::Sealed(e) => e.code(),
            Self::TooLarge => "answer_too_large",
        }
    }
}

/// A self-issued holder credential with key binding to this request and this decision. `holder` is the pairwise key of
/// the party that asks; `consent` was made for this request and this key.
pub fn build_presentation(
    request: &VerifiedRequest,
    consent: &Consent,
    grant_id: &GrantId,
    holder: &SigningKey,
    now: Timestamp,
) -> Result<Presentation, MakeError> {
    if now >= request.expires {
        return Err(MakeError::RequestExpired);
    }
    let asked = request.consent.as_ref().ok_or(MakeError::ConsentMisfit)?;
    let key = PublicKey::from(holder);
    let fits = consent.holder == key.thumbprint_text()
        && consent.request_digest.0 == request.digest
        && consent.check_against(&asked.request).is_ok();
    if !fits {
        return Err(MakeError::ConsentMisfit);
    }
    // Good for this one answer; it proves control of a key and says nothing about the person.
    let claims = json!({
        "iss": key.did_jwk(),
        "vct": HOLDER_VCT,
        "iat": now.as_second(),
        "exp": request.expires.as_second(),
    });
    let Value::Object(claims) = claims else {
        return Err(MakeError::ConsentMisfit);
    };
    let credential = sd_jwt::issue(
        &Issuance {
            claims,
            disclosable: &[],
            salts: &[],
            decoys: &[],
            holder: &key,
            header: Map::new(),
        },
        holder,
    )?;
    let kb = KbClaims {
        aud: &request.client_id,
        nonce: &request.nonce,
        iat: now,
        extra: binding(&asked.transaction_data, consent, grant_id),
    };
    Ok(sd_jwt::present(&credential, &[], &kb, holder)?.into())
}

/// The encrypted answer. `ephemeral` and `iv` must be fresh. `part` where there is a consent.
pub fn seal(
    request: &VerifiedRequest,
    presentations: &Presentations,
    part: Option<&CarnetPart>,
    ephemeral: &SecretKey,
    iv: [u8; 12],
) -> Result<String, MakeError> {
    if part.is_some() != request.consent.is_some() {
        return Err(MakeError::ConsentMisfit);
    }
    let answered = presentations.keys().map(String::as_str).collect();
    let alone = |(id, shown): (&String, &Vec<Presentation>)| {
        shown.len() == 1 || request.query.credential(id).is_some_and(|query| query.multiple)
    };
    if request.query.accepts(&answered).is_err() || !presentations.iter().all(alone) {
        return Err(MakeError::QueryMisfit);
    }
    let mut answer = Map::new();
    answer.insert("vp_token".into(), json!(presentations));
    if let Some(part) = part {
        let part = serde_json::to_value(part).map_err(|_| MakeError::ConsentMisfit)?;
        answer.insert("carnet".into(), part);
    }
    encrypted(request, answer, ephemeral, iv)
}

/// The encrypted "no". It says nothing of the patient: no key, no reason.
pub fn seal_denial(
    request: &VerifiedRequest,
    ephemeral: &SecretKey,
    iv: [u8; 12],
) -> Result<String, MakeError> {
    let answer = Map::from_iter([("error".to_owned(), json!("access_denied"))]);
    encrypted(request, answer, ephemeral, iv)
}

fn encrypted(
    request: &VerifiedRequest,
    mut answer: Map<String, Value>,
    ephemeral: &SecretKey,
    iv: [u8; 12],
) -> Result<String, MakeError> {
    if let Some(state) = &request.state {
        answer.insert("state".into(), state.as_str().into());
    }
    let answer = Value::Object(answer).to_string();
    let compact = jwe::encrypt(
        answer.as_bytes(),
        &request.encryption_key,
        ephemeral,
        iv,
        Map::new(),
    )?;
    if compact.len() > ANSWER_BYTES {
        Err(MakeError::TooLarge)
    } else {
        Ok(compact)
    }
}
