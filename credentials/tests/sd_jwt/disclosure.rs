//! What is disclosed, and how disclosures are put back.

use carnet_credentials::sd_jwt::{Decoy, IssueError, PresentError};
use proptest::prelude::*;

use super::*;

#[test]
fn what_is_disclosed_is_seen_and_nothing_else() {
    let cases: [(&[ClaimPath], Value); 4] = [
        (&[], json!({})),
        (&[["name"].into()], json!({ "name": "Maria" })),
        (
            &[["address", "city"].into()],
            json!({ "address": { "country": "PT", "city": "Porto" } }),
        ),
        (
            &[["address", "geo"].into(), ["name"].into()],
            json!({ "name": "Maria", "address": { "country": "PT", "geo": { "lat": 41.1 } } }),
        ),
    ];
    for (disclose, visible) in cases {
        let checked = sd_jwt::check(&shown(disclose), &expect()).unwrap();
        let mut seen = checked.claims;
        for always in ["iss", "vct", "exp", "cnf"] {
            assert!(seen.remove(always).is_some());
        }
        assert_eq!(Value::Object(seen), visible);
        assert_eq!(checked.holder, PublicKey::from(&key(2)));
        assert_eq!(checked.kb["more"], json!([1]));
    }
    assert_eq!(
        sd_jwt::present(&card(), &[["address", "country"].into()], &kb(), &key(2)).unwrap_err(),
        PresentError::NoSuchClaim
    );
    assert_eq!(
        sd_jwt::present(&card(), &[], &kb(), &key(3)).unwrap_err(),
        PresentError::WrongHolder
    );
}

#[test]
fn the_issued_text_does_not_contain_what_can_be_withheld() {
    let card = card();
    let payload = card.split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for hidden in ["Maria", "Porto", "41.1", "address", "name"] {
        assert!(!payload.contains(hidden), "{hidden}");
    }
}

#[test]
fn an_issuer_can_not_smuggle_claims_through_disclosures() {
    let disclosure = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let one = |text: &str| {
        let encoded = disclosure(text);
        crafted(json!({ "_sd": [hash(&encoded)] }), &[&encoded])
    };
    assert!(one(r#"["c2FsdA","x",1]"#).is_ok());
    // Reserved names, a name that is there already, an element's form in an object, a registered claim, no array.
    for bad in [
        r#"["c2FsdA","_sd",["x"]]"#,
        r#"["c2FsdA","...","x"]"#,
        r#"["c2FsdA","vct","x"]"#,
        r#"["c2FsdA",1]"#,
        r#"["c2FsdA","x",{"_sd":"x"}]"#,
        r#"["c2FsdA","x",{"...":"x"}]"#,
    ] {
        assert_eq!(one(bad).unwrap_err(), SdJwtError::DisclosureMisfit, "{bad}");
    }
    for bad in [
        r#"{"a":1}"#,
        r#"["c2FsdA","x",1,2]"#,
        r#"[1,"x",1]"#,
        r#"["c2FsdA","x",{"a":1,"a":2}]"#,
    ] {
        assert_eq!(one(bad).unwrap_err().code(), "disclosure_malformed", "{bad}");
    }
    // One digest in two places; another hash.
    let x = disclosure(r#"["c2FsdA","x",1]"#);
    let twice = json!({ "_sd": [hash(&x)], "o": { "_sd": [hash(&x)] } });
    assert_eq!(crafted(twice, &[&x]).unwrap_err(), SdJwtError::DisclosureMisfit);
    assert_eq!(
        crafted(json!({ "_sd_alg": "md5" }), &[]).unwrap_err(),
        SdJwtError::WrongHash
    );
    // A status is not passed over, and can't be withheld.
    assert_eq!(
        crafted(json!({ "status": {} }), &[]).unwrap_err(),
        SdJwtError::StatusUnchecked
    );
    assert_eq!(
        one(r#"["c2FsdA","status",{}]"#).unwrap_err(),
        SdJwtError::DisclosureMisfit
    );
    // Times.
    assert_eq!(
        crafted(json!({ "exp": now().as_second() - 60 }), &[]).unwrap_err(),
        SdJwtError::Expired
    );
    assert_eq!(
        crafted(json!({ "nbf": now().as_second() + 61 }), &[]).unwrap_err(),
        SdJwtError::NotYetValid
    );
    assert_eq!(
        crafted(json!({ "exp": "tomorrow" }), &[]).unwrap_err(),
        SdJwtError::BadTime
    );
    assert_eq!(
        crafted(json!({ "cnf": {} }), &[]).unwrap_err(),
        SdJwtError::NoHolder
    );
}

#[test]
fn elements_of_arrays_are_read() {
    let element = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","DE"]"#);
    let payload = json!({ "nationalities": [{ "...": hash(&element) }, "FR", { "...": hash("decoy") }] });
    let checked = crafted(payload.clone(), &[&element]).unwrap();
    assert_eq!(checked.claims["nationalities"], json!(["DE", "FR"]));
    assert_eq!(
        crafted(payload, &[]).unwrap().claims["nationalities"],
        json!(["FR"])
    );
}

#[test]
fn the_example_of_rfc_9901_opens() {
    // RFC 9901 section 4.2.1: the digest of the disclosure of `family_name`.
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    let digest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
    let checked = crafted(json!({ "_sd": [digest], "_sd_alg": "sha-256" }), &[disclosure]).unwrap();
    assert_eq!(checked.claims["family_name"], "Möbius");
}

#[test]
fn too_much_is_refused() {
    let many = vec!["WyJhIiwxXQ"; sd_jwt::MAX_DISCLOSURES + 1];
    assert_eq!(crafted(json!({}), &many).unwrap_err(), SdJwtError::TooLarge);
    let long = "~".repeat(sd_jwt::MAX_LEN + 1);
    assert_eq!(sd_jwt::check(&long, &expect()).unwrap_err(), SdJwtError::TooLarge);
    // Disclosures nested into each other as deep as they go: answered, not overflown.
    let mut inner = URL_SAFE_NO_PAD.encode(r#"["s","x",1]"#);
    let mut all = vec![inner.clone()];
    for _ in 0..sd_jwt::MAX_DISCLOSURES - 1 {
        inner = URL_SAFE_NO_PAD.encode(format!(r#"["s","x",{{"_sd":["{}"]}}]"#, hash(&inner)));
        all.push(inner.clone());
    }
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(
        crafted(json!({ "_sd": [hash(&inner)] }), &all).unwrap_err(),
        SdJwtError::TooLarge
    );
}

fn varied() -> Map<String, Value> {
    object(json!({
        "iss": "https://issuer.example", "vct": VCT,
        "nationalities": ["DE", "FR", "PT"],
        "doses": [{ "date": "2024-01-01", "lot": "A" }, { "date": "2024-06-01", "lot": "B" }],
        "address": { "city": "Porto", "lines": ["Rua 1", "2.º"] },
    }))
}

fn varied_card() -> String {
    let disclosable: Vec<ClaimPath> = [
        json!(["nationalities", 0]),
        json!(["nationalities", 2]),
        json!(["doses", 1, "lot"]),
        json!(["doses", 1]),
        json!(["doses", 0]),
        json!(["doses"]),
        json!(["address", "lines", 1]),
        json!(["address", "lines"]),
        json!(["address"]),
    ]
    .iter()
    .map(|path| ClaimPath::from_json(path).unwrap())
    .collect();
    let salts: Vec<[u8; 16]> = (0..9).map(|i| [i; 16]).collect();
    let decoys: Vec<Decoy> = [
        json!(["nationalities"]),
        json!(["nationalities"]),
        json!(["doses"]),
        json!(["doses", 1]),
        json!(["address"]),
        json!(["address", "lines"]),
    ]
    .iter()
    .map(|inside| ClaimPath::from_json(inside).unwrap())
    .chain([ClaimPath::default(), ClaimPath::default()])
    .zip(1..)
    .map(|(inside, i)| Decoy {
        inside,
        random: [i; 32],
    })
    .collect();
    let issuance = Issuance {
        claims: varied(),
        disclosable: &disclosable,
        salts: &salts,
        decoys: &decoys,
        holder: public(2),
        header: Map::new(),
    };
    sd_jwt::issue(&issuance, &key(1)).unwrap()
}

fn seen(disclose: &[Value]) -> Value {
    let disclose: Vec<ClaimPath> = disclose
        .iter()
        .map(|p| ClaimPath::from_json(p).unwrap())
        .collect();
    let shown = sd_jwt::present(&varied_card(), &disclose, &kb(), &key(2)).unwrap();
    let mut claims = sd_jwt::check(&shown, &expect()).unwrap().claims;
    for always in ["iss", "vct", "cnf"] {
        assert!(claims.remove(always).is_some());
    }
    Value::Object(claims)
}

#[test]
fn elements_nested_claims_and_decoys_come_out_as_they_went_in() {
    let issued = sd_jwt::check_issued(&varied_card(), &rules(), public(2)).unwrap();
    let mut claims = issued.claims;
    claims.remove("cnf");
    assert_eq!(claims, varied());
    assert_eq!(issued.disclosable.len(), 9);

    assert_eq!(seen(&[]), json!({ "nationalities": ["FR"] }));
    assert_eq!(
        seen(&[json!(["nationalities", 2])]),
        json!({ "nationalities": ["FR", "PT"] })
    );
    // The inner claim brings what it stands in, and of that only what it needs.
    assert_eq!(
        seen(&[json!(["doses", 1, "lot"])]),
        json!({ "nationalities": ["FR"], "doses": [{ "date": "2024-06-01", "lot": "B" }] })
    );
    assert_eq!(
        seen(&[json!(["address", "lines"])]),
        json!({ "nationalities": ["FR"], "address": { "city": "Porto", "lines": ["Rua 1"] } })
    );
    assert_eq!(
        seen(&[json!(["doses", null])]),
        json!({
            "nationalities": ["FR"],
            "doses": [{ "date": "2024-01-01", "lot": "A" }, { "date": "2024-06-01" }],
        })
    );
}

#[test]
fn decoys_look_like_claims_that_are_withheld() {
    let payload = varied_card();
    let payload = URL_SAFE_NO_PAD
        .decode(payload.split('.').nth(1).unwrap())
        .unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    // `doses`, `address` and two decoys; two elements, two decoys and one in the clear.
    let digests = payload["_sd"].as_array().unwrap();
    assert_eq!(digests.len(), 4);
    assert!(digests.iter().all(|d| d.as_str().unwrap().len() == 43));
    assert!(digests.is_sorted_by_key(|d| d.as_str().unwrap()));
    assert_eq!(payload["nationalities"].as_array().unwrap().len(), 5);
    assert_eq!(payload["_sd_alg"], "sha-256");
}

#[test]
fn what_can_not_be_withheld_is_not_issued() {
    let refused = |claims: Value, path: Value| {
        let mut all = varied();
        all.extend(object(claims));
        let issuance = Issuance {
            claims: all,
            disclosable: &[ClaimPath::from_json(&path).unwrap()],
            salts: &[[1; 16]],
            decoys: &[],
            holder: public(2),
            header: Map::new(),
        };
        sd_jwt::issue(&issuance, &key(1)).unwrap_err()
    };
    for path in [json!(["vct"]), json!(["iss"]), json!(["status", "status_list"])] {
        assert_eq!(
            refused(json!({ "status": { "status_list": 1 } }), path),
            IssueError::AlwaysShown
        );
    }
    for claims in [
        json!({ "cnf": {} }),
        json!({ "_sd_alg": "x" }),
        json!({ "deep": [{ "_sd": [] }] }),
        json!({ "deep": [{ "...": "x" }] }),
    ] {
        assert_eq!(refused(claims, json!(["address"])), IssueError::AlwaysShown);
    }
    for path in [
        json!(["nothing"]),
        json!(["nationalities", 3]),
        json!(["nationalities", null]),
        json!(["address", 0]),
        json!(["nationalities", "x"]),
    ] {
        assert_eq!(refused(json!({}), path), IssueError::NoSuchClaim);
    }
}

#[test]
fn longer_hashes_are_understood() {
    let encoded = URL_SAFE_NO_PAD.encode(r#"["c2FsdA","x",1]"#);
    for (name, digest) in [
        ("sha-384", URL_SAFE_NO_PAD.encode(sha2::Sha384::digest(&encoded))),
        ("sha-512", URL_SAFE_NO_PAD.encode(sha2::Sha512::digest(&encoded))),
    ] {
        let payload = object(json!({
            "iss": "https://issuer.example", "vct": VCT, "cnf": { "jwk": public(2).to_jwk() },
            "_sd": [digest], "_sd_alg": name,
        }));
        let payload = Value::Object(payload).to_string();
        let jwt = jws::sign("dc+sd-jwt", Map::new(), payload.as_bytes(), &key(1));
        let card = format!("{jwt}~{encoded}~");
        // The key binding's hash is the credential's.
        let shown = sd_jwt::present(&card, &[["x"].into()], &kb(), &key(2)).unwrap();
        assert_eq!(sd_jwt::check(&shown, &expect()).unwrap().claims["x"], 1);
    }
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.~=-]{0,200}|.{0,100}") {
        prop_assert!(sd_jwt::check(&text, &expect()).is_err());
        prop_assert!(sd_jwt::check_issued(&text, &rules(), public(2)).is_err());
        let _ = sd_jwt::present(&text, &[["a"].into()], &kb(), &key(2));
    }

    #[test]
    fn one_changed_character_is_never_accepted(position in 0_usize..2_000, to in "[A-Za-z0-9_~.-]") {
        let good = shown(&[["address", "city"].into()]);
        let position = position % good.len();
        let mut bad = good.clone();
        bad.replace_range(position..=position, &to);
        prop_assume!(bad != good);
        prop_assert!(sd_jwt::check(&bad, &expect()).is_err());
    }
}
