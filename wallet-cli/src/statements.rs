//! `carnet statements`, and statements that a question asks for.

use std::fmt::Write as _;

use carnet_wallet_core::{
    Wallet,
    views::{ProvableView, StatementAskedView},
};
use serde_json::json;

use crate::{answers::Answer, failure::Failure};

pub(crate) fn run(wallet: &Wallet) -> Result<Answer, Failure> {
    let cards = wallet.statements()?;
    Ok(Answer::new(&json!({ "statements": cards }), list(&cards)))
}

fn list(cards: &[ProvableView]) -> String {
    if cards.is_empty() {
        return "You hold no card that could show something without saying more. `carnet credentials refill` fetches new copies."
            .to_owned();
    }
    let mut text = String::new();
    for card in cards {
        let issuer = card.issuer.name.as_deref().unwrap_or("nobody on your list");
        let _ = writeln!(text, "{} {} by {issuer}", card.card, card.title);
        let _ = writeln!(text, "    shows {}, and not the value", card.proves);
        let _ = writeln!(text, "    it says: {} (only you see this)", card.own_value);
        let until = card.until.as_deref().unwrap_or("-");
        let _ = writeln!(text, "    {} copies, good until {until}", card.copies);
        if !card.issuer_listed {
            text.push_str("    nobody will believe it: its issuer's key is not on your list\n");
        }
    }
    text
}

/// A statement in a question, in words.
pub(crate) fn asked(statement: &StatementAskedView, text: &mut String) {
    let _ = writeln!(
        text,
        "Show: {} (without the value), as --card {}=ID:",
        statement.says, statement.query
    );
    text.push_str("    they learn only:\n");
    for learns in &statement.learns {
        let _ = writeln!(text, "        {learns}");
    }
    match statement.asked_before {
        0 => {}
        before => {
            let _ = writeln!(
                text,
                "    they were shown {before} other limit(s) of this in the last 30 days: together these say more"
            );
        }
    }
    if let Some(until) = &statement.wait_until {
        let _ = writeln!(text, "    can be answered from {until} on");
    }
    if statement.options.is_empty() {
        text.push_str("    you hold no such card\n");
    }
    for option in &statement.options {
        let issuer = option.issuer.name.as_deref().unwrap_or("nobody on your list");
        let last = if option.last_copy { ", the last copy" } else { "" };
        let _ = writeln!(text, "    {} {} by {issuer}{last}", option.card, option.title);
        let holds = if option.holds {
            "it holds"
        } else {
            "it does not hold, and can't be shown"
        };
        let _ = writeln!(text, "        {}: {holds} (only you see this)", option.own_value);
    }
}
