//! The trust list: pinned at first use, replaced only by a newer one of the same root.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod clinic;

use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    TrustList,
    trust::{self, RootKey, TrustError},
};
use clinic::{client_id, jws_parts, ledger, now, root_key, sign_by_hand, signing, trust_list, url};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn signed(version: u64) -> String {
    trust::sign(
        &TrustList {
            version,
            ..trust_list()
        },
        &root_key(),
    )
    .unwrap()
}

#[test]
fn the_first_list_pins_its_root_and_only_newer_ones_of_that_root_follow() {
    let (list, root) = trust::verify_first(&signed(3), now()).unwrap();
    assert_eq!(list, trust_list());
    assert_eq!(root, RootKey::from(&PublicKey::from(&root_key())));
    assert_eq!(root.fingerprint().len(), 19);
    assert_eq!(RootKey::try_from(String::from(root)), Ok(root));

    let update = |compact: &str| trust::verify_update(compact, &root, 3, now()).map(|l| l.version);
    assert_eq!(update(&signed(4)), Ok(4));
    assert_eq!(update(&signed(3)), Err(TrustError::NotNewer));
    assert_eq!(update(&signed(2)), Err(TrustError::Rollback));
    let other = trust::sign(
        &TrustList {
            version: 9,
            ..trust_list()
        },
        &signing(9),
    )
    .unwrap();
    assert_eq!(update(&other), Err(TrustError::WrongRoot));
    // The right root in the header, another key's signature.
    let (mut header, payload) = jws_parts(&other);
    header["jwk"] = PublicKey::from(&root_key()).to_jwk();
    let forged = sign_by_hand(&header, &payload.to_string(), &signing(9));
    assert_eq!(update(&forged).unwrap_err().code(), "trust_bad_signature");
    header.as_object_mut().unwrap().remove("jwk");
    let keyless = sign_by_hand(&header, &payload.to_string(), &signing(9));
    assert_eq!(update(&keyless), Err(TrustError::NoRootKey));
    assert_eq!(update("a.b.c").unwrap_err().code(), "trust_not_signed");
}

#[test]
fn an_expired_list_is_not_taken_but_the_one_held_stays_readable() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (_, root) = trust::verify_first(&signed(3), now()).unwrap();
    let after = at("2027-02-28T08:00:00Z");
    assert_eq!(
        trust::verify_first(&signed(3), after).unwrap_err(),
        TrustError::Expired
    );
    assert_eq!(
        trust::verify_update(&signed(4), &root, 3, after).unwrap_err(),
        TrustError::Expired
    );
    // A replay is called a replay, expired or not.
    assert_eq!(
        trust::verify_update(&signed(2), &root, 3, after).unwrap_err(),
        TrustError::Rollback
    );
    let before = at("2026-11-30T07:58:59Z");
    assert_eq!(
        trust::verify_first(&signed(3), before).unwrap_err(),
        TrustError::NotYetValid
    );
    let held = trust::open_held(&signed(3), &root).unwrap();
    assert!(held.is_expired(after) && !held.is_expired(now()));
    assert!(trust::open_held(&signed(3), &RootKey([0; 32])).is_err());
}

#[test]
fn a_list_that_could_mislead_is_refused_whoever_signed_it() {
    let refusal = |change: &dyn Fn(&mut TrustList)| {
        let mut list = trust_list();
        change(&mut list);
        trust::sign(&list, &root_key()).map_or_else(|e| e.code(), |_| "accepted")
    };
    assert_eq!(refusal(&|_| ()), "accepted");
    for name in [
        "",
        " Northgate",
        "North\u{202e}etag",
        "North\u{200b}gate",
        "North\ngate",
        "North\u{e0041}",
        &"N".repeat(121),
    ] {
        assert_eq!(
            refusal(&|l| l.entries[0].name = name.into()),
            "trust_bad_name",
            "{name:?}"
        );
    }
    for name in [
        "Clínica São João",
        "北門診療所",
        "عيادة الشمال",
        "Ärztehaus & Söhne (Nord)",
    ] {
        assert_eq!(
            refusal(&|l| l.entries[0].name = name.into()),
            "accepted",
            "{name}"
        );
    }
    for origin in [
        "http://a.example",
        "https://a.example/",
        "https://a.example:443",
        "https://A.example",
        "https://u@a.example",
        "a.example",
        "https://*.example/x",
        "null",
        "",
    ] {
        assert_eq!(
            refusal(&|l| l.entries[0].origins = vec![origin.into()]),
            "trust_bad_address",
            "{origin}"
        );
    }
    let twin = |change: &dyn Fn(&mut carnet_exchange::Entry)| {
        refusal(&|l| {
            let mut twin = l.entries[0].clone();
            twin.id = "twin".into();
            twin.client_ids = vec!["x509_hash:twin".into()];
            twin.origins = vec!["https://twin.example".into()];
            twin.registries[0].kind = trust::RegistryKind::Network;
            change(&mut twin);
            l.entries.push(twin);
        })
    };
    assert_eq!(twin(&|_| ()), "accepted");
    assert_eq!(twin(&|e| e.id = "northgate-clinic".into()), "trust_ambiguous");
    assert_eq!(twin(&|e| e.client_ids = vec![client_id()]), "trust_ambiguous");
    assert_eq!(
        twin(&|e| e.origins = vec![clinic::ORIGIN.into()]),
        "trust_ambiguous"
    );
    // Several may serve one registry; who keeps it himself is one.
    let keeps = |e: &mut carnet_exchange::Entry| e.registries[0].kind = trust::RegistryKind::Embedded;
    assert_eq!(twin(&keeps), "trust_two_keepers");
    let other = |e: &mut carnet_exchange::Entry| {
        keeps(e);
        e.registries[0].chain_id = "2".into();
    };
    assert_eq!(twin(&other), "accepted");
    assert_eq!(refusal(&|l| l.version = 0), "trust_malformed");
    assert_eq!(
        refusal(&|l| l.expires = l.issued - SignedDuration::from_secs(1)),
        "trust_malformed"
    );
    assert_eq!(refusal(&|l| l.entries[0].id = "a b".into()), "trust_malformed");
    let registry =
        |change: &dyn Fn(&mut trust::Registry)| refusal(&|l| change(&mut l.entries[0].registries[0]));
    assert_eq!(registry(&|r| r.chain_id = "0x1".into()), "trust_bad_address");
    assert_eq!(
        registry(&|r| r.address = r.address.to_uppercase()),
        "trust_bad_address"
    );
    assert_eq!(registry(&|r| r.endpoints.clear()), "trust_bad_address");
    assert_eq!(
        registry(&|r| r.endpoints = vec!["http://a.example".parse().unwrap()]),
        "trust_bad_address"
    );
    let pin = |text: &str| {
        refusal(&|l| {
            l.entries[0].local = Some(trust::LocalPin {
                spki_sha256: text.into(),
            });
        })
    };
    assert_eq!(pin("AAAA"), "trust_malformed");
}

#[test]
fn an_ill_formed_list_is_refused_though_signed() {
    let (header, payload) = jws_parts(&signed(3));
    let refusal = |change: &dyn Fn(&mut Value)| {
        let mut payload = payload.clone();
        change(&mut payload);
        let compact = sign_by_hand(&header, &payload.to_string(), &root_key());
        trust::verify_first(&compact, now()).map_or_else(|e| e.code(), |_| "accepted")
    };
    assert_eq!(refusal(&|_| ()), "accepted");
    assert_eq!(refusal(&|p| p["more"] = json!(1)), "trust_malformed");
    assert_eq!(
        refusal(&|p| p["entries"][0]["more"] = json!(1)),
        "trust_malformed"
    );
    assert_eq!(
        refusal(&|p| p["entries"][0]["roles"] = json!(["king"])),
        "trust_malformed"
    );
    assert_eq!(
        refusal(&|p| p["entries"][0]["purposes"] = json!(["NOPE"])),
        "trust_malformed"
    );
    assert_eq!(
        refusal(&|p| p["entries"][0]["log_keys"][0]["x"] = json!("AA")),
        "trust_malformed"
    );
    assert_eq!(
        refusal(&|p| p["entries"][0]["name"] = json!("a\u{202e}b")),
        "trust_bad_name"
    );
    assert_eq!(refusal(&|p| p["version"] = json!(-1)), "trust_malformed");
}

#[test]
fn the_list_alone_decides_which_addresses_are_whose() {
    let list = trust_list();
    assert_eq!(
        list.by_client_id(&client_id()).map(|e| &*e.id),
        Some("northgate-clinic")
    );
    assert_eq!(
        list.by_id("northgate-clinic").map(|e| &*e.name),
        Some("Northgate Clinic")
    );
    assert_eq!(
        list.by_origin(&url("/any?x=1")).map(|e| &*e.id),
        Some("northgate-clinic")
    );
    assert!(
        list.by_origin(&"https://127.0.0.1:8444/".parse().unwrap())
            .is_none()
    );
    let entry = &list.entries[0];
    assert!(entry.registry(&ledger()).is_some());
    let mut other = ledger();
    other.chain_id = "1".into();
    assert!(entry.registry(&other).is_none());
}

proptest! {
    #[test]
    fn any_text_is_answered_without_a_panic(text in "[A-Za-z0-9_.-]{0,200}|.{0,100}") {
        prop_assert!(trust::verify_first(&text, now()).is_err());
    }
}
