//! Is a credential genuine, whose is it, and for whom? The one gate before anything is kept.

use base64::{Engine, engine::general_purpose::STANDARD};
use carnet_credentials::{
    jwk::PublicKey,
    jws::{self, JwsError},
    sd_jwt::{Received, SdJwtError},
    vc,
};
use carnet_exchange::{Entry, TrustList, client_id_of, key_in_header, trust::Role};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::{CredentialForm, import::ImportCredentialError, w3c};

/// A key of this wallet, under the stable id of the organisation that knows it.
pub(super) struct OwnKey {
    pub(super) entry_id: String,
    pub(super) key: PublicKey,
}

/// A credential that is genuine.
pub(super) struct Checked {
    pub(super) form: CredentialForm,
    pub(super) issuer: String,
    /// The issuer in the trust list.
    pub(super) entry_id: Option<String>,
    pub(super) own: bool,
    pub(super) kind: String,
    pub(super) claims: Map<String, Value>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) status: Option<Value>,
    /// Which of this wallet's keys it is bound to.
    pub(super) bound: Option<String>,
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
        sd_jwt(text, list, own, now)?
    } else {
        vc(CredentialForm::VcJose, w3c::check_jwt(text, now)?, own)?
    };
    match checked.until {
        Some(until) if now >= until => Err(ImportCredentialError::Expired),
        _ => Ok(checked),
    }
}

fn sd_jwt(
    text: &str,
    list: Option<&TrustList>,
    own: &[OwnKey],
    now: Timestamp,
) -> Result<Checked, ImportCredentialError> {
    let received = Received::read(text).map_err(|error| match error {
        SdJwtError::Malformed if !text.ends_with('~') => ImportCredentialError::Shown,
        error => refused(error),
    })?;
    let signers = Signers::of(&received, list, now)?;
    let mut outcome = Err(ImportCredentialError::UnknownIssuer);
    for key in &signers.keys {
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
    let bound = match claims.remove("cnf") {
        None => None,
        Some(cnf) => {
            let jwk = cnf.get("jwk").ok_or(ImportCredentialError::NotYours)?;
            let key = PublicKey::from_jwk(jwk).map_err(|_| ImportCredentialError::Malformed)?;
            let ours = own.iter().find(|own| own.key == key);
            Some(ours.ok_or(ImportCredentialError::NotYours)?.entry_id.clone())
        }
    };
    let until = seconds(&claims, "exp")?;
    let from = seconds(&claims, "nbf")?.or(seconds(&claims, "iat")?);
    let status = claims.remove("status");
    for known in ["iss", "exp", "nbf", "iat", "vct#integrity"] {
        claims.remove(known);
    }
    Ok(Checked {
        form: CredentialForm::SdJwt,
        own: own.iter().any(|own| own.key.did_jwk() == signers.issuer),
        issuer: signers.issuer,
        entry_id: signers.entry_id,
        kind,
        claims,
        from,
        until,
        status,
        bound,
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
    let bound = match claims.remove("id") {
        Some(Value::String(id)) if id.starts_with("did:") => {
            let ours = own
                .iter()
                .find(|own| own.key.did_jwk() == id || own.key.did_key() == id);
            Some(ours.ok_or(ImportCredentialError::NotYours)?.entry_id.clone())
        }
        _ => None,
    };
    Ok(Checked {
        form,
        own: own.iter().any(|own| own.key.did_jwk() == checked.issuer),
        issuer: checked.issuer,
        entry_id: None,
        kind,
        claims,
        from: checked.valid_from,
        until: checked.valid_until,
        status,
        bound,
    })
}

/// Who may have signed a credential, and with which keys.
struct Signers {
    issuer: String,
    entry_id: Option<String>,
    keys: Vec<PublicKey>,
}

impl Signers {
    /// By the certificate in the header or the address in `iss`, if the trust list has an issuer of it; by a DID that says its own key.
    fn of(
        received: &Received<'_>,
        list: Option<&TrustList>,
        now: Timestamp,
    ) -> Result<Self, ImportCredentialError> {
        let iss = received.iss();
        let header = received.header();
        if let Some(chain) = header.get("x5c") {
            let leaf = chain.as_array().and_then(|chain| chain.first()?.as_str());
            let der = leaf.and_then(|leaf| STANDARD.decode(leaf).ok());
            let client_id = client_id_of(&der.ok_or(ImportCredentialError::Malformed)?);
            let entry = list
                .and_then(|list| list.by_client_id(&client_id))
                .filter(|entry| entry.has_role(Role::Issuer))
                .ok_or(ImportCredentialError::UnknownIssuer)?;
            if iss.is_some_and(|iss| !speaks_for(iss, entry)) {
                return Err(ImportCredentialError::UnknownIssuer);
            }
            let key =
                key_in_header(header, &client_id, now).map_err(|_| ImportCredentialError::Certificate)?;
            return Ok(Self {
                issuer: iss.unwrap_or(&client_id).to_owned(),
                entry_id: Some(entry.id.clone()),
                keys: vec![key],
            });
        }
        let iss = iss.ok_or(ImportCredentialError::UnknownIssuer)?;
        if iss.starts_with("did:") {
            let key = w3c::key_of(iss, header).ok_or(ImportCredentialError::UnknownIssuer)?;
            return Ok(Self {
                issuer: iss.to_owned(),
                entry_id: None,
                keys: vec![key],
            });
        }
        let entry = list
            .into_iter()
            .flat_map(|list| &list.entries)
            .find(|entry| entry.has_role(Role::Issuer) && speaks_for(iss, entry))
            .filter(|entry| !entry.log_keys.is_empty())
            .ok_or(ImportCredentialError::UnknownIssuer)?;
        Ok(Self {
            issuer: iss.to_owned(),
            entry_id: Some(entry.id.clone()),
            keys: entry.log_keys.clone(),
        })
    }
}

/// Whether `iss` is an address of this party.
fn speaks_for(iss: &str, entry: &Entry) -> bool {
    Url::parse(iss).is_ok_and(|url| entry.covers_origin(&url))
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
