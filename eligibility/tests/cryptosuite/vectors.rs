//! `vectors/presentations.json`: everything that crosses the wire, made of fixed inputs, so that another implementation can be
//! built against it. `UPDATE_VECTORS=1` writes it anew after a deliberate change; a difference otherwise means that copies
//! and answers in the field are no longer read.

use std::{env, fs, path::Path};

use carnet_eligibility::{Issuance, Randomness, Request, issue, prove};
use serde_json::{Value, json};

use crate::{
    by_hand::{Bound, ByHand, encoded, hex, statement_fields, transcript},
    members::Parts,
    stage::{FROM, Held, UNTIL, all_that_hold, born, checked, day, issuer, issuers, key},
};

const FILE: &str = "vectors/presentations.json";
const ISSUE: &str = "issue";
const PROVE: &str = "prove";

fn text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// 64 bytes that the system could have given.
fn random(purpose: &str, place: usize) -> [u8; 64] {
    use sha2::{Digest as _, Sha512};
    Sha512::digest(format!("carnet-eligibility vectors, {purpose}, {place}")).into()
}

/// What must be proven, as the document derives it.
fn bounds(asked: &Request) -> Vec<Bound> {
    let at = |date: &str| u64::from(born(date)[0]);
    let (at_least, at_most) = (&b"at-least"[..], &b"at-most"[..]);
    let as_of = u64::from(asked.as_of.number());
    match json!(asked.statement)["statement"].as_str().unwrap() {
        "age-at-least" => vec![(0, at_most, at("1961-03-01"))],
        "age-between" => vec![(0, at_most, at("2020-03-01")), (0, at_least, at("2014-03-02"))],
        "cover-active-on" => vec![(0, at_most, as_of), (1, at_least, as_of)],
        "income-below" => vec![(0, at_most, 1_999_999)],
        "lab-in-range" => vec![
            (0, at_least, 40),
            (0, at_most, 69),
            (1, at_least, as_of - 90),
            (1, at_most, as_of),
        ],
        "code-in" => vec![(0, at_least, 100), (0, at_most, 199)],
        _ => vec![],
    }
}

/// A challenge of 32 bytes drawn at this point, which nothing else uses: to see where two implementations part.
fn probe(entries: &[(&'static [u8], Vec<u8>)]) -> String {
    let mut probe = [0; 32];
    transcript(entries).challenge_bytes(b"vector", &mut probe);
    text(&probe)
}

fn made(place: usize, asked: &Request, values: &[u32]) -> Value {
    let holder = key(20 + place as u8);
    let issuance = Issuance {
        kind: &asked.statement.kind(),
        values,
        holder: &holder.verifying_key(),
        from: day(FROM),
        until: day(UNTIL),
    };
    let (copy, opening) = issue(
        &issuance,
        &issuer(),
        Randomness::new(random(ISSUE, place)).unwrap(),
    )
    .unwrap();
    let randomness = Randomness::new(random(PROVE, place)).unwrap();
    let presentation = prove(asked, &copy, &opening, &holder, randomness)
        .unwrap()
        .to_bytes();
    let bounds = bounds(asked);
    let by_hand = ByHand::of(
        asked,
        &Held {
            copy: copy.clone(),
            opening: opening.clone(),
            holder: holder.clone(),
        },
        &bounds,
    );

    // The second implementation makes the same bytes of it, and takes the proof.
    let begin = 45 + 32 * values.len() + 64;
    let proof = &presentation[begin..presentation.len() - 64];
    assert_eq!(by_hand.with(proof), presentation);
    assert_eq!(
        by_hand.clone().signed_by(&issuer()).issuer_signature,
        by_hand.issuer_signature
    );
    if bounds.is_empty() {
        assert!(Parts::of_copy(asked, by_hand.clone()).takes(proof));
    } else {
        assert!(by_hand.crate_takes(proof));
    }
    assert_eq!(checked(&presentation, asked), Ok(()));

    let whole = [by_hand.entries(), by_hand.bound_entries()].concat();
    json!({
        "inputs": {
            "request": asked,
            "issuer_secret_key": text(issuer().as_bytes()),
            "holder_secret_key": text(holder.as_bytes()),
            "values": values,
            "from": FROM,
            "until": UNTIL,
            "issue_randomness": text(&random(ISSUE, place)),
            "prove_randomness": text(&random(PROVE, place)),
        },
        "copy": {
            "signed_bytes": text(&encoded(&by_hand.copy)),
            "issuer_signature": text(&by_hand.issuer_signature),
            "commitments": copy.commitments.iter().map(|point| text(point.as_bytes())).collect::<Vec<_>>(),
            "opening": text(&opening.to_bytes()),
        },
        "transcript": {
            "statement_bytes": text(&encoded(&statement_fields(&json!(asked.statement)))),
            "bounds": bounds.iter().map(|(value, direction, limit)| {
                json!({"value": value, "direction": String::from_utf8_lossy(direction), "bound": limit})
            }).collect::<Vec<_>>(),
            "probe_after_issuer_signature": probe(&by_hand.entries()),
            "probe_after_bounds": if bounds.is_empty() { Value::Null } else { json!(probe(&whole)) },
        },
        "presentation": text(&presentation),
    })
}

/// The first vector's answer, altered; and why it is refused.
fn refused(first: &Value) -> Vec<Value> {
    let bytes = hex(first["presentation"].as_str().unwrap());
    let end = bytes.len();
    let altered = |what: &str, at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        json!({"what": what, "request": first["inputs"]["request"], "presentation": text(&bytes)})
    };
    let asked = |what: &str, name: &str, to: Value| {
        let mut request = first["inputs"]["request"].clone();
        request[name] = to;
        json!({"what": what, "request": request, "presentation": first["presentation"]})
    };
    let age = |years: u8| json!({"statement": "age-at-least", "years": years});
    let all = [
        asked("another verifier", "audience", json!("x509_hash:other")),
        asked("another session", "nonce", json!("08".repeat(32))),
        asked("another day", "as_of", json!("2026-03-02")),
        asked("a year less", "statement", age(64)),
        asked("a year more", "statement", age(66)),
        asked("an age that can't be asked", "statement", age(0)),
        altered("another version", 0, &[2]),
        altered("another issuer", 1, &[0]),
        altered("another holder", 9, issuers()[0].as_bytes()),
        altered("valid for longer", 43, &born("2026-03-04")[0].to_be_bytes()[2..]),
        altered("the neutral point as commitment", 45, &[0; 32]),
        altered("a proof of zeros", 141, &[0; 544]),
        altered("the last byte", end - 1, &[bytes[end - 1] ^ 1]),
        altered("a holder's signature of zeros", end - 64, &[0; 64]),
        json!({"what": "a byte more", "request": first["inputs"]["request"], "presentation": text(&[&bytes[..], &[0]].concat())}),
    ];
    all.into_iter()
        .map(|mut vector| {
            let request: Request = serde_json::from_value(vector["request"].clone()).unwrap();
            let bytes = hex(vector["presentation"].as_str().unwrap());
            let refusal = checked(&bytes, &request).unwrap_err();
            vector["code"] = json!(refusal.code());
            vector
        })
        .collect()
}

#[test]
fn everything_on_the_wire_is_as_it_was() {
    let vectors: Vec<Value> = all_that_hold()
        .iter()
        .enumerate()
        .map(|(place, (asked, values))| made(place, asked, values))
        .collect();
    let refused = refused(&vectors[0]);
    let now = json!({
        "cryptosuite": "carnet-eligibility-2026",
        "today": crate::stage::TODAY,
        "trusted_issuers": issuers().iter().map(|issuer| text(issuer.as_bytes())).collect::<Vec<_>>(),
        "shown": vectors,
        "refused": refused,
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if env::var_os("UPDATE_VECTORS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{now:#}\n")).unwrap();
    }
    let kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        now["shown"].as_array().unwrap().len(),
        kept["shown"].as_array().unwrap().len()
    );
    for (now, kept) in now["shown"]
        .as_array()
        .unwrap()
        .iter()
        .zip(kept["shown"].as_array().unwrap())
    {
        assert_eq!(now, kept);
    }
    assert_eq!(now, kept);
}
