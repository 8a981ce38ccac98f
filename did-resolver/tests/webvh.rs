//! did:webvh logs, written here and then broken in every way that has a name.
#![expect(clippy::unwrap_used, reason = "a test")]

use carnet_did_resolver::{
    Options, PublicKey, ResolveError, Resolved,
    document::Relationship,
    resolution,
    webvh::{
        self, Log,
        write::{self, Change, Create, Written},
    },
};
use ed25519_dalek::SigningKey;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn multikey(seed: u8) -> String {
    PublicKey::from(&key(seed)).to_multikey()
}

fn did_key(seed: u8) -> String {
    PublicKey::from(&key(seed)).did_key()
}

/// Minutes after the beginning.
fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    begin.checked_add(minutes.minutes()).unwrap()
}

fn create(parameters: Change, portable: bool) -> Written {
    let Value::Object(document) = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "verificationMethod": [{
            "id": "did:webvh:{SCID}:hospital.example#issuing", "type": "Multikey",
            "controller": "did:webvh:{SCID}:hospital.example", "publicKeyMultibase": multikey(100),
        }],
        "assertionMethod": ["did:webvh:{SCID}:hospital.example#issuing"],
    }) else {
        unreachable!()
    };
    let create = Create {
        location: "hospital.example".to_owned(),
        document,
        portable,
        parameters,
    };
    write::create(create, &key(1), at(0)).unwrap()
}

fn updated(before: &Written, change: Change, signer: u8, minute: i64) -> Result<Written, ResolveError> {
    write::update(&before.did, &before.log, change, &key(signer), at(minute))
}

fn renamed(before: &Written, from: &str, to: &str, also_known_as: &[&str]) -> Change {
    let last: Value = serde_json::from_str(before.log.lines().last().unwrap()).unwrap();
    let mut state: Value = serde_json::from_str(&last["state"].to_string().replace(from, to)).unwrap();
    state["alsoKnownAs"] = json!(also_known_as);
    Change {
        document: state.as_object().cloned(),
        ..Change::default()
    }
}

fn resolve(written: &Written) -> Result<Resolved, ResolveError> {
    webvh::resolve(
        &written.did,
        written.log.as_bytes(),
        None,
        &Options::default(),
        at(1_000),
    )
}

fn code(did: &str, log: &str) -> &'static str {
    match webvh::resolve(did, log.as_bytes(), None, &Options::default(), at(1_000)) {
        Ok(_) => "resolved",
        Err(error) => error.code(),
    }
}

fn refusal(answer: Result<Written, ResolveError>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "written")
}

/// Changes the log's entry of that index and leaves its hash and proof as they were.
fn broken(log: &str, index: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut entries: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    change(&mut entries[index]);
    let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    lines.join("\n")
}

#[test]
fn a_did_that_is_made_here_resolves_and_gives_its_key() {
    let made = create(Change::default(), false);
    let resolved = resolve(&made).unwrap();
    let id = format!("{}#issuing", made.did);
    let document = resolved.in_force().unwrap();
    assert_eq!(
        document.key_for(&id, Relationship::AssertionMethod),
        Some(PublicKey::from(&key(100)))
    );
    assert_eq!(document.key_for(&id, Relationship::Authentication), None);
    assert_eq!(resolved.metadata.version_id.as_ref(), Some(&made.version_id));
    assert_eq!(resolved.metadata.created.as_deref(), Some("2026-01-01T00:00:00Z"));
}

#[test]
fn each_version_can_be_had_by_id_number_and_time() {
    let first = create(Change::default(), false);
    let second = updated(
        &first,
        Change {
            ttl: Some(60),
            ..Change::default()
        },
        1,
        10,
    )
    .unwrap();
    let ask = |pairs: &[(&str, &str)]| {
        let options = Options::from_pairs(pairs.iter().copied())?;
        webvh::resolve(&second.did, second.log.as_bytes(), None, &options, at(1_000))
    };
    for pairs in [
        [("versionId", first.version_id.as_str())],
        [("versionNumber", "1")],
        [("versionTime", "2026-01-01T00:09:59Z")],
    ] {
        let resolved = ask(&pairs).unwrap();
        assert_eq!(resolved.metadata.version_id.as_ref(), Some(&first.version_id));
        assert_eq!(
            resolved.metadata.next_version_id.as_ref(),
            Some(&second.version_id)
        );
    }
    assert_eq!(
        ask(&[("versionTime", "2026-01-01T00:10:00Z")])
            .unwrap()
            .metadata
            .version_id
            .as_ref(),
        Some(&second.version_id)
    );
    for pairs in [
        [("versionId", "1-x")],
        [("versionNumber", "0")],
        [("versionNumber", "3")],
        [("versionTime", "2025-12-31T23:59:59Z")],
    ] {
        assert_eq!(ask(&pairs).unwrap_err(), ResolveError::NoSuchVersion);
    }
    for pairs in [
        vec![("versionId", "a"), ("versionNumber", "1")],
        vec![("versionNumber", "-1")],
        vec![("versionTime", "yesterday")],
        vec![("noCache", "1")],
        vec![("unknown", "1")],
        vec![("versionId", "a"), ("versionId", "a")],
    ] {
        assert_eq!(
            ask(&pairs).unwrap_err(),
            ResolveError::InvalidOptions,
            "{pairs:?}"
        );
    }
}

#[test]
fn every_change_to_a_published_log_has_its_refusal() {
    let first = create(Change::default(), false);
    let second = updated(
        &first,
        Change {
            ttl: Some(60),
            ..Change::default()
        },
        1,
        10,
    )
    .unwrap();
    let Written { did, log, .. } = &second;
    let with = |index, change: fn(&mut Value)| code(did, &broken(log, index, change));
    assert_eq!(code(did, log), "resolved");

    assert_eq!(with(0, |e| e["state"]["x"] = json!(1)), "webvh_scid");
    assert_eq!(
        with(0, |e| e["versionTime"] = json!("2025-01-01T00:00:00Z")),
        "webvh_scid"
    );
    assert_eq!(with(1, |e| e["state"]["x"] = json!(1)), "webvh_entry_hash");
    assert_eq!(
        with(1, |e| e["versionTime"] = json!("2026-01-01T00:11:00Z")),
        "webvh_entry_hash"
    );
    assert_eq!(
        with(1, |e| e["versionTime"] = json!("2026-01-01T01:10:00+01:00")),
        "webvh_time"
    );
    assert_eq!(with(1, |e| e["versionTime"] = json!("soon")), "webvh_time");
    let number =
        |e: &mut Value| e["versionId"] = json!(e["versionId"].as_str().unwrap().replacen("2-", "3-", 1));
    assert_eq!(code(did, &broken(log, 1, number)), "webvh_number");
    assert_eq!(with(1, |e| e["versionId"] = json!("2")), "webvh_malformed");
    assert_eq!(with(1, |e| e["extra"] = json!(1)), "webvh_malformed");
    assert_eq!(with(1, |e| e["state"] = json!("x")), "webvh_malformed");
    assert_eq!(
        with(1, |e| e["parameters"]["unknown"] = json!(1)),
        "webvh_parameter"
    );
    assert_eq!(with(1, |e| e["parameters"]["ttl"] = json!(-1)), "webvh_parameter");
    assert_eq!(
        with(1, |e| e["parameters"]["portable"] = json!(true)),
        "webvh_parameter"
    );
    assert_eq!(
        with(1, |e| e["parameters"]["scid"] = json!("Qm")),
        "webvh_parameter"
    );
    assert_eq!(
        with(1, |e| e["parameters"]["method"] = json!("did:webvh:2.0")),
        "webvh_version"
    );
    assert_eq!(
        with(0, |e| e["parameters"]["method"] = json!("did:webvh:0.5")),
        "webvh_version"
    );
    assert_eq!(
        with(0, |e| e["parameters"]["updateKeys"] = json!([])),
        "webvh_parameter"
    );

    assert_eq!(with(1, |e| e["proof"] = json!([])), "webvh_malformed");
    assert_eq!(
        with(1, |e| drop(e.as_object_mut().unwrap().remove("proof"))),
        "proof_malformed"
    );
    assert_eq!(
        with(1, |e| e["proof"][0]["proofPurpose"] = json!("authentication")),
        "proof_wrong_purpose"
    );
    assert_eq!(
        with(1, |e| e["proof"][0]["cryptosuite"] = json!("eddsa-rdfc-2022")),
        "proof_unsupported"
    );
    assert_eq!(
        with(1, |e| e["proof"][0]["created"] = json!("2026-01-01T00:00:00Z")),
        "proof_bad_signature"
    );
    assert_eq!(
        with(1, |e| e["proof"][0]["@context"] = json!("https://x.example")),
        "proof_wrong_context"
    );
    assert_eq!(
        with(1, |e| e["proof"][0]["expires"] = json!("2026-01-01T00:20:00Z")),
        "proof_expired"
    );
    let stranger = |e: &mut Value| {
        e["proof"][0]["verificationMethod"] = json!(format!("{}#{}", did_key(9), multikey(9)));
    };
    assert_eq!(code(did, &broken(log, 1, stranger)), "webvh_not_authorized");
    let flipped = |e: &mut Value| {
        let value = e["proof"][0]["proofValue"].as_str().unwrap();
        let last = if value.ends_with('2') { "3" } else { "2" };
        e["proof"][0]["proofValue"] = json!(format!("{}{last}", &value[..value.len() - 1]));
    };
    assert_eq!(code(did, &broken(log, 1, flipped)), "proof_bad_signature");

    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(code(did, ""), "webvh_empty");
    assert_eq!(code(did, lines[1]), "webvh_parameter");
    assert_eq!(code(did, &format!("{log}{}", lines[1])), "webvh_number");
    assert_eq!(
        code(
            did,
            &log.replacen("\"versionId\"", "\"versionId\":\"x\",\"versionId\"", 1)
        ),
        "duplicate_member"
    );
    assert_eq!(code(did, &format!("{log}nonsense")), "not_json");
    assert_eq!(code(did, &"{".repeat(100_000)), "not_json");
    assert_eq!(code(did, &"[".repeat(100_000)), "too_deep");
    assert_eq!(code(&did.replace("hospital", "clinic"), log), "webvh_wrong_did");
    let other = create(
        Change {
            ttl: Some(1),
            ..Change::default()
        },
        false,
    );
    assert_eq!(code(&other.did, log), "webvh_wrong_did");
    let early = webvh::resolve(did, log.as_bytes(), None, &Options::default(), at(5)).unwrap_err();
    assert_eq!(early.code(), "webvh_future");
    assert_eq!(refusal(updated(&second, Change::default(), 1, 10)), "webvh_time");
    assert_eq!(
        refusal(updated(&second, Change::default(), 2, 20)),
        "webvh_not_authorized"
    );
}

#[test]
fn keys_that_were_announced_can_be_used_and_no_others() {
    let hashes = |seeds: &[u8]| {
        Some(
            seeds
                .iter()
                .map(|seed| write::announce(&multikey(*seed)))
                .collect(),
        )
    };
    let keys = |seeds: &[u8]| Some(seeds.iter().map(|seed| multikey(*seed)).collect());
    let first = create(
        Change {
            next_key_hashes: hashes(&[2, 3]),
            ..Change::default()
        },
        false,
    );
    let rotate = |update_keys, next_key_hashes| Change {
        update_keys,
        next_key_hashes,
        ..Change::default()
    };

    assert_eq!(
        refusal(updated(&first, rotate(None, None), 1, 1)),
        "webvh_pre_rotation"
    );
    assert_eq!(
        refusal(updated(&first, rotate(keys(&[2]), None), 2, 1)),
        "webvh_pre_rotation"
    );
    assert_eq!(
        refusal(updated(&first, rotate(keys(&[4]), hashes(&[5])), 4, 1)),
        "webvh_pre_rotation"
    );
    assert_eq!(
        refusal(updated(&first, rotate(keys(&[2, 4]), hashes(&[5])), 2, 1)),
        "webvh_pre_rotation"
    );
    assert_eq!(
        refusal(updated(&first, rotate(keys(&[2]), hashes(&[5])), 1, 1)),
        "webvh_not_authorized"
    );
    assert_eq!(
        write::deactivate(&first.did, &first.log, &key(1), at(1))
            .unwrap_err()
            .code(),
        "webvh_pre_rotation"
    );

    let second = updated(&first, rotate(keys(&[2]), hashes(&[5])), 2, 1).unwrap();
    let ended = write::deactivate(&second.did, &second.log, &key(5), at(2)).unwrap();
    assert!(resolve(&second).unwrap().in_force().is_ok());
    assert_eq!(
        resolve(&ended).unwrap().in_force().unwrap_err(),
        ResolveError::Deactivated
    );
    // Without pre-rotation, the keys of the entry before sign.
    let open = updated(&first, rotate(keys(&[2]), Some(Vec::new())), 2, 1).unwrap();
    let handed_on = updated(&open, rotate(keys(&[7]), None), 2, 2).unwrap();
    assert_eq!(
        refusal(updated(&handed_on, Change::default(), 2, 3)),
        "webvh_not_authorized"
    );
    assert_eq!(refusal(updated(&handed_on, Change::default(), 7, 3)), "written");
}

#[test]
fn nothing_follows_the_end_of_a_did() {
    let first = create(Change::default(), false);
    let ended = write::deactivate(&first.did, &first.log, &key(1), at(1)).unwrap();
    assert_eq!(resolution::http_status(&resolve(&first)), 200);
    assert_eq!(resolution::http_status(&resolve(&ended)), 410);
    assert_eq!(
        refusal(updated(&ended, Change::default(), 1, 2)),
        "webvh_after_deactivation"
    );
    // Also an earlier version is that of an ended DID.
    let options = Options {
        version_number: Some(1),
        ..Options::default()
    };
    let earlier = webvh::resolve(&ended.did, ended.log.as_bytes(), None, &options, at(1_000)).unwrap();
    assert_eq!(earlier.in_force().unwrap_err(), ResolveError::Deactivated);
}

#[test]
fn a_did_moves_only_if_it_was_made_to_and_says_where_from() {
    let staying = create(Change::default(), false);
    let moved = renamed(&staying, "hospital.example", "clinic.example", &[&staying.did]);
    assert_eq!(refusal(updated(&staying, moved, 1, 1)), "webvh_not_portable");

    let portable = create(Change::default(), true);
    let silent = renamed(&portable, "hospital.example", "clinic.example", &[]);
    assert_eq!(
        refusal(updated(&portable, silent, 1, 1)),
        "webvh_prior_did_missing"
    );
    let moved = renamed(&portable, "hospital.example", "clinic.example", &[&portable.did]);
    let moved = updated(&portable, moved, 1, 1).unwrap();
    assert!(moved.did.ends_with(":clinic.example"));
    assert_eq!(resolve(&moved).unwrap().metadata.canonical_id, None);
    // By its old name it is still found, and says its new one.
    let old = webvh::resolve(
        &portable.did,
        moved.log.as_bytes(),
        None,
        &Options::default(),
        at(1_000),
    )
    .unwrap();
    assert_eq!(old.metadata.canonical_id.as_ref(), Some(&moved.did));
    let stranger = create(
        Change {
            ttl: Some(1),
            ..Change::default()
        },
        true,
    );
    let elsewhere = renamed(&moved, &moved.did, &stranger.did, &[&moved.did]);
    assert_eq!(refusal(updated(&moved, elsewhere, 1, 2)), "webvh_wrong_did");
}

#[test]
fn enough_witnesses_stand_behind_each_version() {
    let by = |threshold, seeds: &[u8]| Change {
        witnesses: Some((threshold, seeds.iter().map(|seed| did_key(*seed)).collect())),
        ..Change::default()
    };
    let first = create(by(2, &[50, 51, 52]), false);
    let second = updated(&first, by(1, &[53]), 1, 1).unwrap();
    let third = updated(&second, Change::default(), 1, 2).unwrap();
    let voices = |said: &[(&Written, u8)]| {
        let items: Vec<Value> = said
            .iter()
            .map(|(version, seed)| {
                let proof = write::witness(&version.version_id, &key(*seed), at(3)).unwrap();
                json!({ "versionId": version.version_id, "proof": [proof] })
            })
            .collect();
        Value::Array(items).to_string()
    };
    let ask = |log: &Written, file: Option<&str>| {
        let file = file.map(str::as_bytes);
        webvh::resolve(&log.did, log.log.as_bytes(), file, &Options::default(), at(1_000))
            .map_or_else(|error| error.code(), |_| "resolved")
    };
    assert_eq!(ask(&first, None), "webvh_witness_missing");
    assert_eq!(ask(&first, Some("{}")), "webvh_witness_malformed");
    assert_eq!(ask(&first, Some("[]")), "webvh_witness_threshold");
    assert_eq!(
        ask(&first, Some(&voices(&[(&first, 50)]))),
        "webvh_witness_threshold"
    );
    assert_eq!(
        ask(&first, Some(&voices(&[(&first, 50), (&first, 50)]))),
        "webvh_witness_threshold"
    );
    assert_eq!(
        ask(&first, Some(&voices(&[(&first, 50), (&first, 9)]))),
        "webvh_witness_threshold"
    );
    assert_eq!(
        ask(&first, Some(&voices(&[(&first, 50), (&first, 52)]))),
        "resolved"
    );
    // A later voice speaks for what came before; one for an unpublished version says nothing.
    assert_eq!(
        ask(&first, Some(&voices(&[(&second, 50), (&second, 52)]))),
        "webvh_witness_threshold"
    );
    assert_eq!(
        ask(&second, Some(&voices(&[(&second, 50), (&second, 52)]))),
        "resolved"
    );
    // The new list holds from the entry after.
    assert_eq!(
        ask(
            &second,
            Some(&voices(&[(&first, 50), (&first, 51), (&second, 53)]))
        ),
        "webvh_witness_threshold"
    );
    let all = [(&second, 50), (&second, 51), (&third, 53)];
    assert_eq!(ask(&third, Some(&voices(&all))), "resolved");
    assert_eq!(ask(&third, Some(&voices(&all[..2]))), "webvh_witness_threshold");
    let forged = voices(&all).replace(&third.version_id, &second.version_id);
    assert_eq!(ask(&third, Some(&forged)), "webvh_witness_threshold");
    for bad in [by(0, &[50]), by(2, &[50]), by(1, &[50, 50])] {
        assert_eq!(refusal(updated(&first, bad, 1, 1)), "webvh_parameter");
    }
}

#[test]
fn a_log_that_is_too_long_is_not_looked_at() {
    let made = create(Change::default(), false);
    assert_eq!(
        code(&made.did, &"\n".repeat(webvh::MAX_LOG_LEN + 1)),
        "webvh_too_long"
    );
    assert_eq!(code(&made.did, &made.log.repeat(5_000)), "webvh_too_long");
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let made = create(Change::default(), false);
        let _ = Log::read(&made.did, &bytes, at(0));
        let _ = Log::read(&String::from_utf8_lossy(&bytes), made.log.as_bytes(), at(0));
    }

    #[test]
    fn a_log_with_any_byte_changed_is_never_another_document(place in any::<prop::sample::Index>(), to in any::<u8>()) {
        let witnesses = Change { witnesses: Some((1, vec![did_key(50)])), ..Change::default() };
        let made = create(witnesses, false);
        let proof = write::witness(&made.version_id, &key(50), at(0)).unwrap();
        let file = json!([{ "versionId": made.version_id, "proof": [proof] }]).to_string();
        let good = webvh::resolve(&made.did, made.log.as_bytes(), Some(file.as_bytes()), &Options::default(), at(9)).unwrap();
        let mut log = made.log.clone().into_bytes();
        let at_place = place.index(log.len());
        log[at_place] = to;
        if let Ok(other) = webvh::resolve(&made.did, &log, Some(file.as_bytes()), &Options::default(), at(9)) {
            prop_assert_eq!(other.document(), good.document());
        }
        let mut file = file.into_bytes();
        let at_place = place.index(file.len());
        file[at_place] = to;
        if let Ok(other) = webvh::resolve(&made.did, made.log.as_bytes(), Some(&file), &Options::default(), at(9)) {
            prop_assert_eq!(other.document(), good.document());
        }
    }
}
