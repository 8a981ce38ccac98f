//! What `ssi` 0.16 lets through and the gate must not: one test for each hole.

mod support;

use carnet_credentials::{
    data_integrity::Suite,
    jws,
    vc::{self, VcError, check, check_presentation, jose},
};
use carnet_did_resolver::document::{Document, Relationship};
use serde_json::json;
use support::{Actor, Made, conditions, document, expected, now, object, with, without};

#[test]
fn an_issuer_who_is_not_the_controller_of_the_key() {
    let (issuer, forger) = (Actor::new(1), Actor::new(2));
    let forged = forger.issued(issuer.credential("did:example:ada"));
    assert_eq!(check(&forged, &conditions()), Err(VcError::WrongIssuer));
    // Nor is it enough that the issuer is an object, or that the forger adds its own proof to a good one.
    let named = with(
        issuer.credential("did:example:ada"),
        "issuer",
        json!({ "id": issuer.did() }),
    );
    assert!(check(&issuer.issued(named.clone()), &conditions()).is_ok());
    assert_eq!(
        check(&forger.issued(named), &conditions()),
        Err(VcError::WrongIssuer)
    );
}

#[test]
fn a_proof_made_for_another_purpose() {
    let issuer = Actor::new(1);
    let for_login = issuer.proven(issuer.credential("did:example:ada"), |how| {
        how.purpose = Relationship::Authentication;
    });
    assert_eq!(check(&for_login, &conditions()), Err(VcError::WrongPurpose));
    let holder = Actor::new(3);
    let asserted = holder.proven(holder.presentation(Vec::new()), |how| {
        how.challenge = Some("challenge-1");
        how.domain = Some("clinic.example");
    });
    assert_eq!(
        check_presentation(&asserted, &expected(), &conditions()),
        Err(VcError::WrongPurpose)
    );
}

#[test]
fn a_key_that_is_not_listed_for_the_purpose() {
    let actor = Actor::new(1);
    let did = "did:web:clinic.example";
    let credential = with(actor.credential("did:example:ada"), "issuer", json!(did));
    let credential = actor.proven(credential, |how| {
        how.verification_method = "did:web:clinic.example#key-1";
    });
    let decide = |document: Document| {
        let mut made = Made::default();
        made.0.insert(did.into(), document);
        check(
            &credential,
            &vc::Conditions {
                documents: &made,
                ..conditions()
            },
        )
        .map(|_| ())
    };
    let listed_under = |listed: &[&str]| document(did, did, &actor.public(), listed);
    assert_eq!(decide(listed_under(&[])), Err(VcError::NotListed));
    assert_eq!(decide(listed_under(&["authentication"])), Err(VcError::NotListed));
    let listed = listed_under(&["assertionMethod"]);
    assert_eq!(decide(listed.clone()), Ok(()));
    // Listed, but somebody else's; gone from the document; and a document that is another one's.
    let foreign = document(
        did,
        "did:web:other.example",
        &actor.public(),
        &["assertionMethod"],
    );
    assert_eq!(decide(foreign), Err(VcError::ForeignKey));
    let mut gone = listed.clone();
    gone.verification_method.clear();
    assert_eq!(decide(gone), Err(VcError::MethodUnknown));
    let mut other = listed;
    other.id = "did:web:other.example".into();
    assert_eq!(decide(other), Err(VcError::Unresolved));
}

#[test]
fn a_credential_out_of_its_time_also_when_nobody_gave_it_a_type() {
    let issuer = Actor::new(1);
    let plain = || {
        without(
            without(issuer.credential("did:example:ada"), "validFrom"),
            "validUntil",
        )
    };
    for (member, time, refusal) in [
        ("validUntil", json!("2026-11-23T08:00:00Z"), VcError::Expired),
        ("expirationDate", json!("2026-11-23T07:59:59Z"), VcError::Expired),
        ("validFrom", json!("2026-11-23T08:00:01Z"), VcError::NotYetValid),
        (
            "issuanceDate",
            json!("2026-11-24T00:00:00Z"),
            VcError::NotYetValid,
        ),
        // Times that a reader of types would skip as not being times.
        (
            "validUntil",
            json!({ "type": "dateTime", "value": "2020-01-01T00:00:00Z" }),
            VcError::TimeMalformed,
        ),
        ("validUntil", json!("2020-01-01"), VcError::TimeMalformed),
        ("expirationDate", json!(1_577_836_800), VcError::TimeMalformed),
        ("validUntil", json!(null), VcError::TimeMalformed),
    ] {
        let document = issuer.issued(with(plain(), member, time.clone()));
        assert_eq!(
            check(&document, &conditions()).map(|_| ()),
            Err(refusal),
            "{member} {time}"
        );
    }
}

#[test]
fn a_subject_with_smuggled_keywords() {
    let issuer = Actor::new(1);
    for smuggled in [
        json!({ "id": "did:example:ada", "@id": "did:example:eve" }),
        json!({ "id": "did:example:ada", "@type": "Person" }),
        json!({ "id": "did:example:ada", "inner": { "@graph": [] } }),
        json!({ "id": "did:example:ada", "name": { "@value": "Ada", "@type": "x" } }),
        json!({ "id": "did:example:ada", "@context": ["https://www.w3.org/2018/credentials/v1"] }),
    ] {
        for suite in [Suite::EddsaJcs2022, Suite::EddsaRdfc2022] {
            let mut document = issuer.proven(issuer.credential("did:example:ada"), |how| how.suite = suite);
            document.insert("credentialSubject".into(), smuggled.clone());
            let refusal = check(&document, &conditions()).unwrap_err();
            assert_eq!(refusal.code(), "jsonld_keyword", "{smuggled}");
        }
        // In a signed text the signature holds, so only the gate stands in the way.
        let document = with(
            issuer.credential("did:example:ada"),
            "credentialSubject",
            smuggled,
        );
        let compact = jws::sign(
            "vc+jwt",
            object(json!({ "kid": issuer.kid() })),
            &serde_json::to_vec(&document).unwrap(),
            &issuer.0,
        );
        assert_eq!(
            jose::check(&compact, &conditions()).unwrap_err().code(),
            "jsonld_keyword"
        );
    }
}

#[test]
fn a_member_named_by_its_iri_beside_the_one_by_its_term() {
    let issuer = Actor::new(1);
    let mut document = issuer.issued(issuer.credential("did:example:ada"));
    document.insert(
        "https://www.w3.org/2018/credentials#credentialSubject".into(),
        json!({ "id": "did:example:eve" }),
    );
    assert_eq!(
        check(&document, &conditions()).unwrap_err().code(),
        "jsonld_not_a_term"
    );
}

#[test]
fn a_holder_who_is_not_the_controller_of_the_key() {
    let (issuer, holder, thief) = (Actor::new(1), Actor::new(3), Actor::new(4));
    let credential = issuer.issued(issuer.credential(&holder.did()));
    let stolen = thief.presented(holder.presentation(vec![credential.clone()]));
    assert_eq!(
        check_presentation(&stolen, &expected(), &conditions()),
        Err(VcError::WrongHolder)
    );
    let own_name = thief.presented(thief.presentation(vec![credential]));
    assert_eq!(
        check_presentation(&own_name, &expected(), &conditions()),
        Err(VcError::NotAboutHolder)
    );
}

#[test]
fn the_outdated_type_of_signed_texts() {
    let issuer = Actor::new(1);
    let document = issuer.credential("did:example:ada");
    let good = jose::issue(&document, &issuer.kid(), &issuer.0).unwrap();
    assert!(jose::check(&good, &conditions()).is_ok());
    let payload = serde_json::to_vec(&document).unwrap();
    for typ in ["vc-ld+jwt", "JWT", "vp+jwt"] {
        let text = jws::sign(typ, object(json!({ "kid": issuer.kid() })), &payload, &issuer.0);
        assert_eq!(
            jose::check(&text, &conditions()).unwrap_err().code(),
            "jws_wrong_type"
        );
    }
    let wrapped = serde_json::to_vec(&json!({ "iss": issuer.did(), "vc": document })).unwrap();
    let text = jws::sign(
        "vc+jwt",
        object(json!({ "kid": issuer.kid() })),
        &wrapped,
        &issuer.0,
    );
    assert_eq!(jose::check(&text, &conditions()), Err(VcError::ClaimsMisfit));
}

#[test]
fn a_proof_from_the_future_or_past_its_end() {
    let issuer = Actor::new(1);
    let ahead = issuer.proven(issuer.credential("did:example:ada"), |how| {
        how.created = support::at("2026-11-23T08:06:00Z");
    });
    assert_eq!(check(&ahead, &conditions()), Err(VcError::ProofPremature));
    let over = issuer.proven(issuer.credential("did:example:ada"), |how| {
        how.expires = Some(now());
    });
    assert_eq!(check(&over, &conditions()), Err(VcError::ProofExpired));
}
