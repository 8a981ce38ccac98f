//! What an observer of registers learns who has all of them: every event, every signature and secret that was sent, every pair
//! that is stored, every entry of every log. A thousand patients give a consent to each of five clinics; nothing of it may tell
//! which of them are one patient's, which clinic it was, or what was asked for.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a run that can't go on has failed"
)]

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use carnet_consent::{Consent, Digest32, Salt};
use carnet_ledger::{
    Event, Ledger as _, Proof,
    embedded::{Embedded, chain_id_from, entry_of},
    grant_id, sign_grant, sign_revocation,
};
use carnet_store::{EngineKind, Store, open};
use carnet_wallet_core::keys::{Keys, RootKey};
use memchr::memmem;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// The station's clock: it does not stand on the hour.
const NOW: u64 = 1_900_000_800 + 1_234;
const HOUR: u64 = 60 * 60;
/// So many bytes alike between two grants are no chance: 2⁻⁶⁴ for each pair of places.
const WINDOW: usize = 8;
const SCOPES: [&str; 3] = [
    "patient/AllergyIntolerance.rs",
    "patient/Condition.rs",
    "patient/Observation.rs?category=laboratory",
];

/// Five clinics: two with a register of their own, three that share one.
const CLINICS: [(&str, usize); 5] = [
    ("Northgate Clinic", 0),
    ("Southgate Hospital", 1),
    ("Harbour Pharmacy", 2),
    ("Wendland Practice", 2),
    ("Lindenhof Surgery", 2),
];

/// What a careless wallet would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leak {
    None,
    /// One ledger key for all that a patient gives.
    OneKey,
    /// One revocation secret.
    OneSecret,
    /// The clinic's name in the place of the commitment.
    Name,
    /// What was asked for, in the place of the commitment.
    Scope,
    /// To the minute.
    Minutes,
    /// An engine that writes the second into its log.
    Seconds,
}

/// What an observer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// Two grants have bytes in common.
    Linked,
    /// Something readable of clinic, content, purpose or person.
    Read,
    /// A time that everybody can see and that is not on the hour.
    Minute,
    /// An entry of the log says more than kind, grant id, sequence and hour.
    Entry,
}

/// All that is sent for one grant, as bytes: nothing of it is secret from whoever sees the register.
struct Sent(Vec<Vec<u8>>);

struct Observed {
    sent: Vec<Sent>,
    events: Vec<Event>,
    entries: Vec<Vec<u8>>,
    /// Every key and value of every register.
    stored: Vec<u8>,
    /// What must not be readable.
    words: BTreeSet<String>,
}

fn random(of: &str) -> [u8; 32] {
    Sha256::digest(of).into()
}

fn consent(patient: u64, clinic: usize, period: (u64, u64), registry: &Embedded) -> Consent {
    let (name, _) = CLINICS[clinic];
    let at = |seconds: u64| jiff::Timestamp::from_second(seconds.cast_signed()).unwrap();
    let id = random(&format!("consent {patient} {clinic}"));
    let host = format!("https://clinic-{clinic}.example");
    serde_json::from_value(json!({
        "kind": carnet_consent::CONSENT_KIND,
        "consent_id": uuid::Builder::from_random_bytes(id[..16].try_into().unwrap()).into_uuid(),
        "decision": "permit",
        "purpose": ["TREAT"],
        "granted": [SCOPES[clinic % SCOPES.len()]],
        "period": { "start": at(period.0), "end": at(period.1) },
        "recipient": { "client_id": format!("x509_hash:clinic-{clinic}"), "name": name, "policy_uri": format!("{host}/policy") },
        "retention": "P30D",
        "onward": "none",
        "request_digest": Digest32(random(&format!("request {patient} {clinic}"))),
        "holder": format!("holder-{patient}-{clinic}"),
        "delivery_digest": Digest32(random(&format!("delivery {patient} {clinic}"))),
        "ledger": { "chain_id": registry.domain().chain_id.to_string(), "registry": registry.domain().registry.to_string() },
    }))
    .unwrap_or_else(|error| panic!("{error}"))
}

/// Everybody gives everything; every tenth takes it back, half of them by the secret alone.
fn observe(folder: &Path, patients: u64, leak: Leak) -> Observed {
    let stores: Vec<Arc<dyn Store>> = (0..3)
        .map(|n| Arc::new(open(&folder.join(format!("{leak:?}-{n}")), EngineKind::default()).unwrap()) as _)
        .collect();
    let registries: Vec<Embedded> = (0_u8..)
        .zip(&stores)
        .map(|(n, store)| Embedded::open(Arc::clone(store), chain_id_from([n; 8]), Arc::new(|| NOW)).unwrap())
        .collect();
    let mut sent = Vec::new();
    let mut words: BTreeSet<String> = [
        "TREAT",
        "AllergyIntolerance",
        "Condition",
        "Observation",
        "patient/",
        "holder-",
        "clinic-",
    ]
    .map(str::to_owned)
    .into();
    for clinic in 0..CLINICS.len() {
        words.insert(CLINICS[clinic].0.to_owned());
        for patient in 0..patients {
            let keys = Keys::new(RootKey::new(random(&format!("root {patient}")).into()));
            let registry = &registries[CLINICS[clinic].1];
            let number = patient % 7 + clinic as u64;
            let dice = u64::from(random(&format!("period {patient} {clinic}"))[0]);
            let start = NOW - NOW % HOUR - if leak == Leak::Minutes { 61 } else { 0 };
            let period = (start, start + HOUR * (24 + dice * 8));
            let consent = consent(patient, clinic, period, registry);
            // Each is searched for in everything: some stand for all.
            if patient < 10 {
                words.insert(consent.consent_id.to_string());
            }
            let salt = Salt(
                random(&format!("salt {patient} {clinic}"))[..16]
                    .try_into()
                    .unwrap(),
            );
            let (mut key, mut grant) = keys.ledger_grant(number, &consent, &salt);
            match leak {
                Leak::OneKey => {
                    key = keys.derive_ledger_key(0);
                    grant.subject = carnet_ledger::address_of(&key);
                }
                Leak::OneSecret => {
                    grant.revoke_hash = carnet_ledger::revoke_hash(&keys.derive_revocation_secret(0));
                }
                Leak::Name => put(&mut grant.commitment, CLINICS[clinic].0),
                Leak::Scope => put(&mut grant.commitment, SCOPES[clinic % SCOPES.len()]),
                Leak::None | Leak::Minutes | Leak::Seconds => {}
            }
            let domain = registry.domain();
            let id = grant_id(&domain, &grant);
            let signature = sign_grant(&domain, &grant, &key);
            registry.grant(&grant, &signature).unwrap();
            let mut all = vec![
                id.to_vec(),
                grant.subject.0.to_vec(),
                grant.commitment.to_vec(),
                grant.revoke_hash.to_vec(),
                signature.to_vec(),
            ];
            if patient % 10 == 0 && leak == Leak::None {
                let secret = *keys.derive_revocation_secret(number);
                let proof = if patient % 20 == 0 {
                    all.push(secret.to_vec());
                    Proof::Secret(secret)
                } else {
                    let signature = sign_revocation(&domain, &id, &key);
                    all.push(signature.to_vec());
                    Proof::Signature(signature)
                };
                registry.revoke(&grant, &proof).unwrap();
            }
            sent.push(Sent(all));
        }
    }
    let mut stored = Vec::new();
    for store in &stores {
        store
            .scan(b"", &mut |key, value| {
                stored.extend([key, b"\0", value, b"\0"].concat());
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    let events: Vec<Event> = registries
        .iter()
        .flat_map(|registry| registry.events(0, usize::MAX).unwrap().events)
        .collect();
    Observed {
        sent,
        entries: events.iter().map(|event| entry(event, leak)).collect(),
        events,
        stored,
        words,
    }
}

/// As the log has it.
fn entry(event: &Event, leak: Leak) -> Vec<u8> {
    let entry = entry_of(event);
    if leak != Leak::Seconds {
        return entry;
    }
    let text = String::from_utf8(entry).unwrap();
    let (said, _) = text.trim_end().rsplit_once('\n').unwrap();
    format!("{said}\n{}\n", event.recorded.time).into_bytes()
}

fn put(commitment: &mut [u8; 32], text: &str) {
    let text = &text.as_bytes()[..text.len().min(32)];
    commitment[..text.len()].copy_from_slice(text);
}

fn attack(observed: &Observed) -> BTreeSet<Found> {
    let mut found = BTreeSet::new();
    let mut seen: HashMap<[u8; WINDOW], usize> = HashMap::new();
    for (grant, Sent(fields)) in observed.sent.iter().enumerate() {
        for window in fields.iter().flat_map(|field| field.windows(WINDOW)) {
            let before = *seen.entry(window.try_into().unwrap()).or_insert(grant);
            if before != grant {
                found.insert(Found::Linked);
            }
        }
    }
    for event in &observed.events {
        if event.grant.not_before % HOUR != 0 || event.grant.expiry % HOUR != 0 {
            found.insert(Found::Minute);
        }
    }
    let shown: Vec<u8> = [observed.stored.as_slice(), &observed.entries.concat()].concat();
    for word in &observed.words {
        if memmem::find(&shown, word.as_bytes()).is_some()
            || memmem::find(&shown, hex::encode(word).as_bytes()).is_some()
        {
            found.insert(Found::Read);
        }
    }
    for (entry, event) in observed.entries.iter().zip(&observed.events) {
        let text = str::from_utf8(entry).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let id = hex::encode(event.grant_id);
        let says = lines.len() == 5
            && lines[0] == "carnet-operation-v1"
            && ["grant", "revoke"].contains(&lines[1])
            && lines[2] == id
            && lines[3].parse() == Ok(event.recorded.sequence)
            && lines[4]
                .parse()
                .is_ok_and(|time: u64| time.abs_diff(event.recorded.time) < HOUR);
        if !says {
            found.insert(Found::Entry);
        }
        if lines
            .last()
            .is_none_or(|time| time.parse().map_or(true, |time: u64| !time.is_multiple_of(HOUR)))
        {
            found.insert(Found::Minute);
        }
    }
    found
}

fn folder() -> tempfile::TempDir {
    // In memory where there is such a folder: it is about what is written, not about the disk.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

#[test]
fn of_a_thousand_patients_at_five_clinics_no_two_grants_can_be_linked_or_read() {
    let folder = folder();
    let observed = observe(folder.path(), 1_000, Leak::None);
    assert_eq!(observed.sent.len(), 5_000);
    assert_eq!(observed.events.len(), 5_500);
    assert_eq!(attack(&observed), BTreeSet::new());
}

#[test]
fn the_same_observer_finds_each_carelessness() {
    let folder = folder();
    for (leak, expected) in [
        (Leak::OneKey, Found::Linked),
        (Leak::OneSecret, Found::Linked),
        (Leak::Name, Found::Read),
        (Leak::Scope, Found::Read),
        (Leak::Minutes, Found::Minute),
        (Leak::Seconds, Found::Minute),
    ] {
        let found = attack(&observe(folder.path(), 12, leak));
        assert!(found.contains(&expected), "{leak:?}: {found:?}");
    }
}
