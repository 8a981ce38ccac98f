//! JWS, compact serialisation (RFC 7515), as strict as RFC 8725 asks: the algorithm follows from the key and not
//! from the header, `typ` is compared, `crit` is refused, and a key inside the header is never believed.
//!
//! Written here on the curves' own crates: the JOSE crates tried accept repeated members, ignore `typ` or pick
//! the algorithm from the header.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    json::{self, JsonError},
    jwk::{KeyError, PublicKey},
    signature::{self, Signer},
};

/// Longest header that is looked at, in bytes of JSON.
const MAX_HEADER: usize = 32_768;

/// Why a JWS is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// More bytes than the caller allows.
    #[error("the signed text is longer than allowed")]
    TooLarge,
    /// Not three base64url parts.
    #[error("this is not a signed text in compact form")]
    NotCompact,
    /// The header is not a JSON object that reads one way only.
    #[error("the header is not acceptable JSON: {0}")]
    Header(JsonError),
    /// The payload is not a JSON object that reads one way only.
    #[error("the payload is not acceptable JSON: {0}")]
    Payload(JsonError),
    /// `alg` is `none`, or there is no signature.
    #[error("the text is not signed")]
    Unsigned,
    /// `alg` is missing, symmetric, or does not fit the key.
    #[error("the signature algorithm does not fit the key")]
    WrongAlgorithm,
    /// `typ` is missing or names another kind of text.
    #[error("the signed text is of another kind")]
    WrongType,
    /// `crit` or `b64` is present (RFC 7515 section 4.1.11, RFC 7797): nothing critical is understood.
    #[error("the header asks for an extension that is not supported")]
    Critical,
    /// The signature is not by this key over this text.
    #[error("the signature does not match")]
    BadSignature,
}

impl JwsError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "jws_too_large",
            Self::NotCompact => "jws_not_compact",
            Self::Header(_) => "jws_header_malformed",
            Self::Payload(_) => "jws_payload_malformed",
            Self::Unsigned => "jws_unsigned",
            Self::WrongAlgorithm => "jws_wrong_algorithm",
            Self::WrongType => "jws_wrong_type",
            Self::Critical => "jws_critical_extension",
            Self::BadSignature => "jws_bad_signature",
        }
    }
}

/// A JWS that was read but not verified: only its header may be looked at, to find the key.
#[derive(Debug, Clone)]
pub struct Unverified<'a> {
    header: Map<String, Value>,
    payload: Vec<u8>,
    signing_input: &'a str,
    signature: Vec<u8>,
}

/// A JWS whose signature was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The protected header.
    pub header: Map<String, Value>,
    /// The payload, a JSON object.
    pub payload: Map<String, Value>,
}

/// Signs with the algorithm of the key. `header` holds what goes beside `alg` and `typ`.
pub fn sign(typ: &str, mut header: Map<String, Value>, payload: &[u8], key: &dyn Signer) -> String {
    header.insert("alg".into(), signature::algorithm(&key.public()).into());
    header.insert("typ".into(), typ.into());
    let header = Value::Object(header).to_string();
    let mut compact = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = key.sign(compact.as_bytes());
    compact.push('.');
    compact.push_str(&URL_SAFE_NO_PAD.encode(signature));
    compact
}

/// Reads a JWK that is meant for checking signatures: `use` and `key_ops`, where they stand, say so (RFC 7517 sections
/// 4.2 and 4.3).
pub fn verification_key(jwk: &Value) -> Result<PublicKey, KeyError> {
    let key = PublicKey::from_jwk(jwk)?;
    let used = jwk.get("use").is_none_or(|u| u == "sig");
    let verifies = |ops: &Value| {
        ops.as_array()
            .is_some_and(|ops| ops.iter().any(|op| op == "verify"))
    };
    if used && key.signs() && jwk.get("key_ops").is_none_or(verifies) {
        Ok(key)
    } else {
        Err(KeyError::Unsupported)
    }
}

/// Reads a compact JWS of at most `max_len` bytes.
pub fn parse(compact: &str, max_len: usize) -> Result<Unverified<'_>, JwsError> {
    if compact.len() > max_len {
        return Err(JwsError::TooLarge);
    }
    let (signing_input, signature) = compact.rsplit_once('.').ok_or(JwsError::NotCompact)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
    if header.is_empty() || payload.contains('.') {
        return Err(JwsError::NotCompact);
    }
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::NotCompact);
    let header = json::parse_object(&decode(header)?, MAX_HEADER).map_err(JwsError::Header)?;
    Ok(Unverified {
        header,
        payload: decode(payload)?,
        signing_input,
        signature: decode(signature)?,
    })
}

/// A time in a payload is not a whole number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is not well formed")]
pub struct NotATime;

/// A NumericDate in whole seconds (RFC 7519 section 2), if the payload has this member.
pub fn numeric_date(payload: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, NotATime> {
    let Some(value) = payload.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_i64().ok_or(NotATime)?;
    Timestamp::from_second(seconds).map(Some).map_err(|_| NotATime)
}

/// Reads and verifies a JWS whose payload is a JSON object.
pub fn verify(compact: &str, typ: &str, max_len: usize, key: &PublicKey) -> Result<Verified, JwsError> {
    parse(compact, max_len)?.verify(typ, key)
}

impl Unverified<'_> {
    /// The header, not yet vouched for by anybody.
    pub fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The payload, for finding the key only: nothing in it is vouched for yet.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Refuses what no key can make good: no signature, an extension, another `typ`.
    ///
    /// `typ` is compared without regard to case and with or without the prefix `application/` (RFC 7515 section
    /// 4.1.9).
    pub fn check_header(&self, typ: &str) -> Result<(), JwsError> {
        self.check_algorithm()?;
        let found = self
            .header
            .get("typ")
            .and_then(Value::as_str)
            .ok_or(JwsError::WrongType)?;
        let found = match found.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => found,
        };
        if found.eq_ignore_ascii_case(typ) {
            Ok(())
        } else {
            Err(JwsError::WrongType)
        }
    }

    fn check_algorithm(&self) -> Result<(), JwsError> {
        if self.header.contains_key("crit") || self.header.contains_key("b64") {
            return Err(JwsError::Critical);
        }
        let alg = self
            .header
            .get("alg")
            .and_then(Value::as_str)
            .ok_or(JwsError::WrongAlgorithm)?;
        if alg.eq_ignore_ascii_case("none") || self.signature.is_empty() {
            return Err(JwsError::Unsigned);
        }
        if matches!(alg, "ES256" | "ES384" | "ES256K" | "EdDSA" | "Ed25519") {
            Ok(())
        } else {
            Err(JwsError::WrongAlgorithm)
        }
    }

    /// Verifies the signature and only then reads the payload.
    pub fn verify(self, typ: &str, key: &PublicKey) -> Result<Verified, JwsError> {
        self.check_header(typ)?;
        self.check_signature(key)?;
        let payload = json::parse_object(&self.payload, usize::MAX).map_err(JwsError::Payload)?;
        Ok(Verified {
            header: self.header,
            payload,
        })
    }

    /// The payload's bytes, once the signature is verified. For texts whose `typ` says nothing: the caller must know
    /// by other means of what kind the text is.
    pub fn verify_untyped(self, key: &PublicKey) -> Result<Vec<u8>, JwsError> {
        self.check_algorithm()?;
        self.check_signature(key)?;
        Ok(self.payload)
    }

    fn check_signature(&self, key: &PublicKey) -> Result<(), JwsError> {
        let alg = self
            .header
            .get("alg")
            .and_then(Value::as_str)
            .ok_or(JwsError::WrongAlgorithm)?;
        // RFC 9864 names Ed25519 by its curve; RFC 8037 by its family.
        let alg = if alg == "Ed25519" { "EdDSA" } else { alg };
        if signature::algorithm(key) != Some(alg) {
            return Err(JwsError::WrongAlgorithm);
        }
        if signature::verifies(key, self.signing_input.as_bytes(), &self.signature) {
            Ok(())
        } else {
            Err(JwsError::BadSignature)
        }
    }
}
