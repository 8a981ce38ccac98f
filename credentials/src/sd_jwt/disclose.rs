//! Disclosures: their form, their digests, and putting them back (RFC 9901 sections 4.2 and 7.1).

use std::collections::{HashMap, HashSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{MAX_DISCLOSURES, MAX_LEN, SdJwtError};
use crate::json::{self, JsonError};

/// One disclosure as it was sent, with what it says.
#[derive(Clone)]
pub(super) struct Disclosure<'a> {
    pub(super) encoded: &'a str,
    /// The claim's name; none for an element of an array.
    pub(super) name: Option<String>,
    pub(super) value: Value,
}

/// Base64url of the SHA-256 of an encoded text.
pub(super) fn digest(encoded: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(encoded.as_bytes()))
}

impl<'a> Disclosure<'a> {
    pub(super) fn parse(encoded: &'a str) -> Result<Self, SdJwtError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| SdJwtError::Disclosure(JsonError::NotJson))?;
        let value = json::parse(&bytes, MAX_LEN).map_err(SdJwtError::Disclosure)?;
        let Value::Array(parts) = value else {
            return Err(SdJwtError::Disclosure(JsonError::NotJson));
        };
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
                // Section 7.1, step 3.c.ii: reserved names can't be disclosed.
                if name == "_sd" || name == "..." {
                    return Err(SdJwtError::DisclosureMisfit);
                }
                Ok(Self {
                    encoded,
                    name: Some(name),
                    value,
                })
            }
            (Some(Value::String(_)), Some(value), None, None) => Ok(Self {
                encoded,
                name: None,
                value,
            }),
            _ => Err(SdJwtError::Disclosure(JsonError::NotJson)),
        }
    }
}

/// A credential's payload and the disclosures sent with it, by digest.
pub(super) struct Tree<'a> {
    by_digest: HashMap<String, Disclosure<'a>>,
    used: HashSet<String>,
    /// For each disclosed claim: its path and the disclosures on the way to it, itself included.
    pub(super) found: Vec<(Vec<String>, Vec<&'a str>)>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(encoded: &[&'a str]) -> Result<Self, SdJwtError> {
        if encoded.len() > MAX_DISCLOSURES {
            return Err(SdJwtError::TooLarge);
        }
        let mut by_digest = HashMap::with_capacity(encoded.len());
        for one in encoded {
            if by_digest.insert(digest(one), Disclosure::parse(one)?).is_some() {
                return Err(SdJwtError::DisclosureMisfit);
            }
        }
        Ok(Self {
            by_digest,
            used: HashSet::new(),
            found: Vec::new(),
        })
    }

    /// The payload with every disclosure put in its place. Each one must have a place, and no digest may stand
    /// twice (section 7.1, steps 4 and 5).
    pub(super) fn open(&mut self, payload: &Map<String, Value>) -> Result<Map<String, Value>, SdJwtError> {
        match payload.get("_sd_alg") {
            None => {}
            Some(Value::String(alg)) if alg == "sha-256" => {}
            Some(_) => return Err(SdJwtError::WrongHash),
        }
        let mut claims = self.object(payload, &mut Vec::new(), &mut Vec::new())?;
        claims.remove("_sd_alg");
        if self.by_digest.keys().all(|d| self.used.contains(d)) {
            Ok(claims)
        } else {
            Err(SdJwtError::DisclosureMisfit)
        }
    }

    fn place(&mut self, digest: &Value) -> Result<Option<Disclosure<'a>>, SdJwtError> {
        let digest = digest.as_str().ok_or(SdJwtError::DisclosureMisfit)?;
        if !self.used.insert(digest.to_owned()) {
            return Err(SdJwtError::DisclosureMisfit);
        }
        Ok(self.by_digest.get(digest).cloned())
    }

    // Depth is bounded: a disclosure opens only where its digest stands, once, and texts are bounded in depth; the
    // number of levels is at most MAX_DEPTH times the number of disclosures, so the chain is counted too.
    fn value(
        &mut self,
        value: &Value,
        path: &mut Vec<String>,
        chain: &mut Vec<&'a str>,
    ) -> Result<Value, SdJwtError> {
        if path.len() > 2 * json::MAX_DEPTH {
            return Err(SdJwtError::TooLarge);
        }
        match value {
            Value::Object(map) => Ok(Value::Object(self.object(map, path, chain)?)),
            Value::Array(items) => {
                let mut open = Vec::with_capacity(items.len());
                for item in items {
                    path.push("[]".into());
                    let hidden = item.as_object().and_then(|o| o.get("..."));
                    if let Some(digest) = hidden {
                        if item.as_object().is_some_and(|o| o.len() != 1) {
                            return Err(SdJwtError::DisclosureMisfit);
                        }
                        if let Some(disclosure) = self.place(digest)? {
                            if disclosure.name.is_some() {
                                return Err(SdJwtError::DisclosureMisfit);
                            }
                            chain.push(disclosure.encoded);
                            self.found.push((path.clone(), chain.clone()));
                            open.push(self.value(&disclosure.value, path, chain)?);
                            chain.pop();
                        }
                    } else {
                        open.push(self.value(item, path, chain)?);
                    }
                    path.pop();
                }
                Ok(Value::Array(open))
            }
            other => Ok(other.clone()),
        }
    }

    fn object(
        &mut self,
        map: &Map<String, Value>,
        path: &mut Vec<String>,
        chain: &mut Vec<&'a str>,
    ) -> Result<Map<String, Value>, SdJwtError> {
        let mut open = Map::new();
        for (name, value) in map {
            match name.as_str() {
                "_sd" => {}
                "..." => return Err(SdJwtError::DisclosureMisfit),
                _ => {
                    path.push(name.clone());
                    let value = self.value(value, path, chain)?;
                    path.pop();
                    open.insert(name.clone(), value);
                }
            }
        }
        let digests = match map.get("_sd") {
            None => return Ok(open),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::DisclosureMisfit),
        };
        for digest in digests {
            let Some(disclosure) = self.place(digest)? else {
                continue;
            };
            let name = disclosure.name.ok_or(SdJwtError::DisclosureMisfit)?;
            if open.contains_key(&name) {
                return Err(SdJwtError::DisclosureMisfit);
            }
            path.push(name.clone());
            chain.push(disclosure.encoded);
            self.found.push((path.clone(), chain.clone()));
            let value = self.value(&disclosure.value, path, chain)?;
            chain.pop();
            path.pop();
            open.insert(name, value);
        }
        Ok(open)
    }
}
