//! SD-JWT: issue, present, check, and what must be refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod binding;
mod disclosure;
mod issuers;
mod types;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    jws,
    sd_jwt::{self, ClaimPath, Expect, Issuance, Issuer, KbClaims, Rules, SdJwtError, StatusRule},
};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const VCT: &str = "urn:example:card:1";
const AUD: &str = "x509_hash:abc";
const NONCE: &str = "n-0S6_WzA2Mj";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> &'static PublicKey {
    Box::leak(Box::new(PublicKey::from(&key(seed))))
}

fn now() -> Timestamp {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!() };
    map
}

fn claims() -> Map<String, Value> {
    object(json!({
        "iss": "https://issuer.example",
        "vct": VCT,
        "exp": now().as_second() + 3_600,
        "name": "Maria",
        "address": { "country": "PT", "city": "Porto", "geo": { "lat": 41.1 } },
    }))
}

fn paths() -> [ClaimPath; 4] {
    [
        ["name"].into(),
        ["address", "city"].into(),
        ["address", "geo"].into(),
        ["address"].into(),
    ]
}

fn card() -> String {
    let issuance = Issuance {
        claims: claims(),
        disclosable: &paths(),
        salts: &[[1; 16], [2; 16], [3; 16], [4; 16]],
        decoys: &[],
        holder: &PublicKey::from(&key(2)),
        header: Map::new(),
    };
    sd_jwt::issue(&issuance, &key(1)).unwrap()
}

fn kb() -> KbClaims<'static> {
    KbClaims {
        aud: AUD,
        nonce: NONCE,
        iat: now(),
        extra: object(json!({ "more": [1] })),
    }
}

fn rules() -> Rules<'static> {
    Rules {
        vct: VCT,
        issuer: Issuer::Key {
            iss: "https://issuer.example",
            key: public(1),
        },
        status: StatusRule::Refuse,
        legacy_typ: false,
        now: now(),
        leeway: SignedDuration::from_secs(60),
    }
}

fn expect() -> Expect<'static> {
    Expect {
        credential: rules(),
        aud: AUD,
        nonce: NONCE,
        max_age: SignedDuration::from_secs(300),
    }
}

fn shown(disclose: &[ClaimPath]) -> String {
    sd_jwt::present(&card(), disclose, &kb(), &key(2)).unwrap()
}

/// A presentation whose key binding is made by hand.
fn bound(shown: &str, kb: Value, typ: &str, holder: &SigningKey) -> String {
    let kb = jws::sign(typ, Map::new(), kb.to_string().as_bytes(), holder);
    format!("{shown}{kb}")
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// A credential whose payload is made by hand, presented by key 2.
fn crafted(payload: Value, disclosures: &[&str]) -> Result<sd_jwt::Checked, SdJwtError> {
    let mut full = object(json!({
        "iss": "https://issuer.example", "vct": VCT, "cnf": { "jwk": PublicKey::from(&key(2)).to_jwk() },
    }));
    full.extend(object(payload));
    let mut shown = jws::sign(
        "dc+sd-jwt",
        Map::new(),
        Value::Object(full).to_string().as_bytes(),
        &key(1),
    );
    shown.push('~');
    for disclosure in disclosures {
        shown.push_str(disclosure);
        shown.push('~');
    }
    let kb = json!({ "aud": AUD, "nonce": NONCE, "iat": now().as_second(), "sd_hash": hash(&shown) });
    sd_jwt::check(&bound(&shown, kb, "kb+jwt", &key(2)), &expect())
}
