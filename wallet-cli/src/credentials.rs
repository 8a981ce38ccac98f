//! `carnet credentials`: cards that others issued, and receipts of consents.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use carnet_wallet_core::{
    ReceiptForm, Wallet,
    views::{CardLine, CardView, TakenCardView},
};
use serde_json::{Value, json};

use crate::{
    answers::Answer, arguments::CredentialsCommand, failure::Failure, issuance, plain, rescue::write_private,
};

/// More of a file is not read: no card is that long.
const LONGEST: u64 = 1 << 20;

pub(crate) async fn run(wallet: &Wallet, command: CredentialsCommand) -> Result<Answer, Failure> {
    match command {
        CredentialsCommand::Issue { consent, form, out } => issue(wallet, &consent, form, out),
        CredentialsCommand::List => {
            let cards = wallet.cards()?;
            Ok(Answer::new(&json!({ "cards": cards }), list(&cards)))
        }
        CredentialsCommand::Show { id } => {
            let card = wallet.card(&id)?;
            Ok(Answer::new(&json!(card), whole(&card)))
        }
        CredentialsCommand::Check { id } => {
            let card = wallet.look_up_card(&id).await?;
            Ok(Answer::new(&json!(card), whole(&card)))
        }
        CredentialsCommand::Offer { uri } => issuance::offer(wallet, &uri).await,
        CredentialsCommand::Accept { uri, pin_file } => {
            issuance::accept(wallet, &uri, pin_file.as_deref()).await
        }
        CredentialsCommand::SignIn { uri } => issuance::sign_in(wallet, &uri).await,
        CredentialsCommand::Refill { id } => issuance::refill(wallet, &id).await,
        CredentialsCommand::Import { card } => {
            let taken = wallet.import_credential(&bytes_of(&card)?)?;
            Ok(Answer::new(&json!(taken), arrived(&taken)))
        }
        CredentialsCommand::Remove { id } => {
            wallet.remove_card(&id)?;
            Ok(Answer::new(
                &json!({ "removed": true }),
                "The card is removed, with all its copies. Whoever saw it may still have what it said."
                    .to_owned(),
            ))
        }
    }
}

fn issue(wallet: &Wallet, consent: &str, form: ReceiptForm, out: Option<PathBuf>) -> Result<Answer, Failure> {
    let issued = wallet.issue_receipt(consent, form)?;
    let mut json = json!({ "form": form.as_str(), "verifier": issued.verifier });
    let plain = if let Some(file) = out {
        write_private(&file, &issued.bytes).map_err(|error| {
            Failure::here(
                "unwritable_file",
                format!("{} can't be written: {error}", file.display()),
                "Choose another place, where no file of that name is.",
            )
        })?;
        json["file"] = json!(file);
        format!(
            "The receipt of what you agreed with {} is in {}. That copy is not sealed.",
            issued.verifier,
            file.display()
        )
    } else {
        let text = String::from_utf8_lossy(&issued.bytes).into_owned();
        match serde_json::from_str::<Value>(&text) {
            Ok(receipt) => json["receipt"] = receipt,
            Err(_) => json["text"] = text.as_str().into(),
        }
        text
    };
    Ok(Answer::new(&json, plain))
}

/// A file of this name, or the text itself. A card's text is no file name: it is longer than one can be.
fn bytes_of(card: &str) -> Result<Vec<u8>, Failure> {
    let path = Path::new(card);
    if card.len() > 255 && !path.is_file() {
        return Ok(card.as_bytes().to_vec());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::here(
                "unreadable_file",
                format!("{} can't be read: {error}", path.display()),
                "Check the name and try again.",
            )
        })?;
    Ok(bytes)
}

pub(crate) fn list(cards: &[CardLine]) -> String {
    if cards.is_empty() {
        return "There are no cards.".to_owned();
    }
    let mut text = String::new();
    for card in cards {
        let _ = writeln!(
            text,
            "{:<8}  {}  {}  {}",
            plain::short(&card.id, 8),
            card.title,
            issuer(card),
            standing(card)
        );
    }
    text
}

pub(crate) fn whole(card: &CardView) -> String {
    let line = &card.line;
    let mut text = format!("{}\n{}\n{}\n", line.title, issuer(line), standing(line));
    for claim in &card.claims {
        let _ = writeln!(text, "  {}: {}", claim.label, claim.value);
    }
    if line.says.is_some() {
        text.push_str("It proves that something holds, without showing what it says here.\n");
    }
    text.push_str(if card.bound {
        "Only you can show it: it is bound to a key of this wallet.\n"
    } else {
        "Whoever has a copy can show it: it is bound to nobody's key.\n"
    });
    text
}

fn arrived(taken: &TakenCardView) -> String {
    let what = if taken.already_here {
        "This very copy was here already."
    } else {
        "The card is genuine and is kept."
    };
    format!("{what}\n{}", list(std::slice::from_ref(&taken.card)))
}

fn issuer(card: &CardLine) -> String {
    match &card.issuer.name {
        Some(name) => format!("by {name}"),
        None if card.issuer.own => "by you".to_owned(),
        None => "by somebody who is not on your list".to_owned(),
    }
}

/// Of a card that proves something: its copies come and go in a few days.
fn copies_left(card: &CardLine, says: &str) -> String {
    let last = card.until.as_deref().and_then(plain::last_day);
    let left = match (card.copies, last) {
        (0, _) if card.refillable => format!(
            "fetch new copies: `carnet credentials refill {}`",
            plain::short(&card.id, 8)
        ),
        (0, _) => "its copies are used up or over, and its issuer gives no more".to_owned(),
        (left, Some(last)) => format!("shown once each, {left} left, until the end of {last}"),
        (left, None) => format!("shown once each, {left} left"),
    };
    format!("{says}; {left}")
}

fn standing(card: &CardLine) -> String {
    if let Some(says) = &card.says {
        return copies_left(card, says);
    }
    let day = |time: &Option<String>| time.as_deref().map(|time| plain::day(time).to_owned());
    let mut said = vec![
        match (card.validity.as_str(), day(&card.from), day(&card.until)) {
            ("expired", _, Some(until)) => format!("expired on {until}"),
            ("not_yet", Some(from), _) => format!("not valid before {from}"),
            (_, _, Some(until)) => format!("valid until {until}"),
            _ => "valid without an end".to_owned(),
        },
    ];
    said.push(match (card.status.state.as_str(), day(&card.status.as_of)) {
        ("revoked", _) => "taken back".to_owned(),
        ("valid", Some(when)) => format!("not taken back, as its issuer said on {when}"),
        ("valid", None) => "not taken back".to_owned(),
        ("suspended", _) => "paused by its issuer".to_owned(),
        ("ended", _) => "what it speaks of has ended".to_owned(),
        ("none", _) => "can't be taken back".to_owned(),
        (_, Some(since)) => format!("whether it was taken back is not checked since {since}"),
        _ => "whether it was taken back is not checked".to_owned(),
    });
    if card.copies > 1 {
        said.push(format!("{} copies left", card.copies));
    }
    said.join("; ")
}
