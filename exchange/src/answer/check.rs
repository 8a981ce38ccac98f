//! The station's side.

use carnet_consent::{Consent, ConsentError, ConsentRequest, Decision, Digest32, GrantId, Salt};
use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, Expect, Issuer, Rules, SdJwtError, StatusRule},
};
use carnet_eligibility::{CheckError, credential::CredentialError};
use jiff::Timestamp;

use super::{
    CarnetPart, CheckedCard, CheckedStatement, GrantTuple, Opened, Presentation, binding, cards::check_card,
    statement::check_statement,
};
use crate::{
    TrustList,
    dcql::{ChoiceError, Query},
    eligibility::AskedStatement,
    jwe::JweError,
    limits::{ANSWER_AGE, CLOCK_LEEWAY},
    request::HOLDER_VCT,
};

/// Why an answer is refused. Nothing is recorded, the grant is not submitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not encrypted to this session's key, or altered.
    #[error("the answer can't be opened: {0}")]
    Sealed(JweError),
    /// The content isn't an answer.
    #[error("the answer is not well formed")]
    Malformed,
    /// The part beside the presentation is missing something, or ill-typed.
    #[error("the grant in the answer is not well formed")]
    PartMalformed,
    /// The patient said no: there is nothing to check.
    #[error("the patient said no")]
    Denied,
    /// `state` is another session's.
    #[error("the answer belongs to another session")]
    WrongState,
    /// The presentation.
    #[error("the proof of identity was refused: {0}")]
    Presentation(#[from] SdJwtError),
    /// It answers a query that wasn't asked.
    #[error("the answer shows something under a name that wasn't asked for")]
    QueryUnknown,
    /// Something that is needed is not answered.
    #[error("the answer leaves out something that is needed")]
    Incomplete,
    /// It shows a credential that completes nothing that was asked for.
    #[error("the answer shows more than was asked for")]
    Surplus,
    /// Several credentials where one was asked for.
    #[error("the answer shows several cards where one was asked for")]
    Several,
    /// A claim that was asked for is missing or has another value.
    #[error("the card shows less than was asked for")]
    TooLittle,
    /// Claims were disclosed that weren't asked for.
    #[error("the card shows more than was asked for")]
    TooMuch,
    /// The issuer is not in the trust list, or its certificate is not in order.
    #[error("who issued the card can't be found out")]
    IssuerUnknown,
    /// The issuer is listed, but not one of those that were asked for.
    #[error("the card is by another issuer than was asked for")]
    IssuerNotAsked,
    /// The credential that a proof comes in says something else than the proof.
    #[error("the proof is not well formed: {0}")]
    Credential(#[from] CredentialError),
    /// The proof.
    #[error("the proof shows nothing: {0}")]
    Statement(#[from] CheckError),
    /// A consent was asked for, and the answer has none.
    #[error("the answer has no consent in it")]
    ConsentMissing,
    /// No consent was asked for, and the answer has one.
    #[error("the answer has a consent in it that wasn't asked for")]
    ConsentSurplus,
    /// The key binding names no transaction: it was stripped, or made for a request without one.
    #[error("the proof of identity is not bound to a consent")]
    NotBound,
    /// The key binding names another transaction.
    #[error("the proof of identity is bound to another request's consent")]
    WrongTransaction,
    /// The key binding and the part beside it don't say the same.
    #[error("what the patient signed and what was sent with it differ")]
    ConsentMismatch,
    /// The consent names another request.
    #[error("the consent answers another request")]
    WrongRequest,
    /// The consent names another holder key.
    #[error("the consent belongs to another holder")]
    WrongHolder,
    /// The consent doesn't fit what was asked.
    #[error("{0}")]
    Consent(#[from] ConsentError),
    /// The commitment isn't that of this consent and salt.
    #[error("the grant commits to another consent")]
    WrongCommitment,
    /// The grant's times aren't the consent's.
    #[error("the grant is for another period than the consent")]
    WrongPeriod,
    /// The signed `grant_id` isn't that of the grant.
    #[error("the patient signed another grant")]
    WrongGrant,
}

impl AnswerError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sealed(e) => e.code(),
            Self::Malformed => "answer_malformed",
            Self::PartMalformed => "answer_part_malformed",
            Self::Denied => "answer_denied",
            Self::WrongState => "answer_wrong_state",
            Self::Presentation(e) => e.code(),
            Self::QueryUnknown => "answer_query_unknown",
            Self::Incomplete => "answer_incomplete",
            Self::Surplus => "answer_surplus",
            Self::Several => "answer_several",
            Self::TooLittle => "answer_too_little",
            Self::TooMuch => "answer_too_much",
            Self::IssuerUnknown => "answer_issuer_unknown",
            Self::IssuerNotAsked => "answer_issuer_not_asked",
            Self::Credential(e) => e.code(),
            Self::Statement(e) => e.code(),
            Self::ConsentMissing => "answer_consent_missing",
            Self::ConsentSurplus => "answer_consent_surplus",
            Self::NotBound => "answer_not_bound",
            Self::WrongTransaction => "answer_wrong_transaction",
            Self::ConsentMismatch => "answer_consent_mismatch",
            Self::WrongRequest => "answer_wrong_request",
            Self::WrongHolder => "answer_wrong_holder",
            Self::Consent(e) => e.code(),
            Self::WrongCommitment => "answer_wrong_commitment",
            Self::WrongPeriod => "answer_wrong_period",
            Self::WrongGrant => "answer_wrong_grant",
        }
    }
}

/// What the station keeps of the request it made.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// Its own client id.
    pub client_id: &'a str,
    /// The request's nonce.
    pub nonce: &'a str,
    /// The request's state.
    pub state: &'a str,
    /// [`crate::request::digest`] of the request as served.
    pub request_digest: [u8; 32],
    /// Which credentials it asked for.
    pub query: &'a Query,
    /// The consent it asked for, if it did.
    pub consent: Option<AskedOf<'a>>,
    /// The statement it asked for, if it did.
    pub statement: Option<&'a AskedStatement>,
    /// Whose cards are believed; without a list nobody's.
    pub list: Option<&'a TrustList>,
}

/// What the station keeps of the consent it asked for.
#[derive(Debug, Clone, Copy)]
pub struct AskedOf<'a> {
    /// Id of the query that the proof of the holder key answers.
    pub holder_query: &'a str,
    /// The `transaction_data` entry as served.
    pub transaction_data: &'a str,
    /// What it says.
    pub request: &'a ConsentRequest,
}

/// An answer that holds.
#[derive(Debug, Clone)]
pub struct CheckedAnswer {
    /// The consent, where one was asked for.
    pub consent: Option<CheckedConsent>,
    /// The cards that were shown, in the order of the query.
    pub cards: Vec<CheckedCard>,
    /// The statement that was shown.
    pub statement: Option<CheckedStatement>,
}

/// A consent that holds. The subject's signature of the grant is still the ledger's to verify.
#[derive(Clone)]
pub struct CheckedConsent {
    /// The holder key: whoever has it may manage the consent.
    pub holder: PublicKey,
    /// Its RFC 7638 thumbprint.
    pub holder_thumbprint: [u8; 32],
    /// The consent as given.
    pub consent: Consent,
    /// For the ledger.
    pub grant: GrantTuple,
    /// The subject's signature of the grant.
    pub signature: [u8; 65],
    /// The commitment's salt.
    pub salt: Salt,
    /// The grant's name.
    pub grant_id: GrantId,
    /// The only delivery that may be accepted.
    pub delivery_digest: Digest32,
    /// All or part.
    pub decision: Decision,
}

impl std::fmt::Debug for CheckedConsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckedConsent")
            .field("grant_id", &self.grant_id)
            .finish_non_exhaustive()
    }
}

/// Checks an answer completely against the session it claims to answer. `grant_id_of` is the ledger's.
pub fn check(
    opened: Opened,
    session: &Session<'_>,
    grant_id_of: impl Fn(&GrantTuple) -> GrantId,
    now: Timestamp,
) -> Result<CheckedAnswer, AnswerError> {
    let (presentations, state, part) = match opened {
        Opened::Denied { .. } => return Err(AnswerError::Denied),
        Opened::Answer {
            presentations,
            state,
            part,
        } => (presentations, state, part),
    };
    if state.as_deref() != Some(session.state) {
        return Err(AnswerError::WrongState);
    }
    let answered = presentations.keys().map(String::as_str).collect();
    session.query.accepts(&answered).map_err(|error| match error {
        ChoiceError::Unknown => AnswerError::QueryUnknown,
        ChoiceError::Missing => AnswerError::Incomplete,
        ChoiceError::Surplus => AnswerError::Surplus,
    })?;
    let mut consent = None;
    let mut cards = Vec::new();
    let mut statement = None;
    for query in &session.query.credentials {
        let Some(shown) = presentations.get(&query.id) else {
            continue;
        };
        if shown.len() > 1 && !query.multiple {
            return Err(AnswerError::Several);
        }
        if let Some(asked) = session.statement.filter(|asked| asked.query == query.id) {
            let presentation = shown.first().ok_or(AnswerError::Malformed)?;
            statement = Some(check_statement(query, asked, presentation, session, now)?);
            continue;
        }
        match session.consent.filter(|asked| asked.holder_query == query.id) {
            Some(asked) => {
                let part = part.as_deref().ok_or(AnswerError::ConsentMissing)?;
                let presentation = shown.first().ok_or(AnswerError::Malformed)?;
                consent = Some(check_consent(
                    presentation,
                    part,
                    (session, asked),
                    &grant_id_of,
                    now,
                )?);
            }
            None => {
                for presentation in shown {
                    cards.push(check_card(query, presentation, session, now)?);
                }
            }
        }
    }
    match (&consent, session.consent, part) {
        (None, Some(_), _) => Err(AnswerError::ConsentMissing),
        (None, None, Some(_)) => Err(AnswerError::ConsentSurplus),
        _ => Ok(CheckedAnswer {
            consent,
            cards,
            statement,
        }),
    }
}

fn check_consent(
    presentation: &Presentation,
    part: &CarnetPart,
    (session, asked): (&Session<'_>, AskedOf<'_>),
    grant_id_of: impl Fn(&GrantTuple) -> GrantId,
    now: Timestamp,
) -> Result<CheckedConsent, AnswerError> {
    let presented = sd_jwt::check(
        presentation.as_text().ok_or(AnswerError::Malformed)?,
        &Expect {
            credential: Rules {
                vct: HOLDER_VCT,
                issuer: Issuer::SelfIssued,
                status: StatusRule::Refuse,
                legacy_typ: false,
                now,
                leeway: CLOCK_LEEWAY,
            },
            aud: session.client_id,
            nonce: session.nonce,
            max_age: ANSWER_AGE,
        },
    )?;

    let consent = &part.consent;
    let grant_id = grant_id_of(&part.grant);
    let expected = binding(asked.transaction_data, consent, &grant_id);
    let signed = |name: &str| presented.kb.get(name).ok_or(AnswerError::NotBound);
    for name in ["transaction_data_hashes_alg", "transaction_data_hashes"] {
        if Some(signed(name)?) != expected.get(name) {
            return Err(AnswerError::WrongTransaction);
        }
    }
    let decided = signed("carnet_consent")?;
    if decided.get("grant_id").and_then(|v| v.as_str()) != Some(&grant_id.to_string()) {
        return Err(AnswerError::WrongGrant);
    }
    if Some(decided) != expected.get("carnet_consent") {
        return Err(AnswerError::ConsentMismatch);
    }

    if consent.request_digest.0 != session.request_digest {
        return Err(AnswerError::WrongRequest);
    }
    if consent.holder != presented.holder.thumbprint_text() {
        return Err(AnswerError::WrongHolder);
    }
    consent.check_against(asked.request)?;
    if consent.commitment(&part.salt).0 != part.grant.commitment {
        return Err(AnswerError::WrongCommitment);
    }
    let seconds = |time: Timestamp| u64::try_from(time.as_second()).ok();
    let period = (seconds(consent.period.start), seconds(consent.period.end));
    if period != (Some(part.grant.not_before), Some(part.grant.expiry)) {
        return Err(AnswerError::WrongPeriod);
    }
    Ok(CheckedConsent {
        holder: presented.holder,
        holder_thumbprint: presented.holder.thumbprint(),
        delivery_digest: consent.delivery_digest,
        decision: consent.decision,
        grant: part.grant,
        signature: part.signature,
        salt: part.salt.clone(),
        grant_id,
        consent: consent.clone(),
    })
}
