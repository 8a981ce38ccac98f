//! Data Integrity: checking a credential, beside the bare signature and the hashing of what is signed.

use std::hint::black_box;

use carnet_credentials::{
    data_integrity::{Secured, Signing, Suite, sign},
    signature::{Signer, verifies},
    status::bitstring::{Bits, MIN_ENTRIES, NoLists},
    vc::{Conditions, Offline, check},
};
use carnet_did_resolver::document::Relationship;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{cpu_each, line};

pub(super) fn print() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let public = key.public();
    let kid = format!("{}#{}", public.did_key(), public.to_multikey());
    let now = Timestamp::now();
    let Value::Object(credential) = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": public.did_key(),
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": { "id": "did:example:ada", "name": "Ada", "description": "x".repeat(400) },
    }) else {
        return;
    };
    let text = Value::Object(credential.clone()).to_string();
    // As many bytes as a proof's options have.
    let options = "x".repeat(350);
    let message = || [Sha256::digest(&options), Sha256::digest(&text)].concat();
    let signature = key.sign(&message());
    let bare = cpu_each(9, 2_000, || verifies(&public, &message(), &signature));
    let signed = |suite| -> Option<Map<String, Value>> {
        let how = Signing::new(suite, Relationship::AssertionMethod, &kid, now);
        sign(credential.clone(), &how, &key).ok()
    };
    let conditions = Conditions {
        now,
        documents: &Offline,
        statuses: &NoLists,
    };
    if let Some(document) = signed(Suite::EddsaJcs2022) {
        let proof_only = cpu_each(9, 2_000, || {
            Secured::read(&document).is_ok_and(|secured| {
                secured
                    .proofs()
                    .iter()
                    .all(|proof| secured.verify(proof, &public).is_ok())
            })
        });
        line("eddsa-jcs-2022 proof, key at hand", proof_only, bare, "≤ 2");
        let whole = cpu_each(9, 2_000, || check(&document, &conditions).is_ok());
        line(
            "eddsa-jcs-2022 credential, whole gate with did:key",
            whole,
            bare,
            "",
        );
    }
    if let Some(document) = signed(Suite::EddsaRdfc2022) {
        let whole = cpu_each(5, 100, || check(&document, &conditions).is_ok());
        line("eddsa-rdfc-2022 credential, whole gate", whole, bare, "");
    }
    if let Ok(bits) = Bits::new(8 * MIN_ENTRIES) {
        let lookup = cpu_each(9, 100_000, || bits.get(black_box(777_777)));
        line(
            "bitstring status list of 1 M entries, lookup",
            lookup,
            bare,
            "≤ 10 µs",
        );
    }
}
