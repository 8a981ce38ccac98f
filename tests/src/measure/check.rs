//! From the patient's tap until the pharmacy sees YES: a real station, a wallet on disk, loopback TLS.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{fs, time::Instant};

use carnet_wallet_core::{
    Choice, ChosenCard, Clock, Wallet,
    vault::{KdfChoice, Passphrase},
};
use serde_json::{Value, json};

use super::thread_cpu;
use crate::{Desk, Station, processes::Trouble};

const ROUNDS: usize = 15;

fn trouble(error: impl std::fmt::Display) -> Trouble {
    Trouble(error.to_string())
}

pub(super) fn print() -> Result<(), Trouble> {
    let home = tempfile::tempdir().map_err(trouble)?;
    let station = Station::start_as(&home.path().join("station"), "Corner Pharmacy", "pharmacy,issuer")?;
    let desk = Desk::at(&station)?;
    // One thread, so that its processor time is the wallet's.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(trouble)?;
    let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
    let passphrase = Passphrase::new("a lamp, two boats and the long road".to_owned());
    let made =
        Wallet::create(&home.path().join("vault"), &passphrase, kdf, Clock::system()).map_err(trouble)?;
    let wallet = made.wallet;
    let list = fs::read(&station.trust_list).map_err(trouble)?;
    wallet.take_trust(&list).map_err(trouble)?;

    let body = json!({ "template": "proof-of-age", "claims": { "birth_date": "1950-06-01" } });
    let offer = good(&desk, "/api/cards/offers", &body)?;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let opened = runtime
        .block_on(wallet.open_code(&text(&offer, "uri")))
        .map_err(trouble)?;
    let pin = Some(text(&offer, "pin"));
    let accepted = runtime
        .block_on(wallet.accept_card_offer(&opened.id, pin))
        .map_err(trouble)?;
    let card = accepted
        .cards
        .first()
        .map(|card| card.id.clone())
        .unwrap_or_default();

    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let question = json!({ "statement": { "id": "age-at-least", "fields": { "years": 65 } } });
        let asked = good(&desk, "/api/requests", &question)?;
        let view = runtime
            .block_on(wallet.inspect(&text(&asked, "uri")))
            .map_err(trouble)?;
        let chosen = [ChosenCard {
            query: "eligibility".to_owned(),
            card: card.clone(),
        }];
        let (begun, before) = (Instant::now(), thread_cpu());
        let nothing = Choice::Scopes(Vec::new());
        runtime
            .block_on(wallet.answer(&view.request_id, &nothing, &chosen))
            .map_err(trouble)?;
        let spent = thread_cpu().saturating_sub(before);
        while desk.request(&text(&asked, "id"))?["check"]["result"] != "yes" {
            std::thread::yield_now();
        }
        wall.push(begun.elapsed());
        cpu.push(spent);
    }
    wall.sort();
    cpu.sort();
    let ms = |times: &[std::time::Duration], place: usize| {
        times.get(place).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    println!(
        "from the tap to YES on loopback, wall: median {:.1} ms, longest {:.1} ms; the wallet's thread {:.1} ms CPU   ≤ 500 ms",
        ms(&wall, ROUNDS / 2),
        ms(&wall, ROUNDS - 1),
        ms(&cpu, ROUNDS / 2),
    );
    Ok(())
}

fn good(desk: &Desk, path: &str, body: &Value) -> Result<Value, Trouble> {
    match desk.call("POST", path, Some(body))? {
        (200..=299, value) => Ok(value),
        (status, value) => Err(Trouble(format!("{path}: {status} {value}"))),
    }
}
