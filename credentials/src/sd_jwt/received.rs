//! A credential as its issuer hands it over: `<jwt>~<disclosure>~…~`, with no key binding (RFC 9901 section 7.1).

use serde_json::{Map, Value};

use super::{ClaimPath, MAX_DISCLOSURES, MAX_LEN, SdJwtError, TYP, disclose};
use crate::{
    json,
    jwk::PublicKey,
    jws::{self, JwsError, Unverified},
};

/// A credential that was read and that nobody vouches for yet: what is in it serves to find the issuer's key.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    jwt: Unverified<'a>,
    payload: Map<String, Value>,
    disclosures: Vec<&'a str>,
}

impl<'a> Received<'a> {
    /// Reads a credential. One that was already shown to somebody has a key binding at its end and is refused.
    pub fn read(text: &'a str) -> Result<Self, SdJwtError> {
        if text.len() > MAX_LEN {
            return Err(SdJwtError::TooLarge);
        }
        let mut parts = text.strip_suffix('~').ok_or(SdJwtError::Malformed)?.split('~');
        let jwt = parts.next().ok_or(SdJwtError::Malformed)?;
        let disclosures: Vec<&str> = parts.take(MAX_DISCLOSURES + 1).collect();
        let jwt = jws::parse(jwt, MAX_LEN).map_err(SdJwtError::Credential)?;
        jwt.check_header(TYP).map_err(SdJwtError::Credential)?;
        let payload = json::parse_object(jwt.unverified_payload(), MAX_LEN)
            .map_err(|error| SdJwtError::Credential(JwsError::Payload(error)))?;
        Ok(Self {
            jwt,
            payload,
            disclosures,
        })
    }

    /// The header, not vouched for.
    pub fn header(&self) -> &Map<String, Value> {
        self.jwt.header()
    }

    /// Who claims to have issued it.
    pub fn iss(&self) -> Option<&str> {
        self.payload.get("iss").and_then(Value::as_str)
    }

    /// What it says it is.
    pub fn vct(&self) -> Option<&str> {
        self.payload.get("vct").and_then(Value::as_str)
    }

    /// What it says, not vouched for: for a credential that was verified when it was taken in.
    pub fn contents(self) -> Result<Contents, SdJwtError> {
        let opened = disclose::open(self.payload, &self.disclosures)?;
        Ok(Contents {
            claims: opened.claims,
            disclosable: opened.found.into_iter().map(|(path, _)| path).collect(),
        })
    }

    /// All claims, if this key signed them. What a holder must not be able to withhold is not hidden in a disclosure.
    pub fn verify(self, key: &PublicKey) -> Result<Map<String, Value>, SdJwtError> {
        let payload = self.jwt.verify(TYP, key).map_err(SdJwtError::Credential)?.payload;
        Ok(disclose::open(payload, &self.disclosures)?.claims)
    }
}

/// What a credential says.
#[derive(Clone)]
pub struct Contents {
    /// All claims.
    pub claims: Map<String, Value>,
    /// Those that can be withheld.
    pub disclosable: Vec<ClaimPath>,
}

impl std::fmt::Debug for Contents {
    // The claims are a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contents(…)")
    }
}
