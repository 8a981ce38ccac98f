//! Issuers, holders and what they sign.
#![allow(dead_code, reason = "each test file uses its part")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use carnet_credentials::{
    data_integrity::{Signing, Suite, sign},
    jwk::PublicKey,
    status::bitstring::NoLists,
    vc::{Conditions, Documents, Expected, Offline},
};
use carnet_did_resolver::document::{Document, Relationship};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) type Object = Map<String, Value>;

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-23T08:00:00Z")
}

pub(crate) fn conditions() -> Conditions<'static> {
    Conditions {
        now: now(),
        documents: &Offline,
        statuses: &NoLists,
    }
}

pub(crate) struct Actor(pub(crate) ed25519_dalek::SigningKey);

impl Actor {
    pub(crate) fn new(seed: u8) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from(&self.0)
    }

    pub(crate) fn did(&self) -> String {
        self.public().did_key()
    }

    pub(crate) fn kid(&self) -> String {
        format!("{}#{}", self.did(), self.public().to_multikey())
    }

    pub(crate) fn credential(&self, subject: &str) -> Object {
        object(json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
            "type": ["VerifiableCredential"],
            "issuer": self.did(),
            "validFrom": "2026-11-01T00:00:00Z",
            "validUntil": "2026-12-01T00:00:00Z",
            "credentialSubject": { "id": subject, "name": "Ada" },
        }))
    }

    pub(crate) fn proven(&self, document: Object, change: impl FnOnce(&mut Signing<'_>)) -> Object {
        let kid = self.kid();
        let mut how = Signing::new(Suite::EddsaJcs2022, Relationship::AssertionMethod, &kid, now());
        change(&mut how);
        sign(document, &how, &self.0).unwrap()
    }

    pub(crate) fn issued(&self, document: Object) -> Object {
        self.proven(document, |_| {})
    }

    pub(crate) fn presentation(&self, credentials: Vec<Object>) -> Object {
        object(json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "holder": self.did(),
            "verifiableCredential": credentials,
        }))
    }

    pub(crate) fn presented(&self, presentation: Object) -> Object {
        self.proven(presentation, |how| {
            how.purpose = Relationship::Authentication;
            how.challenge = Some("challenge-1");
            how.domain = Some("clinic.example");
        })
    }
}

pub(crate) fn expected() -> Expected<'static> {
    Expected {
        challenge: "challenge-1",
        domain: Some("clinic.example"),
        about_holder: true,
    }
}

pub(crate) fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

pub(crate) fn with(mut document: Object, name: &str, value: Value) -> Object {
    document.insert(name.into(), value);
    document
}

pub(crate) fn without(mut document: Object, name: &str) -> Object {
    document.remove(name);
    document
}

/// DID documents made by hand.
#[derive(Default)]
pub(crate) struct Made(pub(crate) HashMap<String, Document>);

impl Documents for Made {
    fn document(&self, did: &str) -> Option<Document> {
        self.0.get(did).cloned()
    }
}

/// A document with one key, listed under these relationships.
pub(crate) fn document(did: &str, controller: &str, key: &PublicKey, listed: &[&str]) -> Document {
    let id = format!("{did}#key-1");
    let mut json = json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "verificationMethod": [
            { "id": id, "type": "Multikey", "controller": controller, "publicKeyMultibase": key.to_multikey() },
        ],
    });
    for relationship in listed {
        json[relationship] = json!([id]);
    }
    Document::read(json.as_object().unwrap().clone()).unwrap()
}
