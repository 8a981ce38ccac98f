//! What a credential type says of itself.

use carnet_credentials::sd_jwt::type_metadata::{MAX_CHAIN, Reading, TypeError, TypeMetadata, Withholding};
use proptest::prelude::*;

use super::*;

fn sri(text: &str) -> String {
    format!(
        "sha256-{}",
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text))
    )
}

/// Reads the type `t0` from documents `t0`, `t1`, …
fn read(documents: &[Value], integrity: Option<&str>) -> Result<TypeMetadata, TypeError> {
    let mut reading = Reading::begin("t0", integrity)?;
    while let Some(wanted) = reading.wanted() {
        let place: usize = wanted[1..].parse().unwrap();
        reading.add(documents[place].to_string().as_bytes())?;
    }
    reading.finish()
}

fn base() -> Value {
    json!({
        "vct": "t1",
        "display": [{ "locale": "en", "name": "A card" }],
        "claims": [
            { "path": ["name"], "mandatory": true, "display": [{ "lang": "en", "label": "Full name" }] },
            { "path": ["address", "city"], "display": [{ "locale": "en", "label": "City" }] },
            { "path": ["doses", null, "lot"], "sd": "never" },
        ],
    })
}

#[test]
fn a_type_inherits_and_overrides() {
    let own = json!({
        "vct": "t0",
        "extends": "t1",
        "extends#integrity": sri(&base().to_string()),
        "display": [{ "locale": "pt", "name": "Cartão", "description": "Um cartão" }],
        "claims": [
            { "path": ["address", "city"], "sd": "always", "display": [{ "locale": "en", "label": "Town" }] },
        ],
    });
    let whole = read(&[own.clone(), base()], Some(&sri(&own.to_string()))).unwrap();
    assert_eq!(whole.types, ["t0", "t1"]);
    assert_eq!(whole.display[0].label, "Cartão");
    let labels: Vec<_> = whole
        .claims
        .iter()
        .filter_map(|c| c.display.first())
        .map(|t| &t.label)
        .collect();
    assert_eq!(labels, ["Full name", "Town"]);
    assert_eq!(whole.claims[1].withholding, Withholding::Always);
    assert!(whole.claims[0].mandatory);
}

#[test]
fn a_changed_document_a_circle_and_a_contradiction_are_refused() {
    let own = |more: Value| {
        let mut own = object(json!({ "vct": "t0", "extends": "t1" }));
        own.extend(object(more));
        Value::Object(own)
    };
    let wrong = own(json!({ "extends#integrity": sri("other") }));
    assert_eq!(read(&[wrong, base()], None).unwrap_err(), TypeError::Integrity);
    assert_eq!(
        read(&[own(json!({})), base()], Some(&sri("other"))).unwrap_err(),
        TypeError::Integrity
    );
    assert_eq!(read(&[], Some("md5-AAAA")).unwrap_err(), TypeError::Integrity);
    // Of several digests only the strongest counts.
    let text = json!({ "vct": "t0" });
    let weak_right = format!("{} sha512-{}", sri(&text.to_string()), "A".repeat(86) + "==");
    assert_eq!(
        read(std::slice::from_ref(&text), Some(&weak_right)).unwrap_err(),
        TypeError::Integrity
    );

    let back = json!({ "vct": "t1", "extends": "t0" });
    assert_eq!(
        read(&[own(json!({})), back], None).unwrap_err(),
        TypeError::Circle
    );
    let chain: Vec<Value> = (0..=MAX_CHAIN)
        .map(|i| json!({ "vct": format!("t{i}"), "extends": format!("t{}", i + 1) }))
        .collect();
    assert_eq!(read(&chain, None).unwrap_err(), TypeError::TooLarge);
    assert_eq!(
        read(&[json!({ "vct": "t9" })], None).unwrap_err(),
        TypeError::OtherType
    );
    for claim in [
        json!({ "path": ["name"] }),
        json!({ "path": ["doses", null, "lot"], "sd": "allowed" }),
    ] {
        let weaker = own(json!({ "claims": [claim] }));
        assert_eq!(
            read(&[weaker, base()], None).unwrap_err(),
            TypeError::Contradiction
        );
    }
    for bad in [
        json!({ "vct": "t0", "claims": [{ "path": [] }] }),
        json!({ "vct": "t0", "claims": [{ "path": [-1] }] }),
        json!({ "vct": "t0", "display": [{ "name": "no language" }] }),
        json!({ "vct": "t0", "extends": 1 }),
    ] {
        assert_eq!(read(&[bad], None).unwrap_err(), TypeError::Malformed);
    }
    assert_eq!(
        Reading::begin("t0", None).unwrap().finish().unwrap_err(),
        TypeError::Incomplete
    );
}

#[test]
fn a_credential_has_what_its_type_demands() {
    let issued = sd_jwt::check_issued(&card(), &rules(), public(2)).unwrap();
    let fits = |claim: Value| {
        let document = json!({ "vct": "t0", "claims": [claim] });
        read(&[document], None).unwrap().fits(&issued)
    };
    assert_eq!(
        fits(json!({ "path": ["address", "city"], "mandatory": true, "sd": "always" })),
        Ok(())
    );
    assert_eq!(fits(json!({ "path": ["phone"], "sd": "always" })), Ok(()));
    assert_eq!(
        fits(json!({ "path": ["phone"], "mandatory": true })),
        Err(TypeError::ClaimMissing)
    );
    assert_eq!(
        fits(json!({ "path": ["name"], "sd": "never" })),
        Err(TypeError::ClaimDisclosure)
    );
    assert_eq!(
        fits(json!({ "path": ["address", "country"], "sd": "always" })),
        Err(TypeError::ClaimDisclosure)
    );
}

proptest! {
    #[test]
    fn any_document_is_answered_without_a_panic(text in r#"[\[\]{}:,"0-9a-z\\#. -]{0,80}"#, sri in ".{0,60}") {
        let _ = Reading::begin("t0", Some(&sri));
        let mut reading = Reading::begin("t0", None).unwrap();
        prop_assert!(reading.add(text.as_bytes()).is_err());
    }
}
