//! Disclosures: their form, their digests, and putting them back (RFC 9901 sections 4.2 and 7.1).

use std::collections::{HashMap, HashSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{ClaimPath, MAX_DISCLOSURES, MAX_LEN, SdJwtError, Step};
use crate::json::{self, JsonError};

/// Claims that a holder can't withhold (SD-JWT VC draft 15, "Registered JWT Claims").
pub(super) const ALWAYS_SHOWN: [&str; 7] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"];

/// The hash of digests, by its name in `_sd_alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash that a credential says it uses: SHA-256 where it says nothing (section 4.1.1).
    fn of(payload: &mut Map<String, Value>) -> Result<Self, SdJwtError> {
        match payload.remove("_sd_alg") {
            None => Ok(Self::Sha256),
            Some(Value::String(name)) => match name.as_str() {
                "sha-256" => Ok(Self::Sha256),
                "sha-384" => Ok(Self::Sha384),
                "sha-512" => Ok(Self::Sha512),
                _ => Err(SdJwtError::WrongHash),
            },
            Some(_) => Err(SdJwtError::WrongHash),
        }
    }

    /// The digest of an encoded text in base64url.
    pub(super) fn digest(self, encoded: &str) -> String {
        match self {
            Self::Sha256 => URL_SAFE_NO_PAD.encode(Sha256::digest(encoded)),
            Self::Sha384 => URL_SAFE_NO_PAD.encode(Sha384::digest(encoded)),
            Self::Sha512 => URL_SAFE_NO_PAD.encode(Sha512::digest(encoded)),
        }
    }
}

/// One disclosure as it was sent, with what it says.
struct Disclosure<'a> {
    encoded: &'a str,
    /// The claim's name; none for an element of an array.
    name: Option<String>,
    value: Value,
}

impl<'a> Disclosure<'a> {
    fn parse(encoded: &'a str) -> Result<Self, SdJwtError> {
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

/// A credential's claims with the disclosures put in their places.
pub(super) struct Opened<'a> {
    pub(super) claims: Map<String, Value>,
    pub(super) hash: Hash,
    /// For each disclosed claim its path, and the disclosures on the way to it, itself included.
    pub(super) found: Vec<(ClaimPath, Vec<&'a str>)>,
}

/// Puts every disclosure in its place. Each one must have a place, and no digest may stand twice (section 7.1,
/// steps 4 and 5).
pub(super) fn open<'a>(
    mut payload: Map<String, Value>,
    disclosures: &[&'a str],
) -> Result<Opened<'a>, SdJwtError> {
    if disclosures.len() > MAX_DISCLOSURES {
        return Err(SdJwtError::TooLarge);
    }
    let hash = Hash::of(&mut payload)?;
    let mut by_digest = HashMap::with_capacity(disclosures.len());
    for encoded in disclosures {
        let disclosure = Disclosure::parse(encoded)?;
        if by_digest.insert(hash.digest(encoded), disclosure).is_some() {
            return Err(SdJwtError::DisclosureMisfit);
        }
    }
    let mut tree = Tree {
        by_digest,
        used: HashSet::new(),
        found: Vec::new(),
        path: ClaimPath::default(),
        chain: Vec::new(),
    };
    let claims = tree.object(payload)?;
    if !tree.by_digest.is_empty() {
        return Err(SdJwtError::DisclosureMisfit);
    }
    Ok(Opened {
        claims,
        hash,
        found: tree.found,
    })
}

/// Where we are while opening, and what is left to place.
struct Tree<'a> {
    by_digest: HashMap<String, Disclosure<'a>>,
    used: HashSet<String>,
    found: Vec<(ClaimPath, Vec<&'a str>)>,
    path: ClaimPath,
    chain: Vec<&'a str>,
}

impl<'a> Tree<'a> {
    fn place(&mut self, digest: Value) -> Result<Option<Disclosure<'a>>, SdJwtError> {
        let Value::String(digest) = digest else {
            return Err(SdJwtError::DisclosureMisfit);
        };
        let disclosure = self.by_digest.remove(&digest);
        if self.used.insert(digest) {
            Ok(disclosure)
        } else {
            Err(SdJwtError::DisclosureMisfit)
        }
    }

    /// One step in, and back. The way in is bounded: disclosures that open inside each other could nest as often as
    /// there are disclosures, each as deep as a text may be.
    fn within<T>(
        &mut self,
        step: Step,
        go: impl FnOnce(&mut Self) -> Result<T, SdJwtError>,
    ) -> Result<T, SdJwtError> {
        if self.path.steps().len() >= 2 * json::MAX_DEPTH {
            return Err(SdJwtError::TooLarge);
        }
        self.path.push(step);
        let done = go(self)?;
        self.path.pop();
        Ok(done)
    }

    fn disclosed(&mut self, step: Step, disclosure: Disclosure<'a>) -> Result<Value, SdJwtError> {
        self.within(step, |tree| {
            if matches!(tree.path.steps().first(), Some(Step::Member(first)) if ALWAYS_SHOWN.contains(&first.as_str()))
            {
                return Err(SdJwtError::DisclosureMisfit);
            }
            tree.chain.push(disclosure.encoded);
            tree.found.push((tree.path.clone(), tree.chain.clone()));
            let value = tree.value(disclosure.value)?;
            tree.chain.pop();
            Ok(value)
        })
    }

    fn value(&mut self, value: Value) -> Result<Value, SdJwtError> {
        match value {
            Value::Object(map) => self.object(map).map(Value::Object),
            Value::Array(items) => self.array(items).map(Value::Array),
            other => Ok(other),
        }
    }

    fn array(&mut self, items: Vec<Value>) -> Result<Vec<Value>, SdJwtError> {
        let mut open = Vec::with_capacity(items.len());
        for item in items {
            let step = Step::Element(open.len());
            let digest = match item {
                Value::Object(mut map) if map.contains_key("...") => match (map.remove("..."), map.len()) {
                    (Some(digest), 0) => digest,
                    _ => return Err(SdJwtError::DisclosureMisfit),
                },
                other => {
                    open.push(self.within(step, |tree| tree.value(other))?);
                    continue;
                }
            };
            if let Some(disclosure) = self.place(digest)? {
                if disclosure.name.is_some() {
                    return Err(SdJwtError::DisclosureMisfit);
                }
                open.push(self.disclosed(step, disclosure)?);
            }
        }
        Ok(open)
    }

    fn object(&mut self, mut map: Map<String, Value>) -> Result<Map<String, Value>, SdJwtError> {
        let digests = match map.remove("_sd") {
            None => Vec::new(),
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::DisclosureMisfit),
        };
        let mut open = Map::new();
        for (name, value) in map {
            if name == "..." {
                return Err(SdJwtError::DisclosureMisfit);
            }
            let value = match value {
                Value::Object(_) | Value::Array(_) => {
                    self.within(Step::Member(name.clone()), |tree| tree.value(value))?
                }
                plain => plain,
            };
            open.insert(name, value);
        }
        for digest in digests {
            let Some(mut disclosure) = self.place(digest)? else {
                continue;
            };
            let name = disclosure.name.take().ok_or(SdJwtError::DisclosureMisfit)?;
            if open.contains_key(&name) {
                return Err(SdJwtError::DisclosureMisfit);
            }
            let value = self.disclosed(Step::Member(name.clone()), disclosure)?;
            open.insert(name, value);
        }
        Ok(open)
    }
}
