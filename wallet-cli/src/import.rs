//! `carnet records import`: file after file, with a line that says how far it is, until Ctrl-C.

use std::path::PathBuf;

use carnet_wallet_core::{Source, Wallet, views::RejectedView};
use serde_json::json;

use crate::{answers::Answer, arguments::Common, failure::Failure, plain, progress::watched};

pub(crate) fn import(
    wallet: &Wallet,
    common: &Common,
    files: &[PathBuf],
    other_person: bool,
) -> Result<Answer, Failure> {
    let (mut imported, mut already_here, mut rejected_total) = (0, 0, 0);
    let mut rejected: Vec<RejectedView> = Vec::new();
    for file in files {
        let done = Source::file(file)
            .map_err(|error| {
                Failure::here(
                    "unreadable_file",
                    format!("{} can't be read: {error}", file.display()),
                    "Check the name and try again.",
                )
            })
            .and_then(|mut source| {
                Ok(wallet.import(&mut source, other_person, &mut watched(common, "of the file"))?)
            });
        let done = done.map_err(|failure| {
            failure.about(&match imported {
                0 => format!("{}: ", file.display()),
                n => format!(
                    "({n} records of the files before were imported.) {}: ",
                    file.display()
                ),
            })
        })?;
        imported += done.imported;
        already_here += done.already_here;
        rejected_total += done.rejected_total;
        rejected.extend(done.rejected.into_iter().map(|mut entry| {
            if files.len() > 1 {
                entry.entry = format!("{}: {}", file.display(), entry.entry);
            }
            entry
        }));
    }
    let json = json!({
        "imported": imported,
        "already_here": already_here,
        "rejected": rejected,
        "rejected_total": rejected_total,
    });
    Ok(Answer::new(
        &json,
        plain::imported(imported, already_here, &rejected, rejected_total),
    ))
}
