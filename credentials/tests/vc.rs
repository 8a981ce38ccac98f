//! Credentials and presentations, through the gate.

mod support;

use carnet_credentials::vc::{VcError, check, check_presentation, jose};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Actor, conditions, expected, object, with, without};

#[test]
fn a_credential_by_its_issuer_is_believed() {
    let issuer = Actor::new(1);
    let checked = check(
        &issuer.issued(issuer.credential("did:example:ada")),
        &conditions(),
    )
    .unwrap();
    assert_eq!(checked.issuer, issuer.did());
    assert_eq!(checked.subjects, ["did:example:ada"]);
    assert_eq!(checked.signed_by, [issuer.kid()]);
    assert!(!checked.credential.contains_key("proof"));
}

#[test]
fn a_second_signature_must_hold_too() {
    let (issuer, witness) = (Actor::new(1), Actor::new(2));
    let mut both = witness.issued(issuer.issued(issuer.credential("did:example:ada")));
    assert_eq!(
        check(&both, &conditions()).unwrap().signed_by,
        [issuer.kid(), witness.kid()]
    );
    both["proof"][1]["created"] = json!("2026-11-23T07:00:00Z");
    assert_eq!(
        check(&both, &conditions()).unwrap_err().code(),
        "proof_bad_signature"
    );
}

#[test]
fn a_chain_of_proofs_holds_in_its_order_only() {
    let (issuer, witness) = (Actor::new(1), Actor::new(2));
    let first = issuer.proven(issuer.credential("did:example:ada"), |how| {
        how.id = Some("urn:proof:1");
    });
    let chained = witness.proven(first, |how| {
        how.previous = &["urn:proof:1"];
    });
    assert!(check(&chained, &conditions()).is_ok());
    let mut cut = chained.clone();
    cut["proof"][0].as_object_mut().unwrap().remove("id");
    assert_eq!(
        check(&cut, &conditions()).unwrap_err().code(),
        "proof_bad_signature"
    );
    let mut lost = chained;
    lost["proof"][1]["previousProof"] = json!("urn:proof:2");
    assert_eq!(
        check(&lost, &conditions()).unwrap_err().code(),
        "proof_previous_missing"
    );
}

#[test]
fn the_form_of_a_credential_is_checked_before_its_signature() {
    let issuer = Actor::new(1);
    let good = || issuer.credential("did:example:ada");
    let v2 = "https://www.w3.org/ns/credentials/v2";
    for (document, code) in [
        (without(good(), "@context"), "vc_context_order"),
        (
            with(
                good(),
                "@context",
                json!(["https://w3id.org/security/data-integrity/v2", v2]),
            ),
            "vc_context_order",
        ),
        (
            with(good(), "@context", json!([v2, "https://example.org/v1"])),
            "context_unknown",
        ),
        (with(good(), "type", json!("Other")), "vc_wrong_type"),
        (
            with(good(), "type", json!(["VerifiableCredential", 1])),
            "vc_wrong_type",
        ),
        (with(good(), "issuer", json!("nobody")), "vc_issuer_malformed"),
        (
            with(good(), "issuer", json!({ "name": "nobody" })),
            "vc_issuer_malformed",
        ),
        (without(good(), "credentialSubject"), "vc_subject_malformed"),
        (
            with(good(), "credentialSubject", json!([])),
            "vc_subject_malformed",
        ),
        (
            with(good(), "credentialSubject", json!({})),
            "vc_subject_malformed",
        ),
        (
            with(good(), "credentialSubject", json!("did:example:ada")),
            "vc_subject_malformed",
        ),
        (with(good(), "id", json!("no url")), "vc_malformed"),
        (
            with(
                good(),
                "credentialSchema",
                json!({ "id": "https://example.org/s" }),
            ),
            "vc_malformed",
        ),
        (with(good(), "evidence", json!([{}])), "vc_malformed"),
        (
            with(good(), "validUntil", json!("2026-10-01T00:00:00Z")),
            "vc_time_malformed",
        ),
        (
            with(good(), "credentialStatus", json!({ "id": "urn:x:1" })),
            "vc_status_malformed",
        ),
        (
            with(good(), "credentialStatus", json!({ "type": "Other" })),
            "proof_missing",
        ),
        (
            with(
                good(),
                "@context",
                json!(["https://www.w3.org/2018/credentials/v1"]),
            ),
            "vc_time_malformed",
        ),
    ] {
        assert_eq!(check(&document, &conditions()).unwrap_err().code(), code);
    }
    let other_status = with(good(), "credentialStatus", json!({ "type": "Other" }));
    assert_eq!(
        check(&issuer.issued(other_status), &conditions()),
        Err(VcError::StatusUnsupported)
    );
}

#[test]
fn a_related_resource_is_named_once_and_with_a_digest() {
    let issuer = Actor::new(1);
    let good = || issuer.credential("did:example:ada");
    let (id, sri) = ("https://example.org/picture.png", "sha384-AAAA");
    for related in [
        json!({ "id": id, "digestSRI": sri }),
        json!([{ "id": id, "digestMultibase": "uAAAA", "mediaType": "image/png" }]),
        json!([{ "id": id, "digestSRI": sri }, { "id": "urn:x:1", "digestSRI": sri }]),
    ] {
        let document = issuer.issued(with(good(), "relatedResource", related));
        check(&document, &conditions()).unwrap();
    }
    for related in [
        json!([id]),
        json!({ "digestSRI": sri }),
        json!({ "id": "no url", "digestSRI": sri }),
        json!({ "id": id }),
        json!({ "id": id, "digestSRI": [] }),
        json!({ "id": id, "digestSRI": 1 }),
        json!([{ "id": id, "digestSRI": sri }, { "id": id, "digestMultibase": "uAAAA" }]),
    ] {
        let document = with(good(), "relatedResource", related);
        assert_eq!(check(&document, &conditions()), Err(VcError::Malformed));
    }
}

#[test]
fn a_presentation_holds_for_one_session_and_one_verifier() {
    let (issuer, holder) = (Actor::new(1), Actor::new(3));
    let credential = issuer.issued(issuer.credential(&holder.did()));
    let presented = holder.presented(holder.presentation(vec![credential.clone()]));
    let checked = check_presentation(&presented, &expected(), &conditions()).unwrap();
    assert_eq!(checked.holder, holder.did());
    assert_eq!(checked.credentials.len(), 1);
    let mut other = expected();
    other.challenge = "challenge-2";
    assert_eq!(
        check_presentation(&presented, &other, &conditions()),
        Err(VcError::WrongChallenge)
    );
    let mut other = expected();
    other.domain = Some("other.example");
    assert_eq!(
        check_presentation(&presented, &other, &conditions()),
        Err(VcError::WrongDomain)
    );
    let mut changed = presented;
    changed["verifiableCredential"][0]["credentialSubject"]["name"] = json!("Eve");
    assert_eq!(
        check_presentation(&changed, &expected(), &conditions())
            .unwrap_err()
            .code(),
        "proof_bad_signature"
    );
    // A holder who vouches for a credential that is changed, or for a thousand of them.
    let mut forged = credential.clone();
    forged["credentialSubject"]["name"] = json!("Eve");
    let presented = holder.presented(holder.presentation(vec![forged]));
    assert_eq!(
        check_presentation(&presented, &expected(), &conditions())
            .unwrap_err()
            .code(),
        "proof_bad_signature"
    );
    let many = holder.presented(holder.presentation(vec![credential; 17]));
    assert_eq!(
        check_presentation(&many, &expected(), &conditions()),
        Err(VcError::TooManyCredentials)
    );
}

#[test]
fn signed_texts_hold_for_their_issuer_and_holder() {
    let (issuer, holder) = (Actor::new(1), Actor::new(3));
    let document = issuer.credential(&holder.did());
    let text = jose::issue(&document, &issuer.kid(), &issuer.0).unwrap();
    let checked = jose::check(&text, &conditions()).unwrap();
    assert_eq!(checked.credential, document);
    assert_eq!(
        jose::issue(&document, &holder.kid(), &holder.0),
        Err(VcError::WrongIssuer)
    );
    let envelope = object(json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": format!("data:application/vc+jwt,{text}"),
        "type": "EnvelopedVerifiableCredential",
    }));
    // An envelope whose context doesn't say what an envelope is.
    for (context, code) in [
        (json!([]), "context_missing"),
        (
            json!("https://www.w3.org/ns/credentials/examples/v2"),
            "vc_context_order",
        ),
    ] {
        let envelope = with(envelope.clone(), "@context", context);
        assert_eq!(
            jose::enveloped_credential(&envelope).unwrap().unwrap_err().code(),
            code
        );
    }
    let presentation = holder.presentation(vec![envelope]);
    let presented = jose::present(
        presentation.clone(),
        "clinic.example",
        "challenge-1",
        &holder.kid(),
        &holder.0,
    )
    .unwrap();
    let checked = jose::check_presentation(&presented, &expected(), &conditions()).unwrap();
    assert_eq!(checked.credentials[0].credential, document);
    let mut other = expected();
    other.challenge = "challenge-2";
    assert_eq!(
        jose::check_presentation(&presented, &other, &conditions()),
        Err(VcError::WrongChallenge)
    );
    assert_eq!(
        check_presentation(&holder.presented(presentation), &expected(), &conditions())
            .unwrap()
            .credentials
            .len(),
        1
    );
}

#[test]
fn claims_that_contradict_the_credential_are_refused() {
    let issuer = Actor::new(1);
    let good = || issuer.credential("did:example:ada");
    for (name, value, refusal) in [
        ("iss", json!("did:example:other"), VcError::ClaimsMisfit),
        ("sub", json!("did:example:other"), VcError::ClaimsMisfit),
        ("jti", json!("urn:other"), VcError::ClaimsMisfit),
        ("exp", json!(1_700_000_000), VcError::Expired),
        ("nbf", json!(1_900_000_000), VcError::NotYetValid),
        ("exp", json!("soon"), VcError::TimeMalformed),
    ] {
        let text = jose::issue(&with(good(), name, value), &issuer.kid(), &issuer.0).unwrap();
        assert_eq!(jose::check(&text, &conditions()), Err(refusal), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[ -~]{0,80}") {
        prop_assert!(jose::check(&text, &conditions()).is_err());
    }

    #[test]
    fn any_change_of_a_member_is_answered_without_a_panic(name in "[@a-zA-Z]{1,20}", text in "[ -~]{0,20}") {
        let issuer = Actor::new(1);
        let document = issuer.issued(issuer.credential("did:example:ada"));
        for value in [Value::from(text), Value::Null, json!([]), json!({}), json!([{}])] {
            let changed = with(document.clone(), &name, value);
            prop_assert!(check(&changed, &conditions()).is_err());
        }
    }
}
