//! What was answered, who has access, who looked, and what became of taking it back.

use std::{fmt::Write as _, path::Path};

use carnet_wallet_core::views::{
    AnswerView, ConsentLine, ConsentView, ReadView, RevocationView, RevokeAllView, SlipUsedView,
};

use super::{day, groups, short};

pub(crate) fn answered(done: &AnswerView) -> String {
    let code = done.code.as_deref().unwrap_or("-");
    let consent = done.consent_id.as_deref().unwrap_or("-");
    let unconfirmed = done
        .ledger
        .as_ref()
        .is_some_and(|ledger| ledger.status == "unconfirmed");
    match done.state.as_str() {
        "granted" => {
            let status = done
                .ledger
                .as_ref()
                .map_or("unknown", |ledger| ledger.status.as_str());
            let recorded = if status == "pending" {
                "It is being recorded."
            } else {
                "It is recorded."
            };
            format!(
                "You shared {} records. {recorded}\nRead these digits out at the desk: {code}\nTake it back with `carnet consents revoke {consent}`.",
                done.records
            )
        }
        "sending" if unconfirmed => format!(
            "Your answer is on its way to the register, which has not confirmed it yet. Until it has, nothing is shared.\nYou \
             need do nothing: it goes on by itself, and `carnet sync` goes on where this stopped.\nThen the desk asks for these \
             digits: {code}\n`carnet consents revoke {consent}` takes it back."
        ),
        "shown" => format!(
            "You showed {}.\nRead these digits out at the desk: {code}",
            if done.shown == 1 {
                "a card".to_owned()
            } else {
                format!("{} cards", done.shown)
            }
        ),
        "proved" => format!(
            "They were shown that it holds, and nothing of the value.\nThe desk must see these digits on your screen: {code}"
        ),
        _ => format!(
            "Your answer is with them, but it is not yet confirmed, and no record has left.\nRead these digits out at the desk: {code}\n`carnet sync` tries again; `carnet consents revoke {consent}` takes it back."
        ),
    }
}

pub(crate) fn consents(lines: &[ConsentLine]) -> String {
    if lines.is_empty() {
        return "Nobody can see your records.".to_owned();
    }
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(
            text,
            "{:<8}  {:<9}  {}  until {}  {}",
            short(&line.consent_id, 8),
            line.state,
            line.verifier,
            day(&line.end),
            if line.recovered {
                "found after a restore; what was shared is not known".to_owned()
            } else {
                groups(&line.groups)
            }
        );
    }
    text
}

pub(crate) fn consent(view: &ConsentView) -> String {
    let line = &view.line;
    let mut text = format!("{}: {}\n", line.verifier, line.state);
    if line.recovered {
        let _ = writeln!(
            text,
            "From {} until {}.\nFound on the ledger after a restore: what was shared is not known any more. It can be taken back.",
            day(&line.start),
            day(&line.end)
        );
        if let Some(revocation) = &view.revocation {
            let _ = writeln!(text, "{}", revoked(revocation));
        }
        return text;
    }
    let _ = writeln!(
        text,
        "From {} until {}; they keep a copy for {} days.",
        day(&line.start),
        day(&line.end),
        view.retention_days
    );
    let _ = writeln!(text, "For: {}", view.purpose.join(", "));
    let _ = writeln!(
        text,
        "Shared: {} ({} records)",
        groups(&line.groups),
        line.records
    );
    for scope in &view.granted {
        let _ = writeln!(text, "  yes  {scope}");
    }
    for scope in &view.not_granted {
        let _ = writeln!(text, "  no   {scope}");
    }
    if let Some(code) = &view.code {
        let _ = writeln!(text, "Digits for the desk: {code}");
    }
    if let Some(ledger) = &view.ledger {
        let keeper = if ledger.kind == "embedded" {
            ", recorded by the clinic itself"
        } else {
            ""
        };
        let _ = writeln!(text, "Recorded: {}{keeper}", ledger.status);
    }
    if let Some(revocation) = &view.revocation {
        let _ = writeln!(text, "{}", revoked(revocation));
    }
    text.push_str(&reads(&view.reads));
    text
}

pub(crate) fn revoked(done: &RevocationView) -> String {
    let fact = |fact: &str| match fact {
        "confirmed" => "confirmed",
        "handed_in" => "handed in, not yet confirmed",
        _ => "not yet confirmed",
    };
    let mut text = format!(
        "Taken back.\n  On the ledger:    {}\n  By the clinic:    {}\n  Deletion receipt: {}",
        fact(&done.ledger),
        fact(&done.clinic),
        if done.deletion_receipt {
            "here"
        } else {
            "not yet here"
        },
    );
    if done.copied {
        text.push_str("\nThey had copied records into their own file before; that copy is out of reach.");
    }
    if done.state == "revoking" {
        text.push_str("\nWhat is not yet confirmed is tried again by `carnet sync`.");
    }
    text
}

pub(crate) fn reads(reads: &[ReadView]) -> String {
    if reads.is_empty() {
        return "Nobody has looked yet, as far as they report.".to_owned();
    }
    let mut text = String::new();
    for read in reads {
        let proof = match read.proof.as_str() {
            "proven" => "proven in the clinic's log",
            "broken" => "THE CLINIC'S LOG DOES NOT FIT WHAT WAS KNOWN OF IT",
            _ => "not proven",
        };
        let _ = writeln!(text, "{}  {}: {} ({proof})", read.when, read.who, read.what);
    }
    text + "This proves that what is listed was not changed afterwards, not that everything is listed."
}

pub(crate) fn revoked_all(view: &RevokeAllView) -> String {
    if view.consents.is_empty() {
        return "There was nothing to take back: nobody can see your records.".to_owned();
    }
    let mut text = String::new();
    for line in &view.consents {
        let how = if line.revocation.state == "revoked" {
            "taken back, confirmed"
        } else {
            "taken back, not yet confirmed"
        };
        let _ = writeln!(
            text,
            "{:<8}  {}  {how}",
            short(&line.consent_id, 8),
            line.verifier
        );
    }
    if view.waiting > 0 {
        let _ = write!(
            text,
            "{} not yet confirmed everywhere; `carnet sync` tries again until they are.",
            view.waiting
        );
    }
    text
}

pub(crate) fn slip_used(view: &SlipUsedView) -> String {
    let mut text = format!(
        "Taken back. The ledger at {} says so, as of {}.\n",
        view.place, view.as_of
    );
    if view.already {
        text.push_str("It had been taken back before; nothing has changed now.\n");
    }
    text.push_str(
        "The clinic's system refuses every further look and destroys the key of its copy.\nWhat was printed, or copied into the clinic's own file before, stays there.\nThe slip is used up; it can be thrown away.",
    );
    text
}

pub(crate) fn slip(file: &Path, verifier: &str, end: &str) -> String {
    format!(
        "The slip is in {}. Print it and keep it with your important papers.\nWhoever holds it can end what you let {verifier} see, and do nothing else. It is good until {}.\nDelete the file when it is printed.",
        file.display(),
        day(end)
    )
}
