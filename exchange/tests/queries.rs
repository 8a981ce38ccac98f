//! What a query asks for, what a credential would show for it, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::collections::BTreeSet;

use carnet_credentials::sd_jwt::ClaimPath;
use carnet_exchange::dcql::{Candidate, ChoiceError, CredentialQuery, Query, ShownError};
use proptest::prelude::*;
use serde_json::{Value, json};

fn card(more: &Value) -> Value {
    let mut card = json!({ "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:card:1"] } });
    for (name, value) in more.as_object().unwrap() {
        card[name] = value.clone();
    }
    card
}

fn read(query: &Value) -> Result<Query, &'static str> {
    Query::read(query).map_err(|error| error.code())
}

fn one(more: &Value) -> Result<CredentialQuery, &'static str> {
    read(&json!({ "credentials": [card(more)] })).map(|mut query| query.credentials.remove(0))
}

fn refusal(more: &Value) -> &'static str {
    one(more).map_or_else(|code| code, |_| "accepted")
}

fn path(value: &Value) -> ClaimPath {
    ClaimPath::from_json(value).unwrap()
}

fn claims() -> Value {
    json!({
        "vct": "urn:card:1",
        "plan": "Family",
        "name": { "given": "Maria", "family": "Duarte" },
        "visits": [{ "year": 2024, "place": "Porto" }, { "year": 2025, "place": "Lisboa" }],
        "languages": ["pt", "de"],
        "active": true,
        "level": 3,
    })
}

fn disclosable() -> Vec<ClaimPath> {
    [
        json!(["plan"]),
        json!(["name"]),
        json!(["name", "given"]),
        json!(["name", "family"]),
        json!(["visits", 0]),
        json!(["visits", 1]),
        json!(["languages", 0]),
        json!(["languages", 1]),
        json!(["level"]),
    ]
    .iter()
    .map(path)
    .collect()
}

/// What of the card would be shown for this query, as places in [`disclosable`].
fn shown_with(query: &CredentialQuery, change: impl FnOnce(&mut Candidate<'_>)) -> Option<Vec<usize>> {
    let (claims, disclosable) = (claims(), disclosable());
    let kinds = ["urn:card:1".to_owned()];
    let mut candidate = Candidate {
        format: "dc+sd-jwt",
        kinds: &kinds,
        claims: &claims,
        disclosable: &disclosable,
        bound: true,
        issuer: Some("sunrise"),
        authority_keys: &[],
    };
    change(&mut candidate);
    let shown = query.disclosing(&candidate)?;
    Some(
        shown
            .iter()
            .map(|path| disclosable.iter().position(|one| one == path).unwrap())
            .collect(),
    )
}

fn shown(more: &Value) -> Option<Vec<usize>> {
    shown_with(&one(more).unwrap(), |_| ())
}

// ATTACKS 14
#[test]
fn exactly_what_is_asked_for_is_disclosed() {
    let asked = |paths: Value| {
        let claims: Vec<Value> = paths
            .as_array()
            .unwrap()
            .iter()
            .map(|path| json!({ "path": path }))
            .collect();
        shown(&json!({ "claims": claims }))
    };
    // Nothing listed: nothing that can be withheld.
    assert_eq!(shown(&json!({})), Some(vec![]));
    assert_eq!(asked(json!([["plan"]])), Some(vec![0]));
    // What is always visible needs no disclosure.
    assert_eq!(asked(json!([["active"]])), Some(vec![]));
    // A claim inside a hidden one brings only its way there; a whole one brings what is inside.
    assert_eq!(asked(json!([["name", "given"]])), Some(vec![1, 2]));
    assert_eq!(asked(json!([["name"]])), Some(vec![1, 2, 3]));
    assert_eq!(asked(json!([["visits", null, "year"]])), Some(vec![4, 5]));
    assert_eq!(asked(json!([["visits", 1]])), Some(vec![5]));
    assert_eq!(
        asked(json!([["languages", null], ["level"]])),
        Some(vec![6, 7, 8])
    );
    // One that isn't there: the card doesn't fit (section 6.4.1), however good the rest is.
    for missing in [
        json!(["cover"]),
        json!(["name", "middle"]),
        json!(["visits", 2]),
        json!(["plan", "x"]),
        json!(["plan", 0]),
        json!(["plan", null]),
        json!(["name", null]),
        json!(["visits", "year"]),
        json!(["languages", null, "x"]),
    ] {
        assert_eq!(asked(json!([["plan"], missing])), None, "{missing}");
    }
}

#[test]
fn values_and_claim_sets_choose_the_first_that_holds() {
    let valued =
        |path: Value, values: Value| shown(&json!({ "claims": [{ "path": path, "values": values }] }));
    assert_eq!(
        valued(json!(["plan"]), json!(["Single", "Family"])),
        Some(vec![0])
    );
    assert_eq!(valued(json!(["plan"]), json!(["Single"])), None);
    assert_eq!(valued(json!(["active"]), json!([true])), Some(vec![]));
    assert_eq!(valued(json!(["level"]), json!([3])), Some(vec![8]));
    // The type counts too.
    assert_eq!(valued(json!(["level"]), json!(["3"])), None);
    assert_eq!(valued(json!(["active"]), json!(["true"])), None);
    // Of several elements only those that have the value.
    assert_eq!(valued(json!(["languages", null]), json!(["de"])), Some(vec![7]));
    assert_eq!(
        valued(json!(["visits", null, "year"]), json!([2025])),
        Some(vec![5])
    );

    let sets = |sets: Value| {
        shown(&json!({
            "claims": [
                { "id": "a", "path": ["cover"] },
                { "id": "b", "path": ["plan"] },
                { "id": "c", "path": ["level"] },
            ],
            "claim_sets": sets,
        }))
    };
    assert_eq!(sets(json!([["a", "b"], ["c"], ["b"]])), Some(vec![8]));
    assert_eq!(sets(json!([["b"], ["c"]])), Some(vec![0]));
    assert_eq!(sets(json!([["b", "c"]])), Some(vec![0, 8]));
    assert_eq!(sets(json!([["a"], ["b", "a"]])), None);
}

#[test]
fn a_card_of_another_kind_issuer_or_binding_does_not_fit() {
    let plain = one(&json!({})).unwrap();
    let other: &'static [String] = vec!["urn:other:1".to_owned()].leak();
    assert_eq!(shown_with(&plain, |card| card.kinds = other), None);
    assert_eq!(shown_with(&plain, |card| card.format = "jwt_vc_json"), None);
    assert_eq!(shown_with(&plain, |card| card.bound = false), None);
    let anybody = one(&json!({ "require_cryptographic_holder_binding": false })).unwrap();
    assert_eq!(shown_with(&anybody, |card| card.bound = false), Some(vec![]));

    let by = |authorities: Value| one(&json!({ "trusted_authorities": authorities })).unwrap();
    let listed = by(json!([{ "type": "urn:carnet:listed-issuer:1", "values": ["moon", "sunrise"] }]));
    assert_eq!(shown_with(&listed, |_| ()), Some(vec![]));
    assert_eq!(shown_with(&listed, |card| card.issuer = Some("stars")), None);
    assert_eq!(shown_with(&listed, |card| card.issuer = None), None);
    let aki = by(json!([{ "type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"] }]));
    let keys: &'static [Vec<u8>] = vec![aki_bytes("s9tIpPmhxdiuNkHMEWNpYim8S8Y")].leak();
    assert_eq!(shown_with(&aki, |_| ()), None);
    assert_eq!(shown_with(&aki, |card| card.authority_keys = keys), Some(vec![]));
    // What can't be judged matches nobody; beside it another one may.
    for unknown in ["etsi_tl", "openid_federation", "something"] {
        let asked = by(json!([{ "type": unknown, "values": ["https://tl.example"] }]));
        assert_eq!(shown_with(&asked, |_| ()), None, "{unknown}");
    }
    let either = by(json!([
        { "type": "etsi_tl", "values": ["https://tl.example"] },
        { "type": "urn:carnet:listed-issuer:1", "values": ["sunrise"] },
    ]));
    assert_eq!(shown_with(&either, |_| ()), Some(vec![]));

    let w3c = read(&json!({ "credentials": [{
        "id": "w", "format": "ldp_vc", "meta": { "type_values": [["A", "B"], ["C"]] },
    }] }));
    let w3c = &w3c.unwrap().credentials[0];
    let fits = |kinds: &[&str]| w3c.wants(&kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
    assert!(fits(&["B", "A", "X"]) && fits(&["C"]));
    assert!(!fits(&["A"]) && !fits(&[]));
}

fn aki_bytes(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

// ATTACKS 22: disclosures more or fewer than asked for.
#[test]
fn what_is_shown_must_be_what_was_asked_for() {
    let query = one(&json!({
        "claims": [
            { "id": "plan", "path": ["plan"], "values": ["Family"] },
            { "id": "given", "path": ["name", "given"] },
            { "id": "level", "path": ["level"] },
        ],
        "claim_sets": [["plan", "given"], ["level"]],
    }))
    .unwrap();
    let check = |claims: Value, disclosed: &[Value]| {
        query.check_shown(&claims, &disclosed.iter().map(path).collect::<Vec<_>>())
    };
    let first = json!({ "plan": "Family", "name": { "given": "Maria" }, "vct": "x" });
    let way = [json!(["plan"]), json!(["name"]), json!(["name", "given"])];
    assert_eq!(check(first.clone(), &way), Ok(()));
    assert_eq!(check(first.clone(), &[]), Ok(()), "what can't be withheld");
    assert_eq!(check(json!({ "level": 3 }), &[json!(["level"])]), Ok(()));
    let mut more = first.clone();
    more["level"] = json!(3);
    let both = [json!(["plan"]), json!(["name", "given"]), json!(["level"])];
    assert_eq!(check(more, &both), Err(ShownError::TooMuch), "one set, not two");
    assert_eq!(
        check(first, &[json!(["name", "family"])]),
        Err(ShownError::TooMuch)
    );
    let other = json!({ "plan": "Single", "name": { "given": "Maria" } });
    assert_eq!(check(other, &way), Err(ShownError::TooLittle));
    assert_eq!(check(json!({}), &[]), Err(ShownError::TooLittle));
    let nothing = one(&json!({})).unwrap();
    assert_eq!(nothing.check_shown(&json!({}), &[]), Ok(()));
    assert_eq!(
        nothing.check_shown(&json!({ "plan": 1 }), &[path(&json!(["plan"]))]),
        Err(ShownError::TooMuch)
    );
}

#[test]
fn an_answer_makes_every_required_choice_and_no_other() {
    let query = |sets: Value| {
        let card = |id: &str| card(&json!({ "id": id }));
        let mut query = json!({ "credentials": [card("a"), card("b"), card("c"), card("d")] });
        if !sets.is_null() {
            query["credential_sets"] = sets;
        }
        read(&query).unwrap()
    };
    let accepts =
        |query: &Query, answered: &[&str]| query.accepts(&answered.iter().copied().collect::<BTreeSet<_>>());
    let all = query(Value::Null);
    assert_eq!(accepts(&all, &["a", "b", "c", "d"]), Ok(()));
    assert_eq!(accepts(&all, &["a", "b", "c"]), Err(ChoiceError::Missing));
    assert_eq!(
        accepts(&all, &["a", "b", "c", "d", "e"]),
        Err(ChoiceError::Unknown)
    );
    let choice = query(json!([
        { "options": [["a"], ["b", "c"]] },
        { "options": [["d"]], "required": false },
    ]));
    for good in [
        &["a"][..],
        &["b", "c"],
        &["a", "d"],
        &["b", "c", "d"],
        &["a", "b", "c"],
    ] {
        assert_eq!(accepts(&choice, good), Ok(()), "{good:?}");
    }
    assert_eq!(accepts(&choice, &["b"]), Err(ChoiceError::Missing));
    assert_eq!(accepts(&choice, &["d"]), Err(ChoiceError::Missing));
    assert_eq!(accepts(&choice, &[]), Err(ChoiceError::Missing));
    assert_eq!(accepts(&choice, &["a", "b"]), Err(ChoiceError::Surplus));
    let can = |held: &[&str]| choice.can_be_answered(|id| held.contains(&id));
    assert!(can(&["a"]) && can(&["b", "c"]) && !can(&["b", "d"]) && !can(&[]));
    assert!(!all.can_be_answered(|id| id != "d"));
}

// ATTACKS 15
#[test]
fn a_query_that_can_be_read_two_ways_is_refused() {
    assert_eq!(refusal(&json!({})), "accepted");
    let query = |value: Value| read(&value).map_or_else(|code| code, |_| "accepted");
    let good = || card(&json!({}));
    assert_eq!(
        query(json!({ "credentials": [good(), good()] })),
        "request_duplicate_query_id"
    );
    assert_eq!(query(json!({ "credentials": [] })), "request_no_query");
    assert_eq!(query(json!({})), "request_no_query");
    assert_eq!(query(json!("x")), "request_query_malformed");
    assert_eq!(query(json!({ "credentials": {} })), "request_query_malformed");
    assert_eq!(query(json!({ "credentials": [1] })), "request_query_malformed");
    assert_eq!(
        query(json!({ "credentials": [good()], "x": 1 })),
        "request_query_unknown_member"
    );
    assert_eq!(
        query(json!({ "credentials": vec![good(); 17] })),
        "request_query_too_large"
    );

    for format in [
        "vc+sd-jwt",
        "jwt_vp_json",
        "jwt_vp",
        "jwt_vc",
        "ldp_vp",
        "mso_mdoc",
        "ac_vp",
        "",
        "DC+SD-JWT",
    ] {
        assert_eq!(
            refusal(&json!({ "format": format })),
            "request_format",
            "{format}"
        );
    }
    assert_eq!(refusal(&json!({ "format": 1 })), "request_query_malformed");
    for empty in [json!({}), json!({ "vct_values": [] })] {
        assert_eq!(
            refusal(&json!({ "meta": empty })),
            "request_meta_empty",
            "{empty}"
        );
    }
    assert_eq!(
        refusal(&json!({ "format": "ldp_vc", "meta": { "type_values": [[]] } })),
        "request_meta_empty"
    );
    assert_eq!(
        refusal(&json!({ "meta": { "type_values": [["A"]] } })),
        "request_query_unknown_member"
    );
    assert_eq!(
        refusal(&json!({ "meta": { "vct_values": [1] } })),
        "request_query_malformed"
    );
    assert_eq!(
        refusal(&json!({ "meta": { "vct_values": [""] } })),
        "request_query_malformed"
    );
    for id in [
        json!(""),
        json!("a b"),
        json!("a.b"),
        json!("é"),
        json!(1),
        json!("a".repeat(65)),
    ] {
        assert_eq!(refusal(&json!({ "id": id })), "request_query_malformed", "{id}");
    }
    assert_eq!(
        refusal(&json!({ "purpose": "x" })),
        "request_query_unknown_member"
    );
    for flag in ["multiple", "require_cryptographic_holder_binding"] {
        assert_eq!(
            refusal(&json!({ flag: "no" })),
            "request_query_malformed",
            "{flag}"
        );
    }

    let claims = |claims: Value| refusal(&json!({ "claims": claims }));
    assert_eq!(claims(json!([])), "request_query_malformed");
    assert_eq!(claims(json!([{ "values": [1] }])), "request_claim_path");
    for bad in [
        json!([]),
        json!("name"),
        json!([-1]),
        json!([1.5]),
        json!([true]),
        json!([{}]),
    ] {
        assert_eq!(claims(json!([{ "path": bad }])), "request_claim_path", "{bad}");
    }
    for bad in [json!([]), json!("x"), json!([1.5]), json!([null]), json!([{}])] {
        assert_eq!(
            claims(json!([{ "path": ["a"], "values": bad }])),
            "request_claim_values",
            "{bad}"
        );
    }
    assert_eq!(
        claims(json!([{ "path": ["a"], "intent_to_retain": true }])),
        "request_query_unknown_member"
    );
    assert_eq!(
        claims(json!(vec![json!({ "path": ["a"] }); 65])),
        "request_query_too_large"
    );
    assert_eq!(
        claims(json!([{ "path": vec!["a"; 17] }])),
        "request_query_too_large"
    );
    let twice = json!([{ "id": "a", "path": ["a"] }, { "id": "a", "path": ["b"] }]);
    assert_eq!(claims(twice), "request_duplicate_claim_id");

    let sets = |claims: Value, sets: Value| refusal(&json!({ "claims": claims, "claim_sets": sets }));
    assert_eq!(
        refusal(&json!({ "claim_sets": [["a"]] })),
        "request_claim_sets_without_claims"
    );
    assert_eq!(
        sets(json!([{ "path": ["a"] }]), json!([["a"]])),
        "request_claim_without_id"
    );
    let named = || json!([{ "id": "a", "path": ["a"] }]);
    assert_eq!(sets(named(), json!([["b"]])), "request_query_unknown_id");
    assert_eq!(sets(named(), json!([])), "request_query_malformed");
    assert_eq!(sets(named(), json!([[]])), "request_query_malformed");

    let set = |set: Value| query(json!({ "credentials": [good()], "credential_sets": [set] }));
    assert_eq!(set(json!({ "options": [["card"]] })), "accepted");
    assert_eq!(set(json!({ "options": [["other"]] })), "request_query_unknown_id");
    assert_eq!(set(json!({ "options": [] })), "request_query_malformed");
    assert_eq!(set(json!({ "options": [[]] })), "request_query_malformed");
    assert_eq!(
        set(json!({ "options": [["card"]], "required": 1 })),
        "request_query_malformed"
    );
    assert_eq!(
        set(json!({ "options": [["card"]], "purpose": 1 })),
        "request_query_unknown_member"
    );
    assert_eq!(
        set(json!({ "options": vec![json!(["card"]); 33] })),
        "request_query_too_large"
    );

    let authority = |authority: Value| refusal(&json!({ "trusted_authorities": [authority] }));
    assert_eq!(
        authority(json!({ "type": "aki", "values": ["not base64!"] })),
        "request_query_malformed"
    );
    assert_eq!(
        authority(json!({ "type": "aki", "values": [] })),
        "request_query_malformed"
    );
    assert_eq!(authority(json!({ "values": ["AA"] })), "request_query_malformed");
    assert_eq!(
        refusal(&json!({ "trusted_authorities": [] })),
        "request_query_malformed"
    );
}

#[test]
fn a_query_that_is_written_reads_as_the_same() {
    let query = read(&json!({
        "credentials": [
            card(&json!({
                "multiple": true,
                "claims": [
                    { "id": "a", "path": ["x", null, 2], "values": ["v", 1, true] },
                    { "id": "b", "path": ["y"] },
                ],
                "claim_sets": [["a"], ["b", "a"]],
                "trusted_authorities": [
                    { "type": "aki", "values": ["AAEC"] },
                    { "type": "etsi_tl", "values": ["https://tl.example"] },
                    { "type": "urn:carnet:listed-issuer:1", "values": ["sunrise"] },
                ],
            })),
            { "id": "w", "format": "jwt_vc_json", "meta": { "type_values": [["A", "B"]] },
              "require_cryptographic_holder_binding": false },
        ],
        "credential_sets": [{ "options": [["card"], ["w"]], "required": false }],
    }))
    .unwrap();
    assert_eq!(Query::read(&query.to_json()).unwrap(), query);
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "credentials",
        "credential_sets",
        "id",
        "format",
        "meta",
        "vct_values",
        "type_values",
        "multiple",
        "claims",
        "claim_sets",
        "path",
        "values",
        "options",
        "required",
        "trusted_authorities",
        "type",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["card", "dc+sd-jwt", "ldp_vc", "aki", "plan", ""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused_without_a_panic(value in any_json()) {
        if let Ok(query) = Query::read(&value) {
            prop_assert!(Query::read(&query.to_json()).is_ok());
        }
        let _ = one(&json!({ "claims": value.clone() }));
        let _ = one(&json!({ "meta": value.clone(), "trusted_authorities": value }));
    }

    /// Whatever is asked for, what would be shown passes the other side's check, and showing one thing more does not.
    #[test]
    fn what_a_wallet_would_show_is_what_a_verifier_takes(
        steps in prop::collection::vec(prop::sample::select(vec![
            json!("plan"), json!("name"), json!("given"), json!("visits"), json!("year"), json!("languages"),
            json!(null), json!(0), json!(1),
        ]), 1..4),
        values in prop::option::of(prop::sample::select(vec![json!(["Family"]), json!([2024]), json!(["de"])])),
    ) {
        let mut claim = json!({ "path": steps });
        if let Some(values) = values {
            claim["values"] = values;
        }
        let query = one(&json!({ "claims": [claim] })).unwrap();
        let all = disclosable();
        if let Some(places) = shown_with(&query, |_| ()) {
            let shown: Vec<ClaimPath> = places.iter().map(|place| all[*place].clone()).collect();
            prop_assert_eq!(query.check_shown(&claims(), &shown), Ok(()));
            for (place, path) in all.iter().enumerate() {
                if !places.contains(&place) {
                    let mut more = shown.clone();
                    more.push(path.clone());
                    prop_assert_eq!(query.check_shown(&claims(), &more), Err(ShownError::TooMuch));
                }
            }
        }
    }
}
