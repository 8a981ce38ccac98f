//! The vault, whose it is, its words and its copies.

use std::{fmt::Write as _, path::Path};

use carnet_wallet_core::views::{
    BackupView, ProfileView, RecoveryView, RestoredView, TrustView, VaultCheckView,
};

/// Words as they are written on paper: four in a row, each with its number.
fn rows_of(words: &[&str]) -> String {
    let mut text = String::new();
    for (row, four) in words.chunks(4).enumerate() {
        for (column, word) in four.iter().enumerate() {
            let _ = write!(text, "{:>3}. {word:<10}", row * 4 + column + 1);
        }
        text.push('\n');
    }
    text
}

pub(crate) fn words(fingerprint: &str, words: &[&str]) -> String {
    format!(
        "The 24 words of the wallet {fingerprint}. Whoever has them has your wallet.\n\n{}",
        rows_of(words)
    )
}

pub(crate) fn checked(check: &VaultCheckView) -> String {
    format!(
        "Everything is as it was put in: {} records among {} entries, {} of them large, {} bytes in all.\n\
         The log has {} lines and is whole; it ends at {}.\n\
         The vault is at change {}; its root is {}.",
        check.records,
        check.entries,
        check.bodies,
        check.bytes,
        check.log_entries,
        check.log_hash,
        check.epoch,
        check.root
    )
}

pub(crate) fn made(dir: &Path, fingerprint: &str, words: &[&str], trust: Option<&TrustView>) -> String {
    let mut text = format!(
        "Your vault is in {}.\nIts local name is {fingerprint}.\n\n",
        dir.display()
    );
    text.push_str("Write these 24 words on paper. Whoever has them has your wallet; without them a forgotten\npassphrase can't be replaced.\n\n");
    text.push_str(&rows_of(words));
    if let Some(trust) = trust {
        let _ = write!(text, "\n{}", super::trust(trust));
    }
    text
}

pub(crate) fn recovery(view: &RecoveryView) -> String {
    let mut text = match view.found {
        0 => "No earlier consents were found".to_owned(),
        1 => "One earlier consent was found".to_owned(),
        found => format!("{found} earlier consents were found"),
    };
    if view.done {
        text.push_str(". Every ledger of the list was read.");
    } else {
        let _ = write!(
            text,
            " so far. Not yet asked: {}.\nUntil then nothing new can be granted. `carnet sync` tries again; `carnet restore --skip NAME` gives one up:\nwhat was shared there is then not found, and ends by itself.",
            view.pending.join(", ")
        );
    }
    text
}

pub(crate) fn people(people: &[ProfileView]) -> String {
    let mut text = String::new();
    for person in people {
        let _ = writeln!(
            text,
            "{:>3}  {}  records: {}, active consents: {}",
            person.number,
            person.name.as_deref().unwrap_or("(no name yet)"),
            person.records,
            person.active_consents
        );
    }
    text
}

pub(crate) fn backed_up(done: &BackupView, own_passphrase: bool) -> String {
    format!(
        "Your backup is {}: {} records, {:.1} MB. It was read again and is whole.\nIt opens with {} or with the 24 words. Keep it on another device.",
        done.path,
        done.records,
        done.bytes / 1e6,
        if own_passphrase {
            "its own passphrase"
        } else {
            "your passphrase"
        }
    )
}

pub(crate) fn restored(dir: &Path, done: &RestoredView) -> String {
    format!(
        "Your wallet is back in {}: {} records and {} consents of {} people. Its local name is {}.\nWhat you gave since the backup is looked for next: run `carnet sync`. Nothing new can be granted before.",
        dir.display(),
        done.records,
        done.consents,
        done.people,
        done.fingerprint
    )
}
