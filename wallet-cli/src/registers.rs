//! The registers that hold consents, and whether they still are what they were.

use std::path::Path;

use carnet_wallet_core::{
    STATES_BYTES, Wallet,
    views::{ComparedView, RegistryView},
};
use serde_json::json;

use crate::{answers::Answer, backup::write_new, doors, failure::Failure};

pub(crate) async fn list(wallet: &Wallet, known: bool) -> Result<Answer, Failure> {
    let registers = if known {
        wallet.registries()?
    } else {
        wallet.check_registries().await?
    };
    let lines: Vec<String> = registers.iter().map(line).collect();
    let plain = if lines.is_empty() {
        "No register that holds your consents could be looked at yet.".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Answer::new(&json!({ "registers": registers }), plain))
}

pub(crate) fn states(wallet: &Wallet, file: &Path) -> Result<Answer, Failure> {
    write_new(file, wallet.register_states()?.as_bytes())?;
    let plain = format!(
        "The states are in {}. They say which registers hold consents of yours, and nothing of what they are.",
        file.display()
    );
    Ok(Answer::new(&json!({ "file": file }), plain))
}

pub(crate) fn contradiction(wallet: &Wallet, log: &str, out: &Path) -> Result<Answer, Failure> {
    write_new(out, &wallet.contradiction(log)?.to_file())?;
    let plain = format!(
        "What they signed is in {}. Anybody who has the list of organisations can check it with `carnet-station verify-receipt`, \
         with no account and no network. The check says whether the signatures alone prove it, or whether the keeper still has to \
         answer. Give it to a data protection authority, or to somebody who looks after patients' rights.",
        out.display()
    );
    Ok(Answer::new(&json!({ "file": out }), plain))
}

pub(crate) async fn compare(wallet: &Wallet, file: &Path) -> Result<Answer, Failure> {
    if std::fs::metadata(file).is_ok_and(|about| about.len() > STATES_BYTES as u64) {
        return Err(Failure::here(
            "not_register_states",
            "This file is far longer than any list of states.",
            "Choose the file that `log states` wrote.",
        ));
    }
    let compared = wallet.compare_registers(&doors::read_file(file)?).await?;
    let lines: Vec<String> = compared.iter().map(compared_line).collect();
    let plain = if lines.is_empty() {
        "The two wallets know no register in common.".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Answer::new(&json!({ "compared": compared }), plain))
}

pub(crate) fn evidence(wallet: &Wallet, id: &str, out: &Path) -> Result<Answer, Failure> {
    write_new(out, &wallet.evidence(id)?.to_file())?;
    let plain = format!(
        "The proof is in {}. Whoever has the list of organisations can check it with `carnet-station verify-receipt`.",
        out.display()
    );
    Ok(Answer::new(&json!({ "file": out }), plain))
}

/// A clinic can keep two.
fn named(keeper: &str, about: &str) -> String {
    match about {
        "reads" => format!("{keeper}, who read what"),
        _ => keeper.to_owned(),
    }
}

fn line(register: &RegistryView) -> String {
    let keeper = named(&register.keeper, &register.about);
    match (register.state.as_str(), register.broken_at.as_deref()) {
        ("broken", when) => format!(
            "{keeper}: {} (seen {}, {}).\n  Your records are not touched by this; take your consents back through another \
             organisation if you can, and tell somebody who looks after patients' rights.\n  {}",
            if register.portable {
                "THIS REGISTER WAS CHANGED AFTERWARDS"
            } else {
                "WHAT IS SHOWN OF THIS REGISTER DOES NOT FIT WHAT WAS KNOWN OF IT"
            },
            when.unwrap_or("earlier"),
            register.code.as_deref().unwrap_or("no code"),
            if register.portable {
                format!(
                    "What was signed is kept in your vault. A file for them: `carnet log contradiction '{}' --out FILE`.",
                    register.log
                )
            } else {
                "No file proves it to somebody else: show them this line.".to_owned()
            },
        ),
        ("unwitnessed", _) => format!(
            "{keeper}: {} entries, nothing changed before them. {} had signed this register before, and has not signed it since \
             {}. That is mostly a fault of the network; if it stays so for days, ask the clinic why. Looked at {}.",
            register.entries,
            register.missing.join(", "),
            register.missing_since.as_deref().unwrap_or("then"),
            register.seen
        ),
        ("witnessed", _) => format!(
            "{keeper}: {} entries, nothing changed before them; {} has seen the same. Looked at {}.",
            register.entries,
            register.witnesses.join(", "),
            register.seen
        ),
        _ if !register.awaited.is_empty() => format!(
            "{keeper}: {} entries, nothing changed before them; {} had signed this register before, and is waited for. \
             Looked at {}.",
            register.entries,
            register.awaited.join(", "),
            register.seen
        ),
        _ => format!(
            "{keeper}: {} entries, nothing changed before them; recorded by the clinic itself. Looked at {}.",
            register.entries, register.seen
        ),
    }
}

fn compared_line(compared: &ComparedView) -> String {
    let keeper = named(&compared.keeper, &compared.about);
    match compared.result.as_str() {
        "same" => format!("{keeper}: both wallets were shown the same register."),
        "broken" => format!(
            "{keeper}: WHAT IS SHOWN OF THIS REGISTER DOES NOT FIT. `carnet log registers --known` says in which way."
        ),
        "unreachable" => {
            format!("{keeper}: could not be compared; the register gives no proof at the moment.")
        }
        _ => format!("{keeper}: the other file's state is not signed by this register; it says nothing."),
    }
}
