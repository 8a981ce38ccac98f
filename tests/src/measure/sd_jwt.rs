//! Checking an SD-JWT VC, and looking up a status.

use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Expect, Issuance, Issuer, KbClaims, Rules, StatusRule},
    signature::{self, Signer},
    status::token::{self, Bits, Publication, Reference, Status, StatusList, Statuses},
};
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::SigningKey;
use serde_json::{Map, Value};

use super::{cpu_each, line};

const ISS: &str = "https://issuer.example";
const URI: &str = "https://issuer.example/statuses/1";
const ENTRIES: usize = 1_000_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn print() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
    let keys = (SigningKey::from_slice(&[1; 32]), SigningKey::from_slice(&[2; 32]));
    let (Ok(issuer), Ok(holder)) = keys else {
        return;
    };
    presentation(&issuer, &holder, now);
    status(&issuer, now);
}

/// Twenty claims, all disclosed, and key binding: beside two ES256 verifications and nothing else.
fn presentation(issuer: &SigningKey, holder: &SigningKey, now: Timestamp) {
    let names: Vec<String> = (0..20).map(|i| format!("claim_{i}")).collect();
    let mut claims = Map::new();
    claims.insert("iss".into(), ISS.into());
    claims.insert("vct".into(), "urn:example:card:1".into());
    claims.insert("exp".into(), (now + DAY).as_second().into());
    claims.extend(
        names
            .iter()
            .map(|name| (name.clone(), Value::from("a value of some length"))),
    );
    let paths: Vec<ClaimPath> = names.iter().map(|name| [name.as_str()].into()).collect();
    let salts: Vec<[u8; 16]> = (0..20).map(|i| [i; 16]).collect();
    let key = issuer.public();
    let issuance = Issuance {
        claims,
        disclosable: &paths,
        salts: &salts,
        decoys: &[],
        holder: &holder.public(),
        header: Map::new(),
    };
    let kb = KbClaims {
        aud: "verifier",
        nonce: "nonce",
        iat: now,
        extra: Map::new(),
    };
    let presented = sd_jwt::issue(&issuance, issuer)
        .ok()
        .and_then(|card| sd_jwt::present(&card, &paths, &kb, holder).ok());
    let Some(presented) = presented else {
        return;
    };
    let expect = Expect {
        credential: Rules {
            vct: "urn:example:card:1",
            issuer: Issuer::Key { iss: ISS, key: &key },
            status: StatusRule::Refuse,
            legacy_typ: false,
            now,
            leeway: SignedDuration::ZERO,
        },
        aud: "verifier",
        nonce: "nonce",
        max_age: DAY,
    };
    let message = vec![7; 400];
    let signatures =
        [(issuer, key), (holder, holder.public())].map(|(signer, key)| (signer.sign(&message), key));
    let ours = cpu_each(9, 100, || sd_jwt::check(&presented, &expect).is_ok());
    let bare = cpu_each(9, 100, || {
        let holds = |(signature, key): &(Vec<u8>, PublicKey)| signature::verifies(key, &message, signature);
        signatures.iter().filter(|one| holds(one)).count()
    });
    line(
        "SD-JWT, 20 claims and key binding / two ES256",
        ours,
        bare,
        "≤ 1.3",
    );
}

fn status(issuer: &SigningKey, now: Timestamp) {
    let Ok(mut statuses) = Statuses::new(Bits::Two, ENTRIES) else {
        return;
    };
    // One in fifty revoked, wherever chance puts them: regular ones would compress to nothing.
    let mut place = 1_usize;
    for _ in 0..ENTRIES / 50 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let _ = statuses.set((place >> 32) % ENTRIES, Status::Invalid);
    }
    let publication = Publication {
        uri: URI,
        iat: now,
        exp: None,
        ttl: None,
        header: Map::new(),
    };
    let text = token::issue(&statuses, &publication, issuer);
    let key = issuer.public();
    let from = Issuer::Key { iss: ISS, key: &key };
    let check = || StatusList::check(&text, URI, &from, now, SignedDuration::ZERO);
    let Ok(list) = check() else {
        return;
    };
    let loading = cpu_each(5, 20, || check().is_ok());
    let signature = issuer.sign(text.as_bytes());
    let bare = cpu_each(5, 20, || signature::verifies(&key, text.as_bytes(), &signature));
    let what = format!("status list, 1 M entries, {} KiB / ES256", text.len() / 1_024);
    line(&what, loading, bare, "once for each list");
    let mut index = 0;
    let looking = cpu_each(9, 100_000, || {
        index = (index + 104_729) % ENTRIES;
        list.confirm(&Reference::new(URI, index), now, DAY)
    });
    line("status of one in 1 M entries / ES256", looking, bare, "≤ 10 µs");
}
