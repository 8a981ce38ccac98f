//! A copy, and what is shown of it, as a Verifiable Credential (W3C VC Data Model 2.0) with a Data Integrity proof.
//!
//! As in the W3C's ecdsa-sd-2023 and bbs-2023 there are two proofs: a *base* one from the issuer to the holder, with the
//! values and blindings, and a *derived* one from the holder to the verifier, which is the presentation. The proof's bytes say
//! everything. So a reader makes the JSON again from these bytes and refuses whatever differs: nothing can stand in it that
//! nobody signed, and no reader of the JSON alone is told anything else than a reader of the proof.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{
    CheckError, Copy, CopyError, Kind, Opening, Presentation, Request, SUITE,
    presentation::{put_copy, take_copy},
};

/// The one context (VC Data Model 2.0, section 4.3); it has the terms of Data Integrity too.
pub const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// Beside `VerifiableCredential` in `type`.
pub const TYPE: &str = "EligibilityCredential";

/// First byte of a base proof. Presentations begin with 1.
const BASE: u8 = 0x81;
/// Longest `proofValue` that is looked at, in characters.
const LONGEST: usize = 4_096;
/// multicodec `ed25519-pub` as unsigned varint.
const ED25519: [u8; 2] = [0xed, 0x01];

/// Why a credential is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Not an object, or a member that has to be there is not.
    #[error("this is no eligibility credential")]
    Malformed,
    /// A member that the issuer didn't sign.
    #[error("the credential says something that nobody signed")]
    Unsigned,
    /// `@context` is another.
    #[error("the credential is of another context")]
    Context,
    /// `type` is another.
    #[error("the credential is of another type")]
    Type,
    /// `issuer` is not whose key signed.
    #[error("the credential names another issuer than the one that signed it")]
    Issuer,
    /// `validFrom` is not the first day that was signed.
    #[error("the credential names another beginning than was signed")]
    ValidFrom,
    /// `validUntil` is not the end of the last day that was signed.
    #[error("the credential names another end than was signed")]
    ValidUntil,
    /// `credentialSubject.id` is not the holder's key.
    #[error("the credential names another holder than was signed")]
    Holder,
    /// `credentialSubject.eligibility` is no kind, or another than was asked for.
    #[error("the credential is about another kind of value")]
    Kind,
    /// `proof.type` is another.
    #[error("the proof is of another type")]
    ProofType,
    /// `proof.cryptosuite` is another.
    #[error("the proof is made by other rules")]
    Cryptosuite,
    /// `proof.proofPurpose` is another.
    #[error("the proof was made to another end")]
    Purpose,
    /// `proof.verificationMethod` is not the issuer's key.
    #[error("the proof names another key than the one that signed")]
    Method,
    /// `proof.proofValue` is no base64url of the right length.
    #[error("the proof can't be read")]
    ProofValue,
    /// Of a later form, or a presentation where a copy belongs.
    #[error("the proof is not of the form that belongs here")]
    Version,
    /// By none of the issuers that are known for it.
    #[error("it was issued by nobody who is known for it")]
    UnknownIssuer,
    /// The copy isn't genuine, or its values are others.
    #[error("the copy is not genuine: {0}")]
    Copy(#[from] CopyError),
    /// The question itself can't be asked.
    #[error("the question can't be asked")]
    Request,
}

impl CredentialError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "eligibility_credential_malformed",
            Self::Unsigned => "eligibility_credential_unsigned_member",
            Self::Context => "eligibility_credential_context",
            Self::Type => "eligibility_credential_type",
            Self::Issuer => "eligibility_credential_issuer",
            Self::ValidFrom => "eligibility_credential_valid_from",
            Self::ValidUntil => "eligibility_credential_valid_until",
            Self::Holder => "eligibility_credential_holder",
            Self::Kind => "eligibility_credential_kind",
            Self::ProofType => "eligibility_credential_proof_type",
            Self::Cryptosuite => "eligibility_credential_cryptosuite",
            Self::Purpose => "eligibility_credential_purpose",
            Self::Method => "eligibility_credential_method",
            Self::ProofValue => "eligibility_credential_proof_value",
            Self::Version => "eligibility_credential_version",
            Self::UnknownIssuer => "eligibility_credential_unknown_issuer",
            Self::Copy(error) => error.code(),
            Self::Request => "eligibility_request",
        }
    }
}

impl From<CheckError> for CredentialError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Version => Self::Version,
            CheckError::Issuer => Self::UnknownIssuer,
            CheckError::Copy(error) => Self::Copy(error),
            CheckError::Request(_) => Self::Request,
            CheckError::Malformed | CheckError::Validity | CheckError::Holder | CheckError::DoesNotHold => {
                Self::ProofValue
            }
        }
    }
}

/// From the issuer to the holder: the copy with what it hides. Secret.
pub fn issued(copy: &Copy, opening: &Opening) -> Value {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    put_copy(&mut bytes, BASE, copy);
    bytes.extend_from_slice(&opening.to_bytes());
    credential(copy, &bytes)
}

/// Reads [`issued`] and checks all of it: the copy is one of these issuers', and its values are those that it commits to.
/// `credential` comes from a parser that refuses repeated members.
pub fn read_issued(credential: &Value, issuers: &[VerifyingKey]) -> Result<(Copy, Opening), CredentialError> {
    let kind = kind(credential)?;
    let bytes = Zeroizing::new(proof_bytes(credential)?);
    let (copy, opening) = take_copy(&bytes, BASE, kind, issuers)?;
    if opening.len() != copy.kind.values() * 36 {
        return Err(CredentialError::ProofValue);
    }
    let opening = Opening::from_bytes(&copy.kind, opening)?;
    same(credential, &issued(&copy, &opening))?;
    copy.check(&opening)?;
    Ok((copy, opening))
}

/// From the holder to the verifier: what shows the statement, and nothing of the value.
pub fn shown(presentation: &Presentation) -> Value {
    credential(&presentation.copy, &presentation.to_bytes())
}

/// Reads [`shown`] as an answer to this request. Returns the presentation's bytes, which [`crate::check()`] then decides about.
pub fn read_shown(
    credential: &Value,
    request: &Request,
    issuers: &[VerifyingKey],
) -> Result<Vec<u8>, CredentialError> {
    if kind(credential)? != request.statement.kind() {
        return Err(CredentialError::Kind);
    }
    let bytes = proof_bytes(credential)?;
    let presentation = Presentation::parse(&bytes, request, issuers)?;
    same(credential, &shown(&presentation))?;
    Ok(bytes)
}

/// What kind of value a credential says that it is about. Nothing is checked.
pub fn kind(credential: &Value) -> Result<Kind, CredentialError> {
    let kind = credential
        .pointer("/credentialSubject/eligibility")
        .ok_or(CredentialError::Malformed)?;
    Kind::deserialize(kind).map_err(|_| CredentialError::Kind)
}

fn credential(copy: &Copy, proof: &[u8]) -> Value {
    let issuer = multikey(&copy.issuer);
    json!({
        "@context": [CONTEXT],
        "type": ["VerifiableCredential", TYPE],
        "issuer": format!("did:key:{issuer}"),
        "validFrom": midnight(copy.from.date()),
        // The last day is included.
        "validUntil": midnight(copy.until.date().saturating_add(jiff::Span::new().days(1))),
        "credentialSubject": { "id": format!("did:key:{}", multikey(&copy.holder)), "eligibility": copy.kind },
        "proof": {
            "type": "DataIntegrityProof",
            "cryptosuite": SUITE,
            "proofPurpose": "assertionMethod",
            "verificationMethod": format!("did:key:{issuer}#{issuer}"),
            "proofValue": format!("u{}", BASE64_URL_SAFE_NO_PAD.encode(proof)),
        },
    })
}

fn midnight(date: jiff::civil::Date) -> String {
    format!("{date}T00:00:00Z")
}

/// W3C Controlled Identifiers 1.0, section 2.2.2.
fn multikey(key: &VerifyingKey) -> String {
    format!(
        "z{}",
        bs58::encode([&ED25519[..], key.as_bytes()].concat()).into_string()
    )
}

fn proof_bytes(credential: &Value) -> Result<Vec<u8>, CredentialError> {
    let text = credential
        .pointer("/proof/proofValue")
        .ok_or(CredentialError::Malformed)?
        .as_str()
        .filter(|text| text.len() <= LONGEST)
        .and_then(|text| text.strip_prefix('u'))
        .ok_or(CredentialError::ProofValue)?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| CredentialError::ProofValue)
}

/// Whether a credential says what its proof says, and nothing else.
fn same(credential: &Value, signed: &Value) -> Result<(), CredentialError> {
    type Member = (&'static str, CredentialError);
    const MEMBERS: [Member; 5] = [
        ("/@context", CredentialError::Context),
        ("/type", CredentialError::Type),
        ("/issuer", CredentialError::Issuer),
        ("/validFrom", CredentialError::ValidFrom),
        ("/validUntil", CredentialError::ValidUntil),
    ];
    const OF_SUBJECT: [Member; 2] = [
        ("/credentialSubject/id", CredentialError::Holder),
        ("/credentialSubject/eligibility", CredentialError::Kind),
    ];
    const OF_PROOF: [Member; 5] = [
        ("/proof/type", CredentialError::ProofType),
        ("/proof/cryptosuite", CredentialError::Cryptosuite),
        ("/proof/proofPurpose", CredentialError::Purpose),
        ("/proof/verificationMethod", CredentialError::Method),
        ("/proof/proofValue", CredentialError::ProofValue),
    ];
    for (path, differs) in MEMBERS.into_iter().chain(OF_SUBJECT).chain(OF_PROOF) {
        let said = credential.pointer(path).ok_or(CredentialError::Malformed)?;
        if Some(said) != signed.pointer(path) {
            return Err(differs);
        }
    }
    let members = |path| credential.pointer(path).and_then(Value::as_object).map(Map::len);
    let nothing_else = members("") == Some(MEMBERS.len() + 2)
        && members("/credentialSubject") == Some(OF_SUBJECT.len())
        && members("/proof") == Some(OF_PROOF.len());
    if nothing_else {
        Ok(())
    } else {
        Err(CredentialError::Unsigned)
    }
}
