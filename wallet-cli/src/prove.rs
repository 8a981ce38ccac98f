//! `carnet prove`: answers a counter's code with a code, without a network.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
};

use carnet_wallet_core::{
    Wallet,
    views::{ChallengeView, CounterAnswerView},
};
use serde_json::json;

use crate::{
    answers::Answer,
    arguments::{Common, ProveArguments},
    backup::write_new,
    doors,
    failure::Failure,
    statements,
};

pub(crate) async fn run(wallet: &Wallet, common: &Common, prove: ProveArguments) -> Result<Answer, Failure> {
    let text = match (prove.text, prove.picture) {
        (Some(text), _) => text,
        (None, Some(picture)) => Wallet::read_code(&doors::read_file(&picture)?)?,
        (None, None) => String::new(),
    };
    let opened = wallet.open_code(&text).await?;
    if opened.kind != "challenge" {
        return Err(Failure::here(
            "not_a_challenge",
            "This code is not a counter's question. Nothing was answered.",
            "Look at it with `carnet inspect`, or at an offer of cards with `carnet credentials offer`.",
        ));
    }
    let view = wallet.challenge(&opened.id)?;
    let card = match prove.card {
        Some(card) => card,
        None => only_card(&view)?,
    };
    if !prove.yes && !agreed(common, &view)? {
        return Err(Failure::here(
            "not_confirmed",
            "Nothing was shown.",
            "Type yes, or give --yes. If you don't want to, you need do nothing more.",
        ));
    }
    let answer = wallet.answer_challenge(&opened.id, &card).await?;
    if let Some(file) = &prove.out {
        write_new(file, answer.svg.as_bytes())?;
    }
    let mut json = json!(answer);
    json["asked"] = json!(view);
    Ok(Answer::new(&json, shown(&view, &answer)))
}

/// The card that can show it, where there is no choice.
fn only_card(view: &ChallengeView) -> Result<String, Failure> {
    let options = &view.statement.options;
    let mut able = options.iter().filter(|option| option.holds && option.copies > 0);
    match (able.next(), able.next()) {
        (Some(option), None) => Ok(option.card.clone()),
        // Why it can't be shown is said by the core.
        (None, _) => Ok(options
            .first()
            .map(|option| option.card.clone())
            .unwrap_or_default()),
        (Some(_), Some(_)) => Err(Failure::here(
            "which_card",
            asked(view),
            "Several cards can show it: choose one with --card ID.",
        )),
    }
}

fn agreed(common: &Common, view: &ChallengeView) -> Result<bool, Failure> {
    let nobody = || {
        Failure::here(
            "not_confirmed",
            "Nobody could be asked. Nothing was shown.",
            "Give --yes if it is to be shown.",
        )
    };
    if common.json || !std::io::stdin().is_terminal() {
        return Err(nobody());
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{}Type yes to show it: ", asked(view))
        .and_then(|()| terminal.flush())
        .map_err(|_| nobody())?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|_| nobody())?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}

/// Who asks, as they stand in a list of that age, and what they would learn.
fn asked(view: &ChallengeView) -> String {
    let mut text = format!("{} asks, without a network.\n", view.verifier.name);
    let _ = writeln!(
        text,
        "{} vouches for that name, by a list of {}{}.",
        view.verifier.vouched_by,
        view.list_issued,
        if view.list_expired {
            " that has expired: get a new one when there is a network"
        } else {
            ""
        }
    );
    if view.development {
        text.push_str("This list of organisations is one for trying out: nobody in it was vetted.\n");
    }
    statements::asked(&view.statement, &mut text);
    for option in view.statement.options.iter().filter(|option| option.copies == 0) {
        let _ = writeln!(
            text,
            "    {}: no copy of today, and without a network only those count; `carnet credentials refill {}` fetches some",
            option.title, option.card
        );
    }
    text
}

fn shown(view: &ChallengeView, answer: &CounterAnswerView) -> String {
    let picture = carnet_wallet_core::code_for_terminal(&answer.uri).unwrap_or_default();
    format!(
        "{picture}\n{}\n\nShow this code at {}. Their screen and you must see the same four digits: {}\nGood until {}.",
        answer.uri, view.verifier.name, answer.digits, answer.expires
    )
}
