//! A clinic, its trust list and a patient, all with fixed keys and at one fixed moment.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod altered;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{
    Consent, ConsentId, ConsentRequest, Digest32, Endpoint, GrantId, Item, LedgerRef, Manage, Onward, Period,
    Purpose, Recipient, Retention, Salt, Scope,
};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    EncryptionKey, Entry, RequestLink, RequestUriMethod, TrustList,
    answer::{self, AskedOf, CarnetPart, GrantTuple, Presentations, Session},
    client_id_of,
    dcql::Query,
    delivery::{self, DeliverySecret},
    hpke::HpkeSecret,
    request::{self, RequestParts, SignedRequest, VerifiedRequest},
    trust::{LocalPin, Registry, RegistryKind, Role},
};
use jiff::{SignedDuration, Timestamp};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const CERTIFICATE: &[u8] = include_bytes!("../vectors/clinic.der");
pub(crate) const ORIGIN: &str = "https://127.0.0.1:8443";
pub(crate) const NONCE: &str = "q8V2mPz0xYd3Jt5rKw7uNc1LbSf4GhEa9XoQe6TiRlM";
pub(crate) const STATE: &str = "Zk3vT9sWq1LmX7cRb5YpDg";
pub(crate) const BUNDLE: &[u8] = br#"{"resourceType":"Bundle","type":"collection","entry":[]}"#;

pub(crate) fn now() -> Timestamp {
    "2026-12-01T10:20:00Z".parse().unwrap()
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub(crate) fn signing(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).unwrap()
}

/// The clinic's request key: the one in [`CERTIFICATE`].
pub(crate) fn clinic_key() -> SigningKey {
    signing(0x11)
}

pub(crate) fn log_key() -> SigningKey {
    signing(0x12)
}

pub(crate) fn root_key() -> SigningKey {
    signing(0x13)
}

/// One-time keys of the session.
pub(crate) fn answer_secret() -> SecretKey {
    secret(0x21)
}

pub(crate) fn delivery_secret() -> DeliverySecret {
    DeliverySecret {
        p256: secret(0x22),
        hpke: None,
    }
}

/// The same, with HPKE offered.
pub(crate) fn hpke_secret() -> DeliverySecret {
    DeliverySecret {
        p256: secret(0x22),
        hpke: Some(HpkeSecret::from_bytes(&[0x23; 32]).unwrap()),
    }
}

/// The patient's pairwise key for this clinic.
pub(crate) fn holder() -> SigningKey {
    signing(0x31)
}

pub(crate) fn client_id() -> String {
    client_id_of(CERTIFICATE)
}

pub(crate) fn url(path: &str) -> Url {
    Url::parse(&format!("{ORIGIN}{path}")).unwrap()
}

pub(crate) fn link() -> RequestLink {
    RequestLink {
        client_id: client_id(),
        request_uri: url("/oid4vp/request/4f9Jx2QmT8wLr6VbNz3KpA"),
        method: RequestUriMethod::Get,
    }
}

pub(crate) fn ledger() -> LedgerRef {
    LedgerRef {
        chain_id: "7305881234".into(),
        registry: "0x00000000000000000000000000000000c0a51e27".into(),
    }
}

pub(crate) fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

pub(crate) fn consent_request() -> ConsentRequest {
    ConsentRequest {
        consent_id: "0190b6c2-4c2e-7a51-9d35-6f8a1e2b3c4d"
            .parse::<ConsentId>()
            .unwrap(),
        credential_ids: vec!["holder".into()],
        purpose: vec![Purpose::Treatment],
        items: vec![
            Item {
                scope: scope("patient/AllergyIntolerance.rs"),
                required: true,
            },
            Item {
                scope: scope("patient/Observation.rs?category=laboratory"),
                required: false,
            },
        ],
        data_period: None,
        period: Period {
            start: "2026-12-01T10:00:00Z".parse().unwrap(),
            end: "2026-12-31T10:00:00Z".parse().unwrap(),
        },
        recipient: Recipient {
            client_id: client_id(),
            name: "Northgate Clinic".into(),
            policy_uri: url("/policy"),
        },
        retention: Retention::from_days(30).unwrap(),
        onward: Onward::None,
        delivery: Endpoint {
            uri: url("/delivery/4f9Jx2QmT8wLr6VbNz3KpA"),
            jwk: EncryptionKey::new(delivery_secret().p256.public_key(), Some("records".into())).to_jwk(),
            hpke: None,
        },
        manage: Manage { uri: url("/manage") },
        ledger: ledger(),
    }
}

pub(crate) fn trust_list() -> TrustList {
    TrustList {
        version: 3,
        issued: "2026-11-30T08:00:00Z".parse().unwrap(),
        expires: "2027-02-28T08:00:00Z".parse().unwrap(),
        authority: "Northgate development authority".into(),
        development: true,
        entries: vec![Entry {
            id: "northgate-clinic".into(),
            name: "Northgate Clinic".into(),
            client_ids: vec![client_id()],
            origins: vec![ORIGIN.into()],
            purposes: vec![Purpose::Treatment],
            roles: vec![Role::Verifier, Role::Relayer],
            registries: vec![Registry {
                chain_id: ledger().chain_id,
                address: ledger().registry,
                endpoints: vec![url("/ledger")],
                finality_seconds: 0,
                kind: RegistryKind::Embedded,
            }],
            log_keys: vec![PublicKey::from(&log_key())],
            issuer_keys: Vec::new(),
            request_keys: Vec::new(),
            offline_keys: Vec::new(),
            local: Some(LocalPin {
                spki_sha256: URL_SAFE_NO_PAD.encode([9; 32]),
            }),
        }],
    }
}

pub(crate) fn answer_key() -> EncryptionKey {
    EncryptionKey::new(answer_secret().public_key(), Some("answer".into()))
}

/// For the proof of the holder key alone.
pub(crate) fn holder_only() -> Query {
    Query {
        credentials: vec![request::holder_query()],
        sets: Vec::new(),
    }
}

/// The same proof as the answer to it.
pub(crate) fn holder_shown(presentation: impl Into<answer::Presentation>) -> Presentations {
    Presentations::from([("holder".to_owned(), vec![presentation.into()])])
}

pub(crate) fn signed_request() -> SignedRequest {
    let consent = consent_request();
    let parts = RequestParts {
        response_uri: &url("/oid4vp/response/4f9Jx2QmT8wLr6VbNz3KpA"),
        nonce: NONCE,
        state: STATE,
        issued: now(),
        expires: later(300),
        encryption_key: &answer_key(),
        query: &holder_only(),
        consent: Some(&consent),
        statement: None,
    };
    request::sign(&parts, &clinic_key(), CERTIFICATE)
}

pub(crate) fn verified_request() -> VerifiedRequest {
    request::verify(&signed_request().compact, &link(), &trust_list(), now()).unwrap()
}

/// Header and payload of a compact JWS, unverified.
pub(crate) fn jws_parts(compact: &str) -> (Value, Value) {
    let mut parts = compact.split('.').map(|p| URL_SAFE_NO_PAD.decode(p).unwrap());
    let mut part = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (part(), part())
}

/// Signs whatever header and payload a test made up.
pub(crate) fn sign_by_hand(header: &Value, payload: &str, key: &SigningKey) -> String {
    let input = [header.to_string().as_str(), payload]
        .map(|p| URL_SAFE_NO_PAD.encode(p))
        .join(".");
    let signature: Signature = key.sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

pub(crate) fn salt() -> Salt {
    Salt([0x5a; 16])
}

/// Stands for fresh randomness: an ephemeral key and an initialisation vector, where it is a JWE.
pub(crate) fn sealing_random() -> [u8; 64] {
    let mut random = [0x42; 64];
    random[..32].fill(0x41);
    random
}

pub(crate) fn sealed_records() -> String {
    delivery::seal(
        BUNDLE,
        &verified_request().consent.unwrap().delivery_key,
        &verified_request().digest,
        &sealing_random(),
    )
    .unwrap()
}

pub(crate) fn consent(request: &VerifiedRequest, granted: &[Scope]) -> Consent {
    Consent::from_request(
        &request.consent.as_ref().unwrap().request,
        granted,
        Digest32(request.digest),
        PublicKey::from(&holder()).thumbprint_text(),
        delivery::digest(&sealed_records()),
    )
}

/// Stands for the ledger's EIP-712 hash.
pub(crate) fn grant_id(grant: &GrantTuple) -> GrantId {
    GrantId(Sha256::digest(serde_json::to_string(grant).unwrap()).into())
}

pub(crate) fn part(consent: Consent) -> CarnetPart {
    let seconds = |t: Timestamp| u64::try_from(t.as_second()).unwrap();
    let grant = GrantTuple {
        subject: [0xab; 20],
        commitment: consent.commitment(&salt()).0,
        not_before: seconds(consent.period.start),
        expiry: seconds(consent.period.end),
        revoke_hash: [0xcd; 32],
    };
    CarnetPart {
        grant,
        signature: [0x1b; 65],
        salt: salt(),
        consent,
    }
}

/// The granted part of the request: what is required.
pub(crate) fn required() -> Vec<Scope> {
    vec![scope("patient/AllergyIntolerance.rs")]
}

/// An answer as it goes over the wire.
pub(crate) fn sealed_answer() -> String {
    let request = verified_request();
    let part = part(consent(&request, &required()));
    let presentation = answer::build_presentation(
        &request,
        &part.consent,
        &grant_id(&part.grant),
        &holder(),
        later(30),
    )
    .unwrap();
    answer::seal(
        &request,
        &holder_shown(presentation),
        Some(&part),
        &secret(0x43),
        [0x44; 12],
    )
    .unwrap()
}

/// What the station keeps of its request.
pub(crate) struct Desk {
    pub(crate) client_id: String,
    pub(crate) signed: SignedRequest,
    pub(crate) consent_request: ConsentRequest,
    pub(crate) query: Query,
    pub(crate) list: TrustList,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            client_id: client_id(),
            signed: signed_request(),
            consent_request: consent_request(),
            query: holder_only(),
            list: trust_list(),
        }
    }

    pub(crate) fn asked(&self) -> AskedOf<'_> {
        AskedOf {
            holder_query: "holder",
            transaction_data: self.signed.transaction_data.as_deref().unwrap(),
            request: &self.consent_request,
        }
    }

    pub(crate) fn session(&self) -> Session<'_> {
        Session {
            client_id: &self.client_id,
            nonce: NONCE,
            state: STATE,
            request_digest: request::digest(&self.signed.compact),
            query: &self.query,
            consent: Some(self.asked()),
            statement: None,
            list: Some(&self.list),
        }
    }
}

/// An object from `json!`.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => unreachable!(),
    }
}
