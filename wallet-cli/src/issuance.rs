//! `carnet credentials offer|accept|sign-in|refill`: cards that an organisation issues into this wallet.

use std::{fmt::Write as _, path::Path};

use carnet_wallet_core::{
    Wallet,
    views::{AcceptedView, CardOfferView},
};
use serde_json::json;

use crate::{answers::Answer, credentials, doors, failure::Failure};

/// Shows who offers what. Takes nothing.
pub(crate) async fn offer(wallet: &Wallet, uri: &str) -> Result<Answer, Failure> {
    let view = read(wallet, uri).await?;
    Ok(Answer::new(&json!(view), shown(&view)))
}

/// Takes what is offered. The issuer is looked up before a PIN is asked for.
pub(crate) async fn accept(wallet: &Wallet, uri: &str, pin_file: Option<&Path>) -> Result<Answer, Failure> {
    let view = read(wallet, uri).await?;
    let pin = match (&view.pin, pin_file) {
        (None, _) => None,
        (Some(_), Some(file)) => Some(doors::first_line(file)?.to_string()),
        (Some(_), None) => {
            eprintln!("{}", shown(&view));
            Some(doors::ask("PIN: ", "Give it with --pin-file FILE.")?.to_string())
        }
    };
    let accepted = wallet.accept_card_offer(&view.offer_id, pin).await?;
    Ok(Answer::new(&json!(accepted), taken(&view, &accepted)))
}

/// Takes what is offered by signing in at the issuer's page: says where that is, and waits until the browser comes back.
pub(crate) async fn sign_in(wallet: &Wallet, uri: &str) -> Result<Answer, Failure> {
    let view = read(wallet, uri).await?;
    let begun = wallet.begin_sign_in(&view.offer_id).await?;
    eprintln!(
        "{}Open this page in a browser on this machine:\n{}",
        shown(&view),
        begun.url
    );
    let accepted = wallet.finish_sign_in(&view.offer_id).await?;
    Ok(Answer::new(&json!(accepted), taken(&view, &accepted)))
}

/// Fills a card up with fresh copies.
pub(crate) async fn refill(wallet: &Wallet, id: &str) -> Result<Answer, Failure> {
    let card = wallet.refill_card(id).await?;
    Ok(Answer::new(&json!(card), credentials::whole(&card)))
}

/// An offer by its code, or by its id already.
async fn read(wallet: &Wallet, uri: &str) -> Result<CardOfferView, Failure> {
    if !uri.contains(':') {
        return Ok(wallet.card_offer(uri)?);
    }
    let opened = wallet.open_code(uri).await?;
    if opened.kind != "card_offer" {
        return Err(Failure::here(
            "not_a_card_offer",
            "This code asks you something; it offers no card. Nothing was answered.",
            "Look at it with `carnet inspect`.",
        ));
    }
    Ok(wallet.card_offer(&opened.id)?)
}

fn shown(view: &CardOfferView) -> String {
    let mut text = format!("{} offers you:\n", view.issuer.name);
    for card in &view.cards {
        let _ = writeln!(text, "  {}", card.title);
        if !card.describes.is_empty() {
            let _ = writeln!(text, "    {}", card.describes.join(", "));
        }
        if card.proves {
            text.push_str("    It proves that something holds, without showing the value. ");
            text.push_str("Each copy is shown once and is over within a week; new ones are fetched.\n");
        } else if card.single_use {
            text.push_str("    It comes as several copies; each is shown once.\n");
        }
    }
    let _ = writeln!(text, "{} vouches for that name.", view.issuer.vouched_by);
    if view.development {
        text.push_str("This list of organisations is one for trying out: nobody in it was vetted.\n");
    }
    match &view.pin {
        Some(pin) => {
            let hint = pin
                .hint
                .as_deref()
                .map(|hint| format!(" ({hint})"))
                .unwrap_or_default();
            let _ = writeln!(text, "Taking it needs the PIN that came with the code{hint}.");
        }
        None if view.sign_in => text.push_str("Taking it needs a sign-in at their page.\n"),
        None => {}
    }
    text
}

fn taken(view: &CardOfferView, accepted: &AcceptedView) -> String {
    let mut text = String::new();
    if !accepted.cards.is_empty() {
        let _ = writeln!(text, "{} issued you:", view.issuer.name);
        text.push_str(&credentials::list(&accepted.cards));
    }
    if accepted.waiting {
        text.push_str("The issuer has to look at it first. `carnet sync` fetches it later.\n");
    }
    text
}
