//! Single-use copies: each is shown once, whatever happens in between.

use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, Issuance},
};
use carnet_exchange::{
    EncryptionKey, Entry, RequestLink, TrustList,
    answer::Presentation,
    client_id_of,
    dcql::Query,
    request::{self, RequestParts},
    trust::{self, Role},
};
use jiff::{SignedDuration, Timestamp};
use p256::{SecretKey, ecdsa::SigningKey, pkcs8::DecodePrivateKey};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    Choice, ChosenCard, Clock, Described, GrantError, Wallet,
    credentials::{Binding, CopyKey, CredentialForm, KeptCredential},
    inspect::Question,
    kept::KeptRequest,
    vault::{KdfChoice, Passphrase, Table},
};

const ORIGIN: &str = "https://127.0.0.1:1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn copy(seed: u8) -> KeptCredential {
    let holder = SecretKey::from_slice(&[seed; 32]).unwrap();
    let Value::Object(claims) =
        json!({ "iss": "https://issuer.example", "vct": "urn:card:1", "plan": "Family" })
    else {
        unreachable!()
    };
    let issuance = Issuance {
        claims: claims.clone(),
        disclosable: &[["plan"].into()],
        salts: &[[seed; 16]],
        decoys: &[],
        holder: &PublicKey::from(&SigningKey::from(&holder)),
        header: Map::new(),
    };
    KeptCredential {
        form: CredentialForm::SdJwt,
        text: sd_jwt::issue(&issuance, &key(41)).unwrap(),
        issuer: "https://issuer.example".to_owned(),
        entry_id: None,
        own: false,
        kind: "urn:card:1".to_owned(),
        claims,
        from: None,
        until: None,
        status: None,
        binding: Binding::Copy(CopyKey::new(holder)),
        single_use: true,
        source: None,
        card: "c0ffee".to_owned(),
        added: Timestamp::now(),
        looked_up: None,
    }
}

/// A sealed question for the card, twice where `twice`.
fn asked(wallet: &Wallet, twice: bool) -> Question {
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    let client_id = client_id_of(certificate.der());
    let now = Timestamp::now();
    let version = wallet
        .trust()
        .unwrap()
        .map_or(1, |list| u64::from(list.version) + 1);
    let list = TrustList {
        version,
        issued: now,
        expires: now + SignedDuration::from_hours(24),
        authority: "Authority of Tests".to_owned(),
        development: true,
        entries: vec![Entry {
            id: "northgate".to_owned(),
            name: "Northgate Clinic".to_owned(),
            client_ids: vec![client_id.clone()],
            origins: vec![ORIGIN.to_owned()],
            purposes: vec![],
            roles: vec![Role::Verifier],
            registries: vec![],
            log_keys: vec![],
            issuer_keys: vec![],
            request_keys: vec![],
            offline_keys: vec![],
            local: None,
        }],
    };
    wallet
        .take_trust(trust::sign(&list, &key(12)).unwrap().as_bytes())
        .unwrap();
    let one = |id: &str| {
        json!({ "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:card:1"] },
                "claims": [{ "path": ["plan"] }] })
    };
    let credentials = if twice {
        vec![one("card"), one("again")]
    } else {
        vec![one("card")]
    };
    let nonce = hex::encode(crate::random::make_bytes::<32>().unwrap());
    let signed = request::sign(
        &RequestParts {
            response_uri: &Url::parse(&format!("{ORIGIN}/r")).unwrap(),
            nonce: &nonce,
            state: "abc",
            issued: now,
            expires: now + SignedDuration::from_mins(5),
            encryption_key: &EncryptionKey::new(SecretKey::from_slice(&[7; 32]).unwrap().public_key(), None),
            query: &Query::read(&json!({ "credentials": credentials })).unwrap(),
            consent: None,
            statement: None,
        },
        &SigningKey::from_pkcs8_der(&pair.serialize_der()).unwrap(),
        certificate.der().as_ref(),
    );
    let link = RequestLink {
        client_id,
        request_uri: Url::parse(&format!("{ORIGIN}/q")).unwrap(),
        method: carnet_exchange::RequestUriMethod::Get,
    };
    let kept = KeptRequest {
        link: link.to_string(),
        compact: signed.compact,
        wallet_nonce: None,
        did_document: None,
        expires: now + SignedDuration::from_mins(5),
        once: nonce.clone(),
        consent_id: None,
        verifier: "Northgate Clinic".to_owned(),
        answered: false,
    };
    wallet.vault.put(Table::Requests, &nonce, &kept).unwrap();
    wallet.open_question(&nonce).unwrap()
}

fn chosen(query: &str) -> ChosenCard {
    ChosenCard {
        query: query.to_owned(),
        card: "c0ffee".to_owned(),
    }
}

fn holding(copies: u8) -> (tempfile::TempDir, Wallet) {
    let dir = tempfile::tempdir().unwrap();
    let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
    let made = Wallet::create(&dir.path().join("vault"), &passphrase(), kdf, Clock::system()).unwrap();
    for seed in 1..=copies {
        let id = format!("copy-{seed}");
        made.wallet
            .vault
            .put(Table::Credentials, &id, &copy(seed))
            .unwrap();
    }
    (dir, made.wallet)
}

fn left(wallet: &Wallet, question: &Question) -> Vec<(u32, bool)> {
    let cards = wallet.cards_asked(question).unwrap();
    let options = cards[0].options.iter();
    options.map(|option| (option.copies, option.last_copy)).collect()
}

// ATTACKS 23, 38
#[tokio::test]
async fn a_copy_is_used_up_before_anything_leaves_and_never_comes_back() {
    let (dir, wallet) = holding(3);
    let question = asked(&wallet, false);
    assert_eq!(left(&wallet, &question), [(3, false)]);

    // Nobody is there: nothing left, and the copy is gone all the same.
    let nothing = Choice::Scopes(Vec::new());
    let error = wallet
        .answer(&question.request_id, &nothing, &[chosen("card")])
        .await;
    assert!(matches!(error, Err(GrantError::Unreachable(_))));
    assert!(
        wallet.open_question(&question.request_id).is_ok(),
        "still to be answered"
    );
    assert_eq!(left(&wallet, &question), [(2, false)]);

    // Killed after it was made durable, before it was sent.
    let shown = wallet.shown(&question, &[chosen("card")]).unwrap();
    let first = shown.presentations["card"][0].clone();
    let mut change = wallet.vault.change();
    shown.put(&mut change, Timestamp::now(), "Northgate Clinic");
    change.commit().unwrap();
    drop((wallet, question));
    let wallet = Wallet::unlock(&dir.path().join("vault"), &passphrase(), Clock::system()).unwrap();
    let question = asked(&wallet, false);
    assert_eq!(left(&wallet, &question), [(1, true)]);
    let shown = wallet.shown(&question, &[chosen("card")]).unwrap();
    let jwt = |presentation: &Presentation| {
        let text = presentation.as_text().unwrap();
        text.split('~').next().unwrap().to_owned()
    };
    assert_ne!(
        jwt(&shown.presentations["card"][0]),
        jwt(&first),
        "another copy, another key"
    );
    let mut change = wallet.vault.change();
    shown.put(&mut change, Timestamp::now(), "Northgate Clinic");
    change.commit().unwrap();

    assert!(left(&wallet, &question).is_empty());
    let refused = wallet.shown(&question, &[chosen("card")]).unwrap_err();
    assert_eq!(refused.code(), "no_such_card");
    assert_eq!(
        wallet.cards().unwrap()[0].copies,
        0,
        "the card stays, to be refilled"
    );
    let all: Vec<(String, KeptCredential)> = wallet.vault.all(Table::Credentials).unwrap();
    assert!(
        all.iter()
            .all(|(_, kept)| kept.text.is_empty() && !matches!(kept.binding, Binding::Copy(_)))
    );
}

#[test]
fn one_card_shown_twice_in_an_answer_uses_two_copies() {
    let (_dir, wallet) = holding(2);
    let question = asked(&wallet, true);
    let shown = wallet
        .shown(&question, &[chosen("card"), chosen("again")])
        .unwrap();
    assert_ne!(shown.presentations["card"], shown.presentations["again"]);
    let (_dir, wallet) = holding(1);
    let question = asked(&wallet, true);
    let refused = wallet
        .shown(&question, &[chosen("card"), chosen("again")])
        .unwrap_err();
    assert_eq!(refused.code(), "no_such_card");
}
