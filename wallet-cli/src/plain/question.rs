//! What a clinic asks.

use std::fmt::Write as _;

use carnet_wallet_core::views::QuestionView;

use super::{day, records::record_line};

pub(crate) fn question(question: &QuestionView) -> String {
    let mut text = format!(
        "{} asks.\nVouched for by {}",
        question.verifier.name, question.verifier.vouched_by
    );
    text.push_str(if question.development {
        " (a development list: nobody has checked them).\n"
    } else {
        ".\n"
    });
    if let (Some(period), Some(days)) = (&question.period, question.retention_days) {
        let _ = writeln!(text, "For: {}", question.purpose.join(", "));
        let _ = writeln!(
            text,
            "May read until {}; keeps a copy for {days} days.\n",
            day(&period.end)
        );
    }
    for item in &question.items {
        let mut marks = vec![if item.required { "needed" } else { "optional" }.to_owned()];
        if item.sensitive {
            marks.push(format!("{} sensitive", item.sensitive_count));
        }
        if item.excess {
            marks.push("more than this purpose needs".to_owned());
        }
        let _ = writeln!(
            text,
            "{}: {} records ({})",
            item.scope,
            item.matching,
            marks.join(", ")
        );
        for line in &item.records {
            let _ = writeln!(text, "    {}", record_line(line));
        }
        for withheld in &item.withheld {
            let why = match withheld.reason.as_str() {
                "outside_period" => "older or newer than asked for",
                _ => "carries more than was asked for",
            };
            let _ = writeln!(text, "    stays home ({why}): {}", record_line(&withheld.record));
        }
    }
    for card in &question.cards {
        let need = if card.required {
            "needed"
        } else {
            "see the choices"
        };
        let _ = writeln!(
            text,
            "{} ({need}), as --card {}=ID:",
            card.kinds.join(" or "),
            card.query
        );
        if !card.issuers.is_empty() {
            let _ = writeln!(text, "    only by {}", card.issuers.join(" or "));
        }
        if card.options.is_empty() {
            text.push_str("    you hold no such card\n");
        }
        for option in &card.options {
            let issuer = option.issuer.name.as_deref().unwrap_or("nobody on your list");
            let last = if option.last_copy { ", the last copy" } else { "" };
            let _ = writeln!(text, "    {} {} by {issuer}{last}", option.card, option.title);
            for claim in &option.shown {
                let _ = writeln!(text, "        {}: {}", claim.label, claim.value);
            }
        }
    }
    for statement in &question.statements {
        crate::statements::asked(statement, &mut text);
    }
    for choice in &question.card_choices {
        let options: Vec<String> = choice.options.iter().map(|ids| ids.join(" with ")).collect();
        let need = if choice.required { "needed" } else { "optional" };
        let _ = writeln!(text, "One of ({need}): {}", options.join(" · "));
    }
    let _ = writeln!(
        text,
        "\nNothing was answered. This question can be answered until {}.",
        question.expires
    );
    text
}
