//! How the issuer's key is found.

use base64::engine::general_purpose::STANDARD;
use carnet_credentials::{
    issuer::{IssuerError, IssuerMetadata, MetadataError},
    signature::Signer,
};
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

use super::*;

#[test]
fn a_self_issued_credential_is_the_holders_own() {
    let holder = key(2);
    let public = PublicKey::from(&holder);
    let issue = |iss: String, bound_to: &SigningKey, signed_by: &SigningKey| {
        let claims = object(json!({ "iss": iss, "vct": VCT }));
        let bound_to_key = PublicKey::from(bound_to);
        let issuance = Issuance {
            claims,
            disclosable: &[],
            salts: &[],
            decoys: &[],
            holder: &bound_to_key,
            header: Map::new(),
        };
        let card = sd_jwt::issue(&issuance, signed_by).unwrap();
        let shown = sd_jwt::present(&card, &[], &kb(), bound_to).unwrap();
        let mut expect = expect();
        expect.credential.issuer = Issuer::SelfIssued;
        sd_jwt::check(&shown, &expect)
    };
    assert!(issue(public.did_jwk(), &holder, &holder).is_ok());
    assert!(issue(public.did_key(), &holder, &holder).is_ok());
    assert_eq!(
        issue(public.did_jwk(), &key(3), &holder).unwrap_err(),
        SdJwtError::WrongHolder
    );
    assert_eq!(
        issue(public.did_jwk(), &holder, &key(3)).unwrap_err().code(),
        "credential_bad_signature"
    );
    assert_eq!(
        issue("did:web:x".into(), &holder, &holder).unwrap_err(),
        SdJwtError::Issuer(IssuerError::WrongIssuer)
    );
}

/// A credential with these header members and `iss`, checked by whoever expects this issuer.
fn received(
    iss: Option<&str>,
    header: Value,
    signer: &dyn Signer,
    issuer: Issuer<'_>,
) -> Result<(), &'static str> {
    let mut claims = object(json!({ "vct": VCT }));
    if let Some(iss) = iss {
        claims.insert("iss".into(), iss.into());
    }
    let issuance = Issuance {
        claims,
        disclosable: &[],
        salts: &[],
        decoys: &[],
        holder: public(2),
        header: object(header),
    };
    let card = sd_jwt::issue(&issuance, signer).unwrap();
    let rules = Rules { issuer, ..rules() };
    sd_jwt::check_issued(&card, &rules, public(2))
        .map(drop)
        .map_err(|e| e.code())
}

#[test]
fn the_three_algorithms_issue() {
    let p384 = p384::ecdsa::SigningKey::from_slice(&[5; 48]).unwrap();
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let signers: [&dyn Signer; 3] = [&key(1), &p384, &ed25519];
    for signer in signers {
        let (iss, key) = ("https://i.example", &signer.public());
        assert_eq!(
            received(Some(iss), json!({}), signer, Issuer::Key { iss, key }),
            Ok(())
        );
        let key = public(9);
        assert!(received(Some(iss), json!({}), signer, Issuer::Key { iss, key }).is_err());
    }
}

#[test]
fn a_resolved_document_lists_the_key() {
    let did = public(1).did_key();
    let document = carnet_did_resolver::resolve(&did).unwrap();
    let issuer = Issuer::Document(&document);
    let kid = document.assertion_method[0].clone();
    let fragment = kid.strip_prefix(&did).unwrap();
    for header in [json!({ "kid": kid }), json!({ "kid": fragment }), json!({})] {
        assert_eq!(received(Some(&did), header, &key(1), issuer), Ok(()));
    }
    let iss = Some(did.as_str());
    for header in [
        json!({ "kid": "#other" }),
        json!({ "kid": format!("did:web:x{fragment}") }),
        json!({ "kid": 1 }),
    ] {
        assert_eq!(
            received(iss, header, &key(1), issuer),
            Err("credential_unknown_key")
        );
    }
    assert_eq!(
        received(iss, json!({}), &key(3), issuer),
        Err("credential_bad_signature")
    );
    assert_eq!(
        received(None, json!({}), &key(1), issuer),
        Err("credential_wrong_issuer")
    );
    let other = public(3).did_key();
    assert_eq!(
        received(Some(&other), json!({}), &key(1), issuer),
        Err("credential_wrong_issuer")
    );
}

#[test]
fn an_issuers_metadata_lists_its_keys() {
    let iss = "https://issuer.example/tenant/1";
    assert_eq!(
        IssuerMetadata::place("https://issuer.example/tenant/1/")
            .unwrap()
            .as_str(),
        "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"
    );
    assert_eq!(
        IssuerMetadata::place("https://issuer.example").unwrap().as_str(),
        "https://issuer.example/.well-known/jwt-vc-issuer"
    );
    for bad in [
        "http://issuer.example",
        "https://a@issuer.example",
        "https://i.example?x",
        "did:web:x",
        "",
    ] {
        assert_eq!(
            IssuerMetadata::place(bad).unwrap_err(),
            MetadataError::NoPlace,
            "{bad}"
        );
    }

    let named = |seed, kid: &str| {
        let mut jwk = public(seed).to_jwk();
        jwk["kid"] = kid.into();
        jwk
    };
    let rsa = json!({ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" });
    let set = json!({ "keys": [rsa, named(1, "one"), named(3, "three")] });
    let text = json!({ "issuer": iss, "jwks": set }).to_string();
    let metadata = IssuerMetadata::parse(text.as_bytes(), iss).unwrap();
    let issuer = Issuer::Metadata(&metadata);
    let from = Some(iss);
    assert_eq!(received(from, json!({ "kid": "one" }), &key(1), issuer), Ok(()));
    assert_eq!(
        received(from, json!({ "kid": "three" }), &key(1), issuer),
        Err("credential_bad_signature")
    );
    for header in [json!({ "kid": "r" }), json!({})] {
        assert_eq!(
            received(from, header, &key(1), issuer),
            Err("credential_unknown_key")
        );
    }
    assert_eq!(
        received(
            Some("https://issuer.example"),
            json!({ "kid": "one" }),
            &key(1),
            issuer
        ),
        Err("credential_wrong_issuer")
    );

    let elsewhere = json!({ "issuer": iss, "jwks_uri": "https://keys.example/x" }).to_string();
    let metadata = IssuerMetadata::parse(elsewhere.as_bytes(), iss).unwrap();
    assert_eq!(metadata.jwks_uri(), Some("https://keys.example/x"));
    let metadata = metadata.with_keys(set.to_string().as_bytes()).unwrap();
    assert_eq!(
        received(
            from,
            json!({ "kid": "one" }),
            &key(1),
            Issuer::Metadata(&metadata)
        ),
        Ok(())
    );

    let refused = |metadata: Value| {
        IssuerMetadata::parse(metadata.to_string().as_bytes(), iss)
            .unwrap_err()
            .code()
    };
    assert_eq!(
        refused(json!({ "issuer": "https://x.example", "jwks": set })),
        "issuer_metadata_other_issuer"
    );
    let both = json!({ "issuer": iss, "jwks": set, "jwks_uri": "https://keys.example" });
    assert_eq!(refused(both), "issuer_metadata_malformed");
    assert_eq!(
        refused(json!({ "issuer": iss, "jwks_uri": "http://keys.example" })),
        "issuer_metadata_malformed"
    );
    let alike = json!({ "issuer": iss, "jwks": { "keys": [named(1, "a"), named(3, "a")] } });
    assert_eq!(refused(alike), "issuer_metadata_same_name");
}

/// A certificate of its own for `issuer.example`, and the PKCS#8 of its key.
fn certificate(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, KeyPair) {
    let keys = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::new(vec!["issuer.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    (params.self_signed(&keys).unwrap().der().to_vec(), keys)
}

#[test]
fn a_trusted_certificate_names_the_issuer_and_its_key() {
    use p256::pkcs8::DecodePrivateKey;
    let (der, keys) = certificate(&PKCS_ECDSA_P256_SHA256);
    let signer = SigningKey::from_pkcs8_der(&keys.serialize_der()).unwrap();
    let (der384, keys) = certificate(&PKCS_ECDSA_P384_SHA384);
    let signer384 = p384::ecdsa::SigningKey::from_pkcs8_der(&keys.serialize_der()).unwrap();
    let (der_ed, keys) = certificate(&PKCS_ED25519);
    // The seed stands at the end of the first 48 bytes (RFC 8410 section 7).
    let seed: [u8; 32] = keys.serialize_der()[16..48].try_into().unwrap();
    let signer_ed = ed25519_dalek::SigningKey::from_bytes(&seed);

    let x5c = |der: &[u8]| json!({ "x5c": [STANDARD.encode(der)] });
    let everybody = |_: &[Vec<u8>]| true;
    let trusting = Issuer::Certificate { trusted: &everybody };
    let iss = "https://issuer.example";
    let signers: [(&[u8], &dyn Signer); 3] = [(&der, &signer), (&der384, &signer384), (&der_ed, &signer_ed)];
    for (der, signer) in signers {
        assert_eq!(received(Some(iss), x5c(der), signer, trusting), Ok(()));
        assert_eq!(received(None, x5c(der), signer, trusting), Ok(()));
    }
    let other = Some("https://other.example");
    assert_eq!(
        received(other, x5c(&der), &signer, trusting),
        Err("credential_wrong_issuer")
    );
    assert_eq!(
        received(Some(iss), x5c(&der), &key(9), trusting),
        Err("credential_bad_signature")
    );
    assert_eq!(
        received(Some(iss), x5c(&der384), &signer, trusting),
        Err("credential_malformed")
    );
    assert_eq!(
        received(Some(iss), json!({}), &signer, trusting),
        Err("certificate_missing")
    );
    assert_eq!(
        received(Some(iss), x5c(b"no"), &signer, trusting),
        Err("certificate_malformed")
    );
    let many = json!({ "x5c": vec![STANDARD.encode(&der); 5] });
    assert_eq!(
        received(Some(iss), many, &signer, trusting),
        Err("certificate_malformed")
    );

    let only_other = |chain: &[Vec<u8>]| chain[0] == der384;
    let wary = Issuer::Certificate { trusted: &only_other };
    assert_eq!(
        received(Some(iss), x5c(&der), &signer, wary),
        Err("credential_issuer_not_trusted")
    );
}

#[test]
fn a_certificate_out_of_its_time_signs_nothing() {
    use carnet_credentials::certificate::{CertificateError, Leaf};
    let (der, _) = certificate(&PKCS_ECDSA_P256_SHA256);
    let at = |time: &str| Leaf::read(&der, time.parse().unwrap()).map(drop);
    assert_eq!(at("2025-12-31T23:59:59Z"), Err(CertificateError::NotYetValid));
    assert_eq!(at("2026-01-01T00:00:00Z"), Ok(()));
    assert_eq!(at("2027-01-01T00:00:01Z"), Err(CertificateError::Expired));

    let keys = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["issuer.example".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&keys).unwrap();
    assert_eq!(Leaf::read(authority.der(), now()), Err(CertificateError::Usage));
}

proptest! {
    #[test]
    fn any_metadata_and_any_certificate_are_answered_without_a_panic(
        text in r#"[\[\]{}:,"0-9a-z. -]{0,80}"#,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        place in 0_usize..2_000,
        byte in any::<u8>(),
    ) {
        use carnet_credentials::certificate::{Leaf, chain};
        let _ = IssuerMetadata::place(&text);
        prop_assert!(IssuerMetadata::parse(text.as_bytes(), "https://issuer.example").is_err());
        prop_assert!(Leaf::read(&bytes, now()).is_err());
        let mut der = DER.with(Clone::clone);
        let place = place % der.len();
        der[place] = byte;
        let _ = Leaf::read(&der, now());
        let header = object(json!({ "x5c": [text, STANDARD.encode(&der)] }));
        let _ = chain(&header);
    }
}

thread_local! {
    /// A good certificate to be damaged.
    static DER: Vec<u8> = certificate(&PKCS_ECDSA_P256_SHA256).0;
}
