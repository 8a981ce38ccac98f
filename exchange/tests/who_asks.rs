//! Who asks: three kinds of identity, each with its own way to a key, and everybody else refused for their own reason.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use carnet_credentials::{jwk::PublicKey, signature::Signer};
use carnet_did_resolver::Document;
use carnet_exchange::{
    RequestLink, RequestUriMethod, TrustList, client_id_of,
    request::{self, AskingAs, Fetched, RequestError},
    trust::Role,
};
use clinic::{
    CERTIFICATE,
    altered::{refusal, remove, verify, with_consent, with_header, with_payload},
    client_id, clinic_key, jws_parts, link, now, sign_by_hand, signed_request, signing, trust_list,
};
use serde_json::{Value, json};

// ATTACKS 1, 3: before anything is fetched.
#[test]
fn an_unlisted_client_or_a_foreign_address_is_refused_before_fetching() {
    let who = |client_id: String, address: &str, list: &TrustList| {
        let link = RequestLink {
            client_id,
            request_uri: address.parse().unwrap(),
            method: RequestUriMethod::Get,
        };
        request::who(&link, list)
            .map(|e| e.id.clone())
            .map_err(|e| e.code())
    };
    let list = trust_list();
    let good = "https://127.0.0.1:8443/x";
    assert_eq!(who(client_id(), good, &list), Ok("northgate-clinic".into()));
    assert_eq!(
        who(client_id_of(b"other"), good, &list),
        Err("request_client_not_listed")
    );
    for (other_kind, code) in [
        ("clinic", "request_client_id_bare"),
        ("https://clinic.example", "request_client_id_bare"),
        ("did:web:clinic.example", "request_client_id_bare"),
        (
            "redirect_uri:https://clinic.example/",
            "request_client_id_redirect_uri",
        ),
        ("verifier_attestation:clinic", "request_client_id_attestation"),
        (
            "openid_federation:https://clinic.example",
            "request_client_id_federation",
        ),
        ("origin:https://clinic.example", "request_client_id_origin"),
        ("entity_id:x", "request_client_id_kind"),
        ("X509_hash:x", "request_client_id_kind"),
        ("x509_hash:short", "request_client_id_malformed"),
        ("x509_san_dns:", "request_client_id_malformed"),
        ("x509_san_dns:Clinic.example", "request_client_id_malformed"),
        ("x509_san_dns:*.example", "request_client_id_malformed"),
        ("x509_san_dns:127.0.0.1", "request_client_id_malformed"),
        ("x509_san_dns:2130706433", "request_client_id_malformed"),
        ("x509_san_dns:clinic.example:8443", "request_client_id_malformed"),
        ("decentralized_identifier:clinic.example", "request_did_method"),
        (
            "decentralized_identifier:did:pkh:eip155:1:0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb",
            "request_did_method",
        ),
        (
            "decentralized_identifier:did:web:127.0.0.1",
            "request_client_id_malformed",
        ),
        (
            "decentralized_identifier:did:web:clinic.example#key",
            "request_client_id_malformed",
        ),
        ("decentralized_identifier:did:jwk:e30", "request_did_key"),
    ] {
        // Even where a list names them.
        let mut list = trust_list();
        list.entries[0].client_ids = vec![other_kind.into()];
        assert_eq!(who(other_kind.into(), good, &list), Err(code), "{other_kind}");
    }
    for foreign in [
        "https://127.0.0.1:8444/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:8443/x",
        "https://localhost:8443/x",
        "https://127.0.0.1:8443@evil.example/x",
        "https://user@127.0.0.1:8443/x",
        "https://evil.example/127.0.0.1:8443",
        "file:///127.0.0.1:8443/x",
    ] {
        assert_eq!(
            who(client_id(), foreign, &list),
            Err("request_uri_origin"),
            "{foreign}"
        );
    }
    let mut list = trust_list();
    list.entries[0].roles = vec![Role::Relayer];
    assert_eq!(
        who(client_id(), good, &list),
        Err("request_client_not_a_verifier")
    );
}

// ATTACKS 1
#[test]
fn a_client_id_other_than_the_codes_is_refused() {
    assert_eq!(
        refusal(&with_payload(|p| p["client_id"] = "x509_hash:other".into())),
        "request_client_id_mismatch"
    );
    assert_eq!(
        refusal(&with_payload(|p| remove(p, "client_id"))),
        "request_field"
    );
    // The whole request of one listed clinic behind the code of another one.
    let mut list = trust_list();
    let mut other = list.entries[0].clone();
    other.id = "other".into();
    other.client_ids = vec![client_id_of(b"other")];
    other.origins = vec!["https://other.example".into()];
    list.entries.push(other);
    let link = RequestLink {
        client_id: client_id_of(b"other"),
        request_uri: "https://other.example/r".parse().unwrap(),
        method: RequestUriMethod::Get,
    };
    let refused = request::verify(&signed_request().compact, &link, &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::CertificateNotClient);
}

// ATTACKS 2
#[test]
fn a_request_without_a_signature_by_the_clinic_is_refused() {
    let good = signed_request().compact;
    let (input, _) = good.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{input}.")), "request_unsigned");
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "none".into())),
        "request_unsigned"
    );
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "HS256".into())),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "ES512".into())),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| remove(h, "alg"))),
        "request_wrong_algorithm"
    );
    assert_eq!(
        refusal(&with_header(|h| remove(h, "x5c"))),
        "request_no_certificate"
    );
    let jwk = PublicKey::from(&clinic_key()).to_jwk();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://x/")),
        ("x5u", json!("https://x/")),
    ] {
        assert_eq!(
            refusal(&with_header(|h| h[name] = value)),
            "request_embedded_key",
            "{name}"
        );
    }
    assert_eq!(
        refusal(&with_header(|h| h["crit"] = json!(["x"]))),
        "request_critical_extension"
    );
    assert_eq!(
        refusal(&with_header(|h| h["crit"] = json!([]))),
        "request_critical_extension"
    );
    // EdDSA is fine for others, but not with a certificate of ours.
    assert_eq!(
        refusal(&with_header(|h| h["alg"] = "EdDSA".into())),
        "request_wrong_algorithm"
    );
    // By another key, under the clinic's certificate.
    let (header, payload) = jws_parts(&good);
    assert_eq!(
        refusal(&sign_by_hand(&header, &payload.to_string(), &signing(9))),
        "request_bad_signature"
    );
}

/// A fresh certificate, its client id put into the list and into a request that is signed with its key.
fn with_certificate(change: impl FnOnce(&mut rcgen::CertificateParams), p256: bool) -> &'static str {
    use p256::pkcs8::DecodePrivateKey;
    let algorithm = if p256 {
        &rcgen::PKCS_ECDSA_P256_SHA256
    } else {
        &rcgen::PKCS_ECDSA_P384_SHA384
    };
    let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["clinic.example".to_owned()]).unwrap();
    change(&mut params);
    let der = params.self_signed(&pair).unwrap().der().to_vec();
    let key = p256::SecretKey::from_pkcs8_der(&pair.serialize_der());
    let key = key.map_or_else(|_| clinic_key(), Into::into);
    with_der(&der, &key)
}

fn with_der(der: &[u8], key: &p256::ecdsa::SigningKey) -> &'static str {
    let client_id = client_id_of(der);
    let mut list = trust_list();
    list.entries[0].client_ids = vec![client_id.clone()];
    let (mut header, mut payload) = jws_parts(&with_consent(|c| {
        c["recipient"]["client_id"] = client_id.clone().into();
    }));
    header["x5c"] = json!([STANDARD.encode(der)]);
    payload["client_id"] = client_id.clone().into();
    let link = RequestLink { client_id, ..link() };
    let compact = sign_by_hand(&header, &payload.to_string(), key);
    request::verify(&compact, &link, &list, now()).map_or_else(|e| e.code(), |_| "accepted")
}

// ATTACKS 3, 4
#[test]
fn a_certificate_that_does_not_hold_is_refused() {
    use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, date_time_ymd};
    assert_eq!(with_certificate(|_| (), true), "accepted");
    assert_eq!(with_certificate(|_| (), false), "request_certificate_key");
    assert_eq!(
        with_certificate(|p| p.not_after = date_time_ymd(2026, 11, 30), true),
        "request_certificate_expired"
    );
    assert_eq!(
        with_certificate(|p| p.not_before = date_time_ymd(2026, 12, 2), true),
        "request_certificate_not_yet_valid"
    );
    assert_eq!(
        with_certificate(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained), true),
        "request_certificate_usage"
    );
    assert_eq!(
        with_certificate(|p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement], true),
        "request_certificate_usage"
    );
    // Listed or not, what isn't a certificate is none; a certificate with a tail isn't one either.
    assert_eq!(
        with_der(b"not a certificate", &clinic_key()),
        "request_certificate_malformed"
    );
    let mut tail = CERTIFICATE.to_vec();
    tail.push(0);
    assert_eq!(with_der(&tail, &clinic_key()), "request_certificate_malformed");

    let x5c = |value: Value| refusal(&with_header(|h| h["x5c"] = value));
    let good = STANDARD.encode(CERTIFICATE);
    assert_eq!(x5c(json!([])), "request_no_certificate");
    assert_eq!(x5c(json!(good)), "request_certificate_malformed");
    assert_eq!(x5c(json!([1])), "request_certificate_malformed");
    assert_eq!(
        x5c(json!([good, good, good, good, good])),
        "request_certificate_malformed"
    );
    assert_eq!(
        x5c(json!([URL_SAFE_NO_PAD.encode([0xfb; 40])])),
        "request_certificate_malformed"
    );
    // Another certificate first, the clinic's behind it.
    assert_eq!(
        x5c(json!([STANDARD.encode(b"other"), good])),
        "request_certificate_not_client"
    );
    // The listed hash of another certificate: the clinic's key was changed, the list not.
    let mut list = trust_list();
    list.entries[0].client_ids = vec![client_id_of(b"renewed")];
    let refused = request::verify(&signed_request().compact, &link(), &list, now()).unwrap_err();
    assert_eq!(refused, RequestError::NotListed);
}

// ATTACKS 18: no text of the request's own is a name.
#[test]
fn names_in_the_request_change_nothing() {
    let request = verify(&with_payload(|p| {
        p["client_metadata"]["client_name"] = "Northgate\u{202e} <b>Hospital</b>".into();
        p["client_metadata"]["logo_uri"] = "https://tracker.example/1.png".into();
    }))
    .unwrap();
    assert_eq!(request.entry_id, "northgate-clinic");
}

const HOST: &str = "clinic.example";

/// The clinic at an address with a name, asking under some identity.
struct Asking {
    list: TrustList,
    link: RequestLink,
    compact: String,
    document: Option<Document>,
}

impl Asking {
    fn new(asking_as: AskingAs<'_>, key: &dyn Signer) -> Self {
        let here = |text: String| text.replace(clinic::ORIGIN, "https://clinic.example");
        let mut list: TrustList =
            serde_json::from_str(&here(serde_json::to_string(&trust_list()).unwrap())).unwrap();
        list.entries[0].client_ids.push(asking_as.client_id());
        let mut consent: carnet_consent::ConsentRequest =
            serde_json::from_str(&here(serde_json::to_string(&clinic::consent_request()).unwrap())).unwrap();
        consent.recipient.client_id = asking_as.client_id();
        let parts = request::RequestParts {
            response_uri: &"https://clinic.example/response".parse().unwrap(),
            nonce: clinic::NONCE,
            state: clinic::STATE,
            issued: now(),
            expires: clinic::later(300),
            encryption_key: &clinic::answer_key(),
            query: &clinic::holder_only(),
            consent: Some(&consent),
            statement: None,
        };
        Self {
            list,
            link: RequestLink {
                client_id: asking_as.client_id(),
                request_uri: "https://clinic.example/request".parse().unwrap(),
                method: RequestUriMethod::Get,
            },
            compact: request::sign(&parts, key, asking_as).compact,
            document: None,
        }
    }

    fn outcome(&self) -> &'static str {
        let fetched = Fetched {
            document: self.document.as_ref(),
            ..Fetched::from(&self.link)
        };
        request::verify(&self.compact, fetched, &self.list, now()).map_or_else(|e| e.code(), |_| "accepted")
    }

    fn with_header(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let (mut header, payload) = jws_parts(&self.compact);
        change(&mut header);
        self.compact = sign_by_hand(&header, &payload.to_string(), &clinic_key());
        self
    }
}

/// A certificate over the clinic's key with these names in it.
fn certificate(names: &[&str]) -> Vec<u8> {
    use p256::pkcs8::EncodePrivateKey;
    let der = clinic_key().to_pkcs8_der().unwrap();
    let der = rustls_pki_types::PrivatePkcs8KeyDer::from(der.as_bytes());
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let params = rcgen::CertificateParams::new(names).unwrap();
    params.self_signed(&pair).unwrap().der().to_vec()
}

// ATTACKS 3
#[test]
fn a_name_in_a_certificate_counts_only_for_its_own_host_and_a_key_that_the_list_knows() {
    let key = clinic_key();
    let public = PublicKey::from(&key);
    let der = certificate(&["www.clinic.example", HOST]);
    let asking = || {
        let mut asking = Asking::new(AskingAs::CertificateName(HOST, &der), &key);
        asking.list.entries[0].request_keys = vec![public];
        asking
    };
    assert_eq!(asking().outcome(), "accepted");

    // The key, not a public authority, is what makes the name theirs.
    let mut unknown = asking();
    unknown.list.entries[0].request_keys = vec![PublicKey::from(&signing(9))];
    assert_eq!(unknown.outcome(), "request_certificate_unknown");
    // Another certificate of the same party is known by its hash, this one not.
    unknown.list.entries[0].client_ids.push(client_id_of(b"other"));
    assert_eq!(unknown.outcome(), "request_certificate_unknown");
    unknown.list.entries[0].client_ids.push(client_id_of(&der));
    assert_eq!(unknown.outcome(), "accepted");

    for names in [&["other.example"][..], &["*.example"], &["*.clinic.example"], &[]] {
        let der = certificate(names);
        let other = asking().with_header(|h| h["x5c"] = json!([STANDARD.encode(der)]));
        assert_eq!(other.outcome(), "request_certificate_name", "{names:?}");
    }
    let bare = asking().with_header(|h| remove(h, "x5c"));
    assert_eq!(bare.outcome(), "request_no_certificate");

    // The name's host is no longer, or never was, the party's.
    let mut moved = asking();
    moved.list.entries[0].origins = vec!["https://other.example".into()];
    assert_eq!(moved.outcome(), "request_client_id_host");
    // Of two hosts of one party, the answer goes to the one that was named.
    let mut two = asking();
    two.list.entries[0].origins.push("https://second.example".into());
    let (header, mut payload) = jws_parts(&two.compact);
    payload["response_uri"] = "https://second.example/response".into();
    two.compact = sign_by_hand(&header, &payload.to_string(), &key);
    assert_eq!(two.outcome(), "request_response_uri_origin");
    // The name itself is not listed.
    let mut unlisted = asking();
    unlisted.list.entries[0].client_ids.pop();
    assert_eq!(unlisted.outcome(), "request_client_not_listed");
}

fn did_document(did: &str, change: impl FnOnce(&mut Value)) -> Document {
    let kid = format!("{did}#k1");
    let mut document = json!({
        "id": did,
        "verificationMethod": [{
            "id": kid, "type": "JsonWebKey", "controller": did,
            "publicKeyJwk": PublicKey::from(&clinic_key()).to_jwk(),
        }],
        "authentication": [kid],
    });
    change(&mut document);
    Document::read(document.as_object().unwrap().clone()).unwrap()
}

// ATTACKS 4
#[test]
fn a_hosted_did_speaks_through_the_keys_it_lists_now() {
    let did = "did:web:clinic.example";
    let asking = |change: fn(&mut Value)| {
        let mut asking = Asking::new(AskingAs::Did("did:web:clinic.example#k1"), &clinic_key());
        asking.document = Some(did_document(did, change));
        asking
    };
    assert_eq!(
        request::did_to_fetch(&asking(|_| ()).link.client_id),
        Ok(Some(did))
    );
    assert_eq!(asking(|_| ()).outcome(), "accepted");
    assert_eq!(
        asking(|d| {
            d["assertionMethod"] = d["authentication"].take();
            remove(d, "authentication");
        })
        .outcome(),
        "accepted"
    );

    // Taken out of the document, or of the relationships, or ended, or controlled by somebody else.
    let rotated: [fn(&mut Value); 5] = [
        |d| d["verificationMethod"][0]["id"] = "did:web:clinic.example#k2".into(),
        |d| {
            d["keyAgreement"] = d["authentication"].take();
            remove(d, "authentication");
        },
        |d| d["verificationMethod"][0]["revoked"] = "2026-11-01T00:00:00Z".into(),
        |d| d["verificationMethod"][0]["expires"] = "2026-11-01T00:00:00Z".into(),
        |d| d["verificationMethod"][0]["controller"] = "did:web:other.example".into(),
    ];
    for change in rotated {
        assert_eq!(asking(change).outcome(), "request_did_key_unlisted");
    }
    // The id stayed, the key is another one.
    assert_eq!(
        asking(|d| d["verificationMethod"][0]["publicKeyJwk"] = PublicKey::from(&signing(9)).to_jwk())
            .outcome(),
        "request_bad_signature"
    );
    let not_for_signing = |d: &mut Value| {
        d["verificationMethod"][0]["publicKeyJwk"] =
            json!({ "kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode([9; 32]) });
    };
    assert_eq!(asking(not_for_signing).outcome(), "request_did_key");

    for kid in [
        json!("did:web:other.example#k1"),
        json!("#k1"),
        json!("k1"),
        json!("did:web:clinic.example#"),
        json!("did:web:clinic.example"),
        json!("did:web:clinic.example:sub#k1"),
        json!(7),
    ] {
        let other = asking(|_| ()).with_header(|h| h["kid"] = kid.clone());
        assert_eq!(other.outcome(), "request_did_kid", "{kid}");
    }
    assert_eq!(
        asking(|_| ()).with_header(|h| remove(h, "kid")).outcome(),
        "request_did_kid"
    );
    let both = asking(|_| ()).with_header(|h| h["x5c"] = json!([STANDARD.encode(CERTIFICATE)]));
    assert_eq!(both.outcome(), "request_embedded_key");

    // No document, or another DID's.
    let mut other = asking(|_| ());
    other.document = None;
    assert_eq!(other.outcome(), "request_did_document");
    other.document = Some(did_document("did:web:clinic.example:sub", |_| ()));
    assert_eq!(other.outcome(), "request_did_document");
    // Its host isn't the party's: nobody is asked.
    let mut moved = asking(|_| ());
    moved.list.entries[0].origins = vec!["https://other.example".into()];
    assert_eq!(
        request::who(&moved.link, &moved.list).unwrap_err(),
        RequestError::ClientIdHost
    );
}

// ATTACKS 4
#[test]
fn a_did_that_says_its_own_key_needs_nobody_and_is_still_listed_or_refused() {
    let ed25519 = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let keys: [(&dyn Signer, PublicKey); 2] = [
        (&clinic_key(), PublicKey::from(&clinic_key())),
        (&ed25519, PublicKey::from(&ed25519)),
    ];
    for (key, public) in keys {
        let did_key = public.did_key();
        let (_, name) = did_key.rsplit_once(':').unwrap();
        for kid in [format!("{}#0", public.did_jwk()), format!("{did_key}#{name}")] {
            let mut asking = Asking::new(AskingAs::Did(&kid), key);
            assert_eq!(request::did_to_fetch(&asking.link.client_id), Ok(None));
            assert_eq!(asking.outcome(), "accepted", "{kid}");
            asking.list.entries[0].client_ids.pop();
            assert_eq!(asking.outcome(), "request_client_not_listed");
        }
    }
    // Signed by another key than the one the DID says.
    let kid = format!("{}#0", PublicKey::from(&signing(9)).did_jwk());
    assert_eq!(
        Asking::new(AskingAs::Did(&kid), &clinic_key()).outcome(),
        "request_bad_signature"
    );
    let kid = format!("{}#0", PublicKey::from(&ed25519).did_jwk());
    assert_eq!(
        Asking::new(AskingAs::Did(&kid), &clinic_key()).outcome(),
        "request_wrong_algorithm"
    );
}

// ATTACKS 41: the pairwise identity is derived from the entry's id alone.
#[test]
fn a_party_with_a_renewed_certificate_is_the_same_party() {
    let renewed = certificate(&[HOST]);
    let asking = Asking::new(AskingAs::CertificateHash(&renewed), &clinic_key());
    assert_eq!(asking.outcome(), "accepted");
    let before = clinic::verified_request();
    let after = request::verify(&asking.compact, &asking.link, &asking.list, now()).unwrap();
    assert_ne!(before.client_id, after.client_id);
    assert_eq!(before.entry_id, after.entry_id);
    // Under the old list the new certificate is nobody's, under a list without the old one the old is.
    assert_eq!(
        request::verify(&asking.compact, &asking.link, &trust_list(), now()).unwrap_err(),
        RequestError::NotListed
    );
}
