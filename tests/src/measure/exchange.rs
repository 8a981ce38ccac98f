//! Reading a question, checking an answer, and a station with a thousand questions open while one of them is flooded.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use carnet_consent::{Consent, Digest32, GrantId, Salt, Scope};
use carnet_credentials::{
    jwk::PublicKey,
    signature::{self, Signer},
};
use carnet_exchange::{
    EncryptionKey, RequestLink, RequestUriMethod, RootKey, TrustList,
    answer::{self, AskedOf, CarnetPart, GrantTuple, Session},
    client_id_of,
    dcql::Query,
    delivery,
    hpke::HpkeSecret,
    request::{self, RequestParts},
    trust,
};
use jiff::{SignedDuration, Timestamp};
use p256::{SecretKey, ecdsa::SigningKey};
use serde_json::json;

use super::{cpu_each, line};
use crate::{Desk, Station, processes::Trouble};

const ORIGIN: &str = "https://127.0.0.1:8443";
const ALLERGIES: &str = "patient/AllergyIntolerance.rs";
const SESSIONS: usize = 1_000;
const SAMPLES: usize = 150;

/// A defect in a benchmark's own set-up.
fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble(error.to_string())
}

pub(super) fn print() -> Result<(), Trouble> {
    checks()?;
    flood()
}

fn key(seed: u8) -> Result<SigningKey, Trouble> {
    SigningKey::from_slice(&[seed; 32]).map_err(trouble)
}

fn secret(seed: u8) -> Result<SecretKey, Trouble> {
    SecretKey::from_slice(&[seed; 32]).map_err(trouble)
}

/// Pure checks, beside the bare signatures that stand in them.
fn checks() -> Result<(), Trouble> {
    let now: Timestamp = "2026-12-01T10:20:00Z".parse().map_err(trouble)?;
    let (clinic, root, holder) = (key(1)?, key(2)?, key(3)?);
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(
        &rustls::pki_types::PrivatePkcs8KeyDer::from(
            p256::pkcs8::EncodePrivateKey::to_pkcs8_der(&clinic)
                .map_err(trouble)?
                .as_bytes(),
        ),
        &rcgen::PKCS_ECDSA_P256_SHA256,
    )
    .map_err(trouble)?;
    let certificate = rcgen::CertificateParams::new(Vec::new())
        .and_then(|params| params.self_signed(&pair))
        .map_err(trouble)?
        .der()
        .to_vec();
    let client_id = client_id_of(&certificate);
    let ledger =
        json!({ "chain_id": "7305881234", "registry": "0x00000000000000000000000000000000c0a51e27" });
    let list: TrustList = serde_json::from_value(json!({
        "version": 1, "issued": "2026-11-30T08:00:00Z", "expires": "2027-02-28T08:00:00Z",
        "authority": "Authority", "development": true,
        "entries": [{
            "id": "northgate", "name": "Northgate Clinic", "client_ids": [client_id], "origins": [ORIGIN],
            "purposes": ["TREAT"], "roles": ["verifier"],
            "registries": [{
                "chain_id": ledger["chain_id"], "address": ledger["registry"], "finality_seconds": 0,
                "endpoints": [format!("{ORIGIN}/ledger")], "kind": "embedded",
            }],
        }],
    }))
    .map_err(trouble)?;
    let signed_list = trust::sign(&list, &root).map_err(trouble)?;
    let pinned = RootKey::from(&root.public());

    let hpke = HpkeSecret::from_bytes(&[4; 32]).map_err(trouble)?;
    let (answer_secret, delivery_secret) = (secret(5)?, secret(6)?);
    let jwk = |key: &SecretKey, kid: &str| EncryptionKey::new(key.public_key(), Some(kid.to_owned()));
    let consent_request = serde_json::from_value(json!({
        "consent_id": "0190b6c2-4c2e-7a51-9d35-6f8a1e2b3c4d", "credential_ids": ["holder"], "purpose": ["TREAT"],
        "items": [{ "scope": ALLERGIES, "required": true }],
        "period": { "start": "2026-12-01T10:00:00Z", "end": "2026-12-31T10:00:00Z" },
        "recipient": { "client_id": client_id, "name": "Northgate", "policy_uri": format!("{ORIGIN}/policy") },
        "retention": "P30D", "onward": "none",
        "delivery": {
            "uri": format!("{ORIGIN}/delivery"), "jwk": jwk(&delivery_secret, "records").to_jwk(),
            "hpke": hpke.public().to_jwk(),
        },
        "manage": { "uri": format!("{ORIGIN}/manage") }, "ledger": ledger,
    }))
    .map_err(trouble)?;
    let response_uri = format!("{ORIGIN}/response").parse().map_err(trouble)?;
    let query = Query {
        credentials: vec![request::holder_query()],
        sets: Vec::new(),
    };
    let parts = RequestParts {
        response_uri: &response_uri,
        nonce: "q8V2mPz0xYd3Jt5rKw7uNc1LbSf4GhEa9XoQe6TiRlM",
        state: "Zk3vT9sWq1LmX7cRb5YpDg",
        issued: now,
        expires: now + SignedDuration::from_mins(5),
        encryption_key: &jwk(&answer_secret, "answer"),
        query: &query,
        consent: Some(&consent_request),
        statement: None,
    };
    let signed = request::sign(&parts, &clinic, certificate.as_slice());
    let link = RequestLink {
        client_id: client_id.clone(),
        request_uri: format!("{ORIGIN}/request").parse().map_err(trouble)?,
        method: RequestUriMethod::Get,
    };
    let inspect = || {
        let list = trust::open_held(&signed_list, &pinned).map_err(trouble)?;
        request::verify(&signed.compact, &link, &list, now).map_err(trouble)
    };
    let verified = inspect()?;
    println!("a question is {} bytes", signed.compact.len());
    let message = signed.compact.as_bytes();
    let (public, bare_signature) = (clinic.public(), clinic.sign(message));
    let bare = cpu_each(5, 200, || signature::verifies(&public, message, &bare_signature));
    line(
        "inspect: trust list and question checked",
        cpu_each(5, 100, inspect),
        bare * 2,
        "at most 20 ms",
    );

    let asked = verified.consent.as_ref().ok_or_else(|| trouble("no consent"))?;
    let records = vec![b' '; 100_000];
    let seal = || delivery::seal(&records, &asked.delivery_key, &verified.digest, &[7; 64]).map_err(trouble);
    let sealed = seal()?;
    let jwe_key = EncryptionKey::new(delivery_secret.public_key(), None);
    let by_jwe = || {
        carnet_exchange::jwe::encrypt(
            &records,
            &jwe_key,
            &answer_secret,
            [7; 12],
            serde_json::Map::new(),
        )
    };
    line(
        "seal 100 kB: HPKE X-Wing beside ECDH-ES",
        cpu_each(5, 50, seal),
        cpu_each(5, 50, by_jwe),
        "",
    );

    let granted: Vec<Scope> = vec![ALLERGIES.parse().map_err(trouble)?];
    let consent = Consent::from_request(
        &consent_request,
        &granted,
        Digest32(verified.digest),
        PublicKey::from(&holder).thumbprint_text(),
        delivery::digest(&sealed),
    );
    let salt = Salt([8; 16]);
    let seconds = |time: Timestamp| time.as_second().unsigned_abs();
    let part = CarnetPart {
        grant: GrantTuple {
            subject: [9; 20],
            commitment: consent.commitment(&salt).0,
            not_before: seconds(consent.period.start),
            expiry: seconds(consent.period.end),
            revoke_hash: [10; 32],
        },
        signature: [0x1b; 65],
        salt,
        consent,
    };
    let id = GrantId([11; 32]);
    let presentation =
        answer::build_presentation(&verified, &part.consent, &id, &holder, now).map_err(trouble)?;
    let presentations = [(asked.holder_query.clone(), vec![presentation])].into();
    let jwe =
        answer::seal(&verified, &presentations, Some(&part), &secret(12)?, [13; 12]).map_err(trouble)?;
    let session = Session {
        client_id: &client_id,
        nonce: parts.nonce,
        state: parts.state,
        request_digest: verified.digest,
        query: &query,
        consent: Some(AskedOf {
            holder_query: &asked.holder_query,
            transaction_data: &asked.transaction_data,
            request: &asked.request,
        }),
        statement: None,
        list: None,
    };
    let check = || {
        let opened = answer::open(&jwe, &answer_secret).map_err(trouble)?;
        answer::check(opened, &session, |_| id, now).map_err(trouble)
    };
    check()?;
    let ours = cpu_each(5, 100, check);
    line(
        "the station opens and checks a whole answer",
        ours,
        bare * 2,
        "at least 150/s a core",
    );
    println!(
        "    that is {:.0} answers/s on one core",
        1.0 / ours.as_secs_f64()
    );
    Ok(())
}

/// A real station: a thousand questions open, then one of them asked for without end from another address.
fn flood() -> Result<(), Trouble> {
    let folder = tempfile::tempdir().map_err(trouble)?;
    let station = Station::start(folder.path(), "Northgate Clinic")?;
    let desk = Desk::at(&station)?;
    let mut addresses = Vec::with_capacity(SESSIONS);
    let begun = Instant::now();
    for _ in 0..SESSIONS {
        let asked = desk.ask("TREAT", &[(ALLERGIES, true)], 3)?;
        let link: RequestLink = asked["uri"]
            .as_str()
            .unwrap_or_default()
            .parse()
            .map_err(trouble)?;
        addresses.push(link.request_uri.to_string());
    }
    println!(
        "{SESSIONS} questions open at once, asked in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(trouble)?;
    runtime.block_on(async {
        let (patient, flooder) = (client([127, 0, 0, 1].into())?, client([127, 0, 0, 2].into())?);
        let idle = latency(&patient, &addresses[1..]).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let (sent, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (flooder, address) = (flooder.clone(), addresses[0].clone());
                let (stop, sent, refused) = (Arc::clone(&stop), Arc::clone(&sent), Arc::clone(&refused));
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        sent.fetch_add(1, Ordering::Relaxed);
                        if let Ok(response) = flooder.get(&address).send().await
                            && response.status().as_u16() == 429
                        {
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        // Until its burst is used up it is a busy clinic, not a flood.
        while refused.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let busy = latency(&patient, &addresses[1..]).await?;
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.map_err(trouble)?;
        }
        println!(
            "    flood on one question: {} requests, {} refused (the flooder shares the processors)",
            sent.load(Ordering::Relaxed),
            refused.load(Ordering::Relaxed)
        );
        line(
            "the other questions, median latency: flooded, idle",
            busy,
            idle,
            "under 2",
        );
        Ok(())
    })
}

fn client(from: IpAddr) -> Result<reqwest::Client, Trouble> {
    reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy()
        .local_address(from)
        .timeout(Duration::from_secs(20))
        .build()
        .map_err(trouble)
}

/// The median over questions fetched one after the other, below the rate that one address may have.
async fn latency(client: &reqwest::Client, addresses: &[String]) -> Result<Duration, Trouble> {
    let mut times = Vec::with_capacity(SAMPLES);
    for address in addresses.iter().cycle().take(SAMPLES) {
        let begun = Instant::now();
        let response = client.get(address).send().await.map_err(trouble)?;
        let status = response.status().as_u16();
        response.bytes().await.map_err(trouble)?;
        if status != 200 {
            return Err(Trouble(format!("a question was answered with {status}")));
        }
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(12)).await;
    }
    times.sort();
    Ok(times[SAMPLES / 2])
}
