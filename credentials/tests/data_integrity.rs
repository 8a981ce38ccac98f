//! Proofs inside a document, against the W3C's vectors and against change.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::PathBuf};

use carnet_credentials::{
    contexts,
    data_integrity::{DataIntegrityError, Secured, Signing, Suite, sign},
    jwk::PublicKey,
    signature::Signer,
};
use carnet_did_resolver::document::Relationship;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

fn vector(name: &str) -> Option<Map<String, Value>> {
    let folder = "../../shared/data/vectors/w3c-vc-di-eddsa/TestVectors";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    let Ok(bytes) = fs::read(path) else {
        eprintln!("skipped: ../shared/data is not here");
        return None;
    };
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn private(multikey: &str) -> ed25519_dalek::SigningKey {
    let bytes = bs58::decode(multikey.strip_prefix('z').unwrap())
        .into_vec()
        .unwrap();
    ed25519_dalek::SigningKey::from_bytes(bytes[2..].try_into().unwrap())
}

fn key_of(id: &str) -> PublicKey {
    PublicKey::from_multikey(id.split_once('#').unwrap().1).unwrap()
}

fn verify_all(document: &Map<String, Value>) -> Result<(), DataIntegrityError> {
    let secured = Secured::read(document)?;
    secured
        .proofs()
        .iter()
        .try_for_each(|proof| secured.verify(proof, &key_of(&proof.verification_method)))
}

#[test]
fn bundled_contexts_are_the_publishers_bytes() {
    for context in &contexts::BUNDLED {
        assert_eq!(
            hex::encode(Sha256::digest(context.text)),
            context.sha256,
            "{}",
            context.iri
        );
    }
}

#[test]
fn the_w3c_vectors_verify() {
    for name in [
        "eddsa-jcs-2022/signedJCS.json",
        "eddsa-rdfc-2022/signedDataInt.json",
        "eddsa-rdfc-2022/employ/signedDataInt.json",
        "Ed25519Signature2020/signedEdSig.json",
        "proof-set-chain/signedProofSet1.json",
        "proof-set-chain/signedProofSet2.json",
        "proof-set-chain/signedProofChain1.json",
        "proof-set-chain/signedProofChain2.json",
    ] {
        let Some(mut document) = vector(name) else { return };
        assert_eq!(verify_all(&document), Ok(()), "{name}");
        document.insert("name".into(), "Another name".into());
        assert_eq!(
            verify_all(&document),
            Err(DataIntegrityError::BadSignature),
            "{name}"
        );
    }
}

#[test]
fn we_sign_the_w3c_vectors_to_the_same_byte() {
    let Some(keys) = vector("keyPair.json") else {
        return;
    };
    let key = private(keys["privateKeyMultibase"].as_str().unwrap());
    for (unsigned, signed, suite) in [
        (
            "unsigned.json",
            "eddsa-jcs-2022/signedJCS.json",
            Suite::EddsaJcs2022,
        ),
        (
            "unsigned.json",
            "eddsa-rdfc-2022/signedDataInt.json",
            Suite::EddsaRdfc2022,
        ),
        (
            "employmentAuth.json",
            "eddsa-rdfc-2022/employ/signedDataInt.json",
            Suite::EddsaRdfc2022,
        ),
    ] {
        let expected = vector(signed).unwrap();
        let proof = &expected["proof"];
        let how = Signing::new(
            suite,
            Relationship::AssertionMethod,
            proof["verificationMethod"].as_str().unwrap(),
            proof["created"].as_str().unwrap().parse().unwrap(),
        );
        let ours = sign(vector(unsigned).unwrap(), &how, &key).unwrap();
        assert_eq!(ours, expected, "{signed}");
    }
}

#[test]
fn we_build_the_w3c_proof_set_and_chain_to_the_same_byte() {
    let Some(keys) = vector("proof-set-chain/multiKeyPairs.json") else {
        return;
    };
    let expected = vector("proof-set-chain/signedProofChain2.json").unwrap();
    let mut document = vector("proof-set-chain/unsigned.json").unwrap();
    for (i, proof) in expected["proof"].as_array().unwrap().iter().enumerate() {
        let previous: Vec<&str> = match &proof["previousProof"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().map(|id| id.as_str().unwrap()).collect(),
            _ => Vec::new(),
        };
        let how = Signing {
            id: proof["id"].as_str(),
            previous: &previous,
            ..Signing::new(
                Suite::EddsaRdfc2022,
                Relationship::AssertionMethod,
                proof["verificationMethod"].as_str().unwrap(),
                proof["created"].as_str().unwrap().parse().unwrap(),
            )
        };
        let key = private(
            keys[&format!("keyPair{}", i + 1)]["privateKeyMultibase"]
                .as_str()
                .unwrap(),
        );
        document = sign(document, &how, &key).unwrap();
    }
    assert_eq!(document, expected);
}

fn credential() -> Map<String, Value> {
    let credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {
            "dose": 1.5, "count": 3, "given": true,
            "visits": [{ "place": "A" }, { "place": "B" }, { "place": "B", "note": "tab\there \u{7f}" }],
            "said": { "@value": "gut", "@language": "de-CH" }
        }
    });
    credential.as_object().unwrap().clone()
}

fn signed(
    suite: Suite,
    key: &dyn Signer,
    document: Map<String, Value>,
) -> Result<Map<String, Value>, DataIntegrityError> {
    let did = key.public().did_key();
    let id = format!("{did}#{}", key.public().to_multikey());
    let created = "2026-11-23T08:00:00Z".parse().unwrap();
    sign(
        document,
        &Signing::new(suite, Relationship::AssertionMethod, &id, created),
        key,
    )
}

fn keys() -> (
    ed25519_dalek::SigningKey,
    p256::ecdsa::SigningKey,
    p384::ecdsa::SigningKey,
) {
    (
        ed25519_dalek::SigningKey::from_bytes(&[7; 32]),
        p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap(),
        p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap(),
    )
}

#[test]
fn every_suite_holds_for_its_own_keys_and_for_no_change() {
    let (ed, p256, p384) = keys();
    let all: [(Suite, &dyn Signer); 6] = [
        (Suite::EddsaJcs2022, &ed),
        (Suite::EddsaRdfc2022, &ed),
        (Suite::EcdsaJcs2019, &p256),
        (Suite::EcdsaJcs2019, &p384),
        (Suite::EcdsaRdfc2019, &p256),
        (Suite::EcdsaRdfc2019, &p384),
    ];
    for (suite, key) in all {
        let mut document = signed(suite, key, credential()).unwrap();
        assert_eq!(verify_all(&document), Ok(()), "{suite:?}");
        let secured = Secured::read(&document).unwrap();
        let stranger = ed25519_dalek::SigningKey::from_bytes(&[8; 32]).public();
        assert!(secured.verify(&secured.proofs()[0], &stranger).is_err());
        for change in ["created", "proofPurpose", "challenge"] {
            let mut changed = document.clone();
            changed["proof"][change] = match change {
                "created" => "2026-11-23T08:00:01Z",
                "proofPurpose" => "authentication",
                _ => "x",
            }
            .into();
            assert_eq!(
                verify_all(&changed),
                Err(DataIntegrityError::BadSignature),
                "{change}"
            );
        }
        document["credentialSubject"]["visits"][1]["place"] = "C".into();
        assert_eq!(verify_all(&document), Err(DataIntegrityError::BadSignature));
    }
    assert_eq!(
        signed(Suite::EddsaJcs2022, &p256, credential()),
        Err(DataIntegrityError::WrongKey)
    );
    assert_eq!(
        signed(Suite::Ed25519Signature2020, &ed, credential()),
        Err(DataIntegrityError::Legacy)
    );
}

#[test]
fn a_statement_signed_as_rdf_does_not_depend_on_the_order_of_members() {
    let (ed, ..) = keys();
    let mut document = signed(Suite::EddsaRdfc2022, &ed, credential()).unwrap();
    let visits = document["credentialSubject"]["visits"].as_array_mut().unwrap();
    visits.reverse();
    assert_eq!(verify_all(&document), Ok(()));
}

#[test]
fn what_would_not_be_signed_is_refused() {
    let (ed, ..) = keys();
    let v2 = json!(["https://www.w3.org/ns/credentials/v2"]);
    let subject = |subject: Value| json!({ "@context": v2, "type": ["VerifiableCredential"], "issuer": "did:example:i", "credentialSubject": subject });
    for (document, refusal) in [
        (
            subject(json!({ "undefined": 1 })),
            DataIntegrityError::NotLinkedData,
        ),
        (subject(json!({ "name": null })), DataIntegrityError::Dropped),
        (subject(json!({ "name": [] })), DataIntegrityError::Dropped),
        (
            subject(json!({ "id": "relative" })),
            DataIntegrityError::RelativeReference,
        ),
        (
            subject(json!({ "id": "did:example:s", "type": "Undefined" })),
            DataIntegrityError::NotLinkedData,
        ),
    ] {
        let document = document.as_object().unwrap().clone();
        assert_eq!(
            signed(Suite::EddsaRdfc2022, &ed, document.clone()),
            Err(refusal),
            "{document:?}"
        );
    }
}

#[test]
fn contexts_that_are_not_bundled_are_refused_by_every_suite() {
    let (ed, ..) = keys();
    for (context, code) in [
        (
            json!(["https://www.w3.org/ns/credentials/v2", "https://example.org/v1"]),
            "context_unknown",
        ),
        (
            json!(["https://www.w3.org/ns/credentials/v2", { "name": "https://example.org/x" }]),
            "context_inline",
        ),
        (json!([]), "context_missing"),
    ] {
        let mut document = credential();
        document.insert("@context".into(), context);
        for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
            let refusal = signed(suite, &ed, document.clone()).unwrap_err();
            assert_eq!(refusal.code(), code);
        }
    }
}

#[test]
fn a_graph_made_to_keep_us_busy_is_refused_soon() {
    let (ed, ..) = keys();
    // Twelve nodes, each pointing at all others: nothing tells them apart.
    let nodes: Vec<Value> = (0..12)
        .map(|i| {
            let others: Vec<Value> = (0..12)
                .filter(|j| *j != i)
                .map(|j| json!({ "id": format!("_:n{j}") }))
                .collect();
            json!({ "id": format!("_:n{i}"), "knows": others })
        })
        .collect();
    let mut document = credential();
    document.insert("credentialSubject".into(), nodes.into());
    assert_eq!(
        signed(Suite::EddsaRdfc2022, &ed, document),
        Err(DataIntegrityError::TooComplex)
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("id".to_owned()),
        Just("type".to_owned()),
        Just("@id".to_owned()),
        Just("@value".to_owned()),
        Just("@list".to_owned()),
        Just("issuer".to_owned()),
        Just("credentialSubject".to_owned()),
        Just("proof".to_owned()),
        Just("verifiableCredential".to_owned()),
        "[a-z:@]{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,6}".prop_map(Value::from),
        Just(json!("VerifiableCredential")),
        Just(json!("_:b")),
        Just(json!("did:example:a")),
        Just(json!("DataIntegrityProof")),
        Just(json!("https://www.w3.org/ns/credentials/v2")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_signed_or_refused_without_a_panic(subject in any_json(), proof in any_json()) {
        let (ed, ..) = keys();
        let mut document = credential();
        document.insert("credentialSubject".into(), subject);
        for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
            if let Ok(document) = signed(suite, &ed, document.clone()) {
                prop_assert_eq!(verify_all(&document), Ok(()));
            }
        }
        document.insert("proof".into(), proof);
        let _ = Secured::read(&document);
    }
}
