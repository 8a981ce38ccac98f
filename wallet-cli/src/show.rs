//! Codes that the patient shows: "ask me", and "here is my consent".

use std::time::Duration;

use carnet_wallet_core::{
    Wallet,
    views::{OfferStateView, ShownCode},
};
use serde_json::{Value, json};

use crate::{answers::Answer, arguments::OfferArguments, failure::Failure};

/// How often the clinic is asked whether its question is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn offer(wallet: &Wallet, offer: OfferArguments) -> Result<Answer, Failure> {
    match (offer.to, offer.look) {
        (Some(party), _) => {
            let shown = wallet.show_offer(&party)?;
            Ok(code(
                &shown,
                &format!(
                    "Show this code at {}. When they have scanned it: carnet offer --look {} --wait",
                    shown.verifier.name, shown.code_id
                ),
            ))
        }
        (None, Some(code_id)) => loop {
            let state = wallet.offer_state(&code_id).await?;
            if !offer.wait || state.state != "waiting" {
                return Ok(found(&state));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        },
        (None, None) => Err(Failure::here(
            "nothing_to_show",
            "It was not said whom the code is for.",
            "Name a clinic with --to; `carnet trust show` lists them.",
        )),
    }
}

pub(crate) fn pass(wallet: &Wallet, id: &str) -> Result<Answer, Failure> {
    let shown = wallet.show_pass(id)?;
    let text = format!(
        "Show this code at {}: it opens this one consent.",
        shown.verifier.name
    );
    Ok(code(&shown, &text))
}

fn code(shown: &ShownCode, text: &str) -> Answer {
    let picture = carnet_wallet_core::code_for_terminal(&shown.uri).unwrap_or_default();
    let mut json = json!({
        "uri": shown.uri,
        "expires": shown.expires,
        "verifier": shown.verifier,
    });
    if !shown.code_id.is_empty() {
        json["id"] = Value::from(shown.code_id.as_str());
    }
    Answer::new(
        &json,
        format!(
            "{picture}\n{}\n\n{text}\nGood until {}.",
            shown.uri, shown.expires
        ),
    )
}

fn found(state: &OfferStateView) -> Answer {
    let text = match (state.state.as_str(), &state.request_id) {
        ("question", Some(id)) => format!("Their question has come. See it with: carnet inspect {id}"),
        ("expired", _) => "This code has run out. Show a new one.".to_owned(),
        _ => "Nothing has come yet.".to_owned(),
    };
    Answer::new(&json!(state), text)
}
