//! Is a credential genuine, whose is it, and for whom? The one gate before anything is kept.

use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
    sd_jwt::{Received, SdJwtError},
    vc,
};
use carnet_exchange::{
    TrustList,
    issuers::{IssuerError, KnownIssuer},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Binding, CopyKey, CredentialForm, import::ImportCredentialError, w3c};

/// A key of this wallet, under the stable id of the organisation that knows it.
pub(crate) struct OwnKey {
    pub(super) entry_id: String,
    pub(super) key: PublicKey,
}

/// Whose a credential may be.
#[derive(Clone, Copy)]
pub(crate) enum Mine<'a> {
    /// A pairwise identity's, or anybody's.
    Pairwise(&'a [OwnKey]),
    /// One of the keys that copies were asked for with, and nobody else's.
    Copies(&'a [CopyKey]),
}

impl Mine<'_> {
    fn binding(self, key: &PublicKey) -> Option<Binding> {
        match self {
            Self::Pairwise(own) => {
                let ours = own.iter().find(|own| own.key == *key)?;
                Some(Binding::Pairwise(ours.entry_id.clone()))
            }
            Self::Copies(keys) => {
                let own = keys
                    .iter()
                    .find(|own| PublicKey::from(&own.signing_key()) == *key)?;
                Some(Binding::Copy(own.clone()))
            }
        }
    }

    /// Whether the issuer is this wallet itself.
    fn issued(self, issuer: &str) -> bool {
        match self {
            Self::Pairwise(own) => own.iter().any(|own| own.key.did_jwk() == issuer),
            Self::Copies(_) => false,
        }
    }
}

/// A credential that is genuine.
pub(crate) struct Checked {
    pub(crate) form: CredentialForm,
    pub(crate) issuer: String,
    /// The issuer in the trust list.
    pub(crate) entry_id: Option<String>,
    pub(crate) own: bool,
    pub(crate) kind: String,
    pub(crate) claims: Map<String, Value>,
    pub(crate) from: Option<Timestamp>,
    /// When it was issued.
    pub(crate) issued: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) status: Option<Value>,
    pub(crate) binding: Binding,
}

/// Checks a credential as it came: who signed it, that it has not expired, and that it is for this person or for anybody. What
/// needs a network, such as its status, is not asked here.
pub(super) fn check_incoming(
    text: &str,
    list: Option<&TrustList>,
    own: &[OwnKey],
    now: Timestamp,
) -> Result<Checked, ImportCredentialError> {
    let checked = if text.starts_with('{') {
        vc(
            CredentialForm::VcDataIntegrity,
            w3c::check_document(text, now)?,
            own,
        )?
    } else if text.contains('~') {
        sd_jwt(text, list, Mine::Pairwise(own), now)?
    } else {
        vc(CredentialForm::VcJose, w3c::check_jwt(text, now)?, own)?
    };
    match checked.until {
        Some(until) if now >= until => Err(ImportCredentialError::Expired),
        _ => Ok(checked),
    }
}

/// Checks a copy that was asked for with one of these keys. What needs a network, such as its status, is not asked here.
pub(crate) fn check_copy(
    text: &str,
    list: &TrustList,
    keys: &[CopyKey],
    now: Timestamp,
) -> Result<Checked, ImportCredentialError> {
    let checked = sd_jwt(text, Some(list), Mine::Copies(keys), now)?;
    match checked.until {
        Some(until) if now >= until => Err(ImportCredentialError::Expired),
        _ => Ok(checked),
    }
}

fn sd_jwt(
    text: &str,
    list: Option<&TrustList>,
    mine: Mine<'_>,
    now: Timestamp,
) -> Result<Checked, ImportCredentialError> {
    let received = Received::read(text).map_err(|error| match error {
        SdJwtError::Malformed if !text.ends_with('~') => ImportCredentialError::Shown,
        error => refused(error),
    })?;
    let issuer = KnownIssuer::of(&received, list, now).map_err(|error| match error {
        IssuerError::Unknown => ImportCredentialError::UnknownIssuer,
        IssuerError::Certificate => ImportCredentialError::Certificate,
        IssuerError::Malformed => ImportCredentialError::Malformed,
    })?;
    let mut outcome = Err(ImportCredentialError::UnknownIssuer);
    for key in &issuer.keys {
        outcome = received.clone().verify(key).map_err(refused);
        if outcome.is_ok() {
            break;
        }
    }
    let mut claims = outcome?;
    let kind = match claims.remove("vct") {
        Some(Value::String(vct)) if !vct.is_empty() => vct,
        _ => return Err(ImportCredentialError::Malformed),
    };
    let binding = match claims.remove("cnf") {
        None => Binding::Nobody,
        Some(cnf) => {
            let jwk = cnf.get("jwk").ok_or(ImportCredentialError::NotYours)?;
            let key = PublicKey::from_jwk(jwk).map_err(|_| ImportCredentialError::Malformed)?;
            mine.binding(&key).ok_or(ImportCredentialError::NotYours)?
        }
    };
    let until = seconds(&claims, "exp")?;
    let issued = seconds(&claims, "iat")?;
    let from = seconds(&claims, "nbf")?.or(issued);
    let status = claims.remove("status");
    for known in ["iss", "exp", "nbf", "iat", "vct#integrity"] {
        claims.remove(known);
    }
    Ok(Checked {
        form: CredentialForm::SdJwt,
        own: mine.issued(&issuer.id),
        issuer: issuer.id,
        entry_id: issuer.entry_id,
        kind,
        claims,
        from,
        issued,
        until,
        status,
        binding,
    })
}

fn vc(
    form: CredentialForm,
    mut checked: vc::Checked,
    own: &[OwnKey],
) -> Result<Checked, ImportCredentialError> {
    let kind = w3c::kind(&checked);
    let status = checked.credential.remove("credentialStatus");
    // About one person or nobody: a card about several is nobody's own.
    let mut claims = match checked.credential.remove("credentialSubject") {
        Some(Value::Object(subject)) => subject,
        Some(Value::Array(subjects)) => match <[Value; 1]>::try_from(subjects) {
            Ok([Value::Object(subject)]) => subject,
            _ => return Err(ImportCredentialError::OtherForm),
        },
        _ => return Err(ImportCredentialError::Malformed),
    };
    let binding = match claims.remove("id") {
        Some(Value::String(id)) if id.starts_with("did:") => {
            let ours = own
                .iter()
                .find(|own| own.key.did_jwk() == id || own.key.did_key() == id);
            Binding::Pairwise(ours.ok_or(ImportCredentialError::NotYours)?.entry_id.clone())
        }
        _ => Binding::Nobody,
    };
    Ok(Checked {
        form,
        own: own.iter().any(|own| own.key.did_jwk() == checked.issuer),
        issuer: checked.issuer,
        entry_id: None,
        kind,
        claims,
        from: checked.valid_from,
        issued: None,
        until: checked.valid_until,
        status,
        binding,
    })
}

fn refused(error: SdJwtError) -> ImportCredentialError {
    match error {
        SdJwtError::TooLarge => ImportCredentialError::TooLarge,
        SdJwtError::Credential(JwsError::BadSignature | JwsError::WrongAlgorithm) => {
            ImportCredentialError::BadSignature
        }
        SdJwtError::Malformed | SdJwtError::Credential(_) => ImportCredentialError::NotACredential,
        _ => ImportCredentialError::Malformed,
    }
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, ImportCredentialError> {
    jws::numeric_date(claims, name).map_err(|_| ImportCredentialError::Malformed)
}
