//! A backup, and a wallet made of one.

use std::{
    io::Write,
    path::Path,
};

use carnet_wallet_core::{Device, Wallet, vault::BackupSecret};
use serde_json::json;

use crate::{
    answers::Answer,
    arguments::{BackupCommand, Common},
    doors,
    failure::Failure,
    plain,
    progress::watched,
};

pub(crate) fn run(common: &Common, command: BackupCommand) -> Result<Answer, Failure> {
    match command {
        BackupCommand::Create {
            file,
            backup_passphrase_file,
        } => create(common, &file, backup_passphrase_file.as_deref()),
        BackupCommand::Restore {
            file,
            backup_passphrase_file,
            words_file,
        } => restore(
            common,
            &file,
            backup_passphrase_file.as_deref(),
            words_file.as_deref(),
        ),
    }
}

fn create(common: &Common, file: &Path, own: Option<&Path>) -> Result<Answer, Failure> {
    let passphrase = doors::passphrase(common, false)?;
    let wallet = doors::open_with(common, &passphrase)?;
    let own = own.map(doors::passphrase_in).transpose()?;
    let done = wallet.back_up(
        file,
        own.as_ref().unwrap_or(&passphrase),
        doors::kdf()?,
        &mut watched(common, "written and read again"),
    )?;
    Ok(Answer::new(&json!(done), plain::backed_up(&done, own.is_some())))
}

fn restore(
    common: &Common,
    file: &Path,
    own: Option<&Path>,
    words_file: Option<&Path>,
) -> Result<Answer, Failure> {
    let dir = doors::vault_dir(common)?;
    let words = words_file.map(|file| doors::words(Some(file))).transpose()?;
    let own = own.map(doors::passphrase_in).transpose()?;
    let passphrase = doors::passphrase(common, words.is_some() || own.is_some())?;
    let secret = match (&words, &own) {
        (Some(words), _) => BackupSecret::Words(words),
        (None, Some(own)) => BackupSecret::Passphrase(own),
        (None, None) => BackupSecret::Passphrase(&passphrase),
    };
    let (wallet, done) = Wallet::restore(
        &dir,
        file,
        &secret,
        (&passphrase, doors::kdf()?),
        Device::system(),
        &mut watched(common, "read"),
    )?;
    doors::take_trust(&wallet, common)?;
    Ok(Answer::new(&json!(done), plain::restored(&dir, &done)))
}

/// Writes a file that a command was asked for; nothing is overwritten.
pub(crate) fn write_new(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::File::create_new(file)
        .and_then(|mut new| new.write_all(bytes).and_then(|()| new.sync_all()))
        .map_err(|error| {
            Failure::here(
                "unwritable_file",
                format!("{} can't be written: {error}", file.display()),
                "Choose another place or name.",
            )
        })
}
