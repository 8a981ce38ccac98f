//! The DID document (W3C DID Core 1.0, section 5; Controlled Identifiers 1.0, section 2).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::key::PublicKey;

/// Keys, services, controllers or names that one document may hold.
pub const MAX_MEMBERS: usize = 256;

/// A DID document: what stands in it is kept to the last member, and what is needed is read once.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The DID itself.
    pub id: String,
    /// Who may change the document, where that is said.
    pub controller: Vec<String>,
    /// Other names of the subject.
    pub also_known_as: Vec<String>,
    /// Keys of the subject, without those that stand inside a relationship.
    pub verification_method: Vec<VerificationMethod>,
    /// Full ids of the methods for authentication.
    pub authentication: Vec<String>,
    /// Full ids of the methods for issuing statements.
    pub assertion_method: Vec<String>,
    /// Full ids of the methods for receiving encrypted data.
    pub key_agreement: Vec<String>,
    /// Full ids of the methods for invoking capabilities.
    pub capability_invocation: Vec<String>,
    /// Full ids of the methods for delegating capabilities.
    pub capability_delegation: Vec<String>,
    /// Ways to talk to the subject.
    pub service: Vec<Service>,
    /// Methods that stand inside a relationship and serve it alone.
    embedded: Vec<(Relationship, VerificationMethod)>,
    json: Map<String, Value>,
}

/// One key of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct VerificationMethod {
    /// Full id, `did:…#fragment`.
    pub id: String,
    /// `JsonWebKey`, `Multikey`, or an older name.
    pub kind: String,
    /// The DID that controls the key; empty where the document doesn't say.
    pub controller: String,
    /// The key as JWK.
    pub public_key_jwk: Option<Value>,
    /// The key as multikey.
    pub public_key_multibase: Option<String>,
    /// An account on a chain (CAIP-10) instead of a key.
    pub blockchain_account_id: Option<String>,
    /// From when on the key may not be used (Controlled Identifiers 1.0, section 2.2).
    pub expires: Option<Timestamp>,
    /// It was taken back: `revoked` stands there, whatever its value.
    pub revoked: bool,
    base58: Option<String>,
}

/// One service of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Full id, `did:…#fragment`, or another URI.
    pub id: String,
    /// One or several types.
    pub kind: Vec<String>,
    /// A URI, an object, or a list of these.
    pub endpoint: Value,
}

/// What a key may be used for (DID Core section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relationship {
    /// Proving control.
    Authentication,
    /// Issuing statements.
    AssertionMethod,
    /// Receiving encrypted data.
    KeyAgreement,
    /// Invoking capabilities.
    CapabilityInvocation,
    /// Delegating capabilities.
    CapabilityDelegation,
}

impl Relationship {
    const ALL: [Self; 5] = [
        Self::Authentication,
        Self::AssertionMethod,
        Self::KeyAgreement,
        Self::CapabilityInvocation,
        Self::CapabilityDelegation,
    ];

    /// Its name in a document, which is also the purpose a proof states (Data Integrity 1.0, section 2.6).
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::AssertionMethod => "assertionMethod",
            Self::KeyAgreement => "keyAgreement",
            Self::CapabilityInvocation => "capabilityInvocation",
            Self::CapabilityDelegation => "capabilityDelegation",
        }
    }
}

/// Why a JSON object is no DID document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A member is missing or has the wrong type.
    #[error("the DID document is not well formed")]
    Malformed,
    /// More than [`MAX_MEMBERS`] of one kind.
    #[error("the DID document holds more than is looked at")]
    TooLarge,
    /// Two methods have one id: which one is meant can't be told.
    #[error("the DID document names a method twice")]
    AmbiguousMethod,
}

impl DocumentError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "did_document_malformed",
            Self::TooLarge => "did_document_too_large",
            Self::AmbiguousMethod => "did_document_ambiguous",
        }
    }
}

impl VerificationMethod {
    /// The key itself, or nothing where its type is unknown, doesn't fit the key, or the key stands there in two forms.
    pub fn public_key(&self) -> Option<PublicKey> {
        let key = match (&self.public_key_jwk, &self.public_key_multibase, &self.base58) {
            (Some(jwk), None, None) => PublicKey::from_jwk(jwk).ok()?,
            (None, Some(multikey), None) => PublicKey::from_multikey(multikey).ok()?,
            (None, None, Some(base58)) if base58.len() <= 44 => {
                let bytes: [u8; 32] = bs58::decode(base58).into_vec().ok()?.try_into().ok()?;
                PublicKey::from_ed25519_bytes(&bytes).ok()?
            }
            _ => return None,
        };
        let fits = match self.kind.as_str() {
            "Multikey" => self.public_key_multibase.is_some(),
            "JsonWebKey" | "JsonWebKey2020" => self.public_key_jwk.is_some(),
            "Ed25519VerificationKey2018" | "Ed25519VerificationKey2020" => {
                matches!(key, PublicKey::Ed25519(_))
            }
            "X25519KeyAgreementKey2020" => matches!(key, PublicKey::X25519(_)),
            "EcdsaSecp256k1VerificationKey2019" => matches!(key, PublicKey::Secp256k1(_)),
            "EcdsaSecp256r1VerificationKey2019" => matches!(key, PublicKey::P256(_)),
            _ => false,
        };
        fits.then_some(key)
    }

    fn read(json: &Value, did: &str) -> Result<Self, DocumentError> {
        let json = json.as_object().ok_or(DocumentError::Malformed)?;
        let expires = match text(json, "expires")? {
            Some(time) => Some(time.parse().map_err(|_| DocumentError::Malformed)?),
            None => None,
        };
        Ok(Self {
            id: absolute(did, text(json, "id")?.ok_or(DocumentError::Malformed)?),
            kind: text(json, "type")?.ok_or(DocumentError::Malformed)?.to_owned(),
            controller: text(json, "controller")?.unwrap_or_default().to_owned(),
            public_key_jwk: json.get("publicKeyJwk").cloned(),
            public_key_multibase: text(json, "publicKeyMultibase")?.map(str::to_owned),
            blockchain_account_id: text(json, "blockchainAccountId")?.map(str::to_owned),
            expires,
            revoked: json.contains_key("revoked"),
            base58: text(json, "publicKeyBase58")?.map(str::to_owned),
        })
    }
}

impl Service {
    fn read(json: &Value, did: &str) -> Result<Self, DocumentError> {
        let json = json.as_object().ok_or(DocumentError::Malformed)?;
        Ok(Self {
            id: absolute(did, text(json, "id")?.ok_or(DocumentError::Malformed)?),
            kind: texts(json, "type")?,
            endpoint: json
                .get("serviceEndpoint")
                .cloned()
                .ok_or(DocumentError::Malformed)?,
        })
    }
}

impl Document {
    /// Reads a document. Members that DID Core doesn't know are kept and not looked at.
    pub fn read(json: Map<String, Value>) -> Result<Self, DocumentError> {
        let id = text(&json, "id")?.ok_or(DocumentError::Malformed)?.to_owned();
        if !id.starts_with("did:") {
            return Err(DocumentError::Malformed);
        }
        let mut document = Self {
            controller: texts(&json, "controller")?,
            also_known_as: texts(&json, "alsoKnownAs")?,
            verification_method: items(&json, "verificationMethod")?
                .iter()
                .map(|method| VerificationMethod::read(method, &id))
                .collect::<Result<_, _>>()?,
            authentication: Vec::new(),
            assertion_method: Vec::new(),
            key_agreement: Vec::new(),
            capability_invocation: Vec::new(),
            capability_delegation: Vec::new(),
            service: items(&json, "service")?
                .iter()
                .map(|service| Service::read(service, &id))
                .collect::<Result<_, _>>()?,
            embedded: Vec::new(),
            id,
            json,
        };
        for relationship in Relationship::ALL {
            let mut ids = Vec::new();
            for item in items(&document.json, relationship.name())? {
                if let Value::String(reference) = item {
                    ids.push(absolute(&document.id, reference));
                } else {
                    let method = VerificationMethod::read(item, &document.id)?;
                    ids.push(method.id.clone());
                    document.embedded.push((relationship, method));
                }
            }
            *document.listed_mut(relationship) = ids;
        }
        let mut ids: Vec<&str> = document.methods().map(|method| method.id.as_str()).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(DocumentError::AmbiguousMethod);
        }
        Ok(document)
    }

    /// The document as it was published.
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// The key with this id, if the document lists it under that relationship, the subject controls it, and it was not
    /// taken back. A key with an end is not given out here: see [`Document::key_for_at`].
    pub fn key_for(&self, id: &str, relationship: Relationship) -> Option<PublicKey> {
        let method = self.method_for(id, relationship)?;
        method.expires.is_none().then(|| method.public_key())?
    }

    /// The same at a time: a key with an end is good until then.
    pub fn key_for_at(&self, id: &str, relationship: Relationship, now: Timestamp) -> Option<PublicKey> {
        let method = self.method_for(id, relationship)?;
        method
            .expires
            .is_none_or(|expires| now < expires)
            .then(|| method.public_key())?
    }

    fn method_for(&self, id: &str, relationship: Relationship) -> Option<&VerificationMethod> {
        let id = absolute(&self.id, id);
        if !self.listed(relationship).contains(&id) {
            return None;
        }
        let inside = self
            .embedded
            .iter()
            .find(|(serves, method)| *serves == relationship && method.id == id)
            .map(|(_, method)| method);
        let method = inside.or_else(|| self.verification_method.iter().find(|m| m.id == id))?;
        (method.controller == self.id && !method.revoked).then_some(method)
    }

    /// The method with this full id, wherever it stands in the document: nothing is said about what it may be used for.
    pub fn method(&self, id: &str) -> Option<&VerificationMethod> {
        self.methods().find(|method| method.id == id)
    }

    fn methods(&self) -> impl Iterator<Item = &VerificationMethod> {
        self.verification_method
            .iter()
            .chain(self.embedded.iter().map(|(_, method)| method))
    }

    fn listed(&self, relationship: Relationship) -> &Vec<String> {
        match relationship {
            Relationship::Authentication => &self.authentication,
            Relationship::AssertionMethod => &self.assertion_method,
            Relationship::KeyAgreement => &self.key_agreement,
            Relationship::CapabilityInvocation => &self.capability_invocation,
            Relationship::CapabilityDelegation => &self.capability_delegation,
        }
    }

    fn listed_mut(&mut self, relationship: Relationship) -> &mut Vec<String> {
        match relationship {
            Relationship::Authentication => &mut self.authentication,
            Relationship::AssertionMethod => &mut self.assertion_method,
            Relationship::KeyAgreement => &mut self.key_agreement,
            Relationship::CapabilityInvocation => &mut self.capability_invocation,
            Relationship::CapabilityDelegation => &mut self.capability_delegation,
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A relative reference stands for a place in this document (DID Core section 3.2.2).
fn absolute(did: &str, reference: &str) -> String {
    if reference.starts_with('#') {
        format!("{did}{reference}")
    } else {
        reference.to_owned()
    }
}

fn text<'a>(json: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, DocumentError> {
    match json.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(DocumentError::Malformed),
    }
}

/// One string, or a list of strings.
fn texts(json: &Map<String, Value>, name: &str) -> Result<Vec<String>, DocumentError> {
    if let Some(Value::String(one)) = json.get(name) {
        return Ok(vec![one.clone()]);
    }
    items(json, name)?
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or(DocumentError::Malformed))
        .collect()
}

fn items<'a>(json: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], DocumentError> {
    match json.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) if items.len() <= MAX_MEMBERS => Ok(items),
        Some(Value::Array(_)) => Err(DocumentError::TooLarge),
        Some(_) => Err(DocumentError::Malformed),
    }
}
