//! Answers about the vault itself.

use carnet_wallet_core::{Device, Wallet};
use serde_json::json;

use super::Answer;
use crate::{
    arguments::{Common, NewPassphrase, VaultCommand},
    doors,
    failure::Failure,
    plain,
    progress::watched,
};

pub(super) fn run(common: &Common, command: VaultCommand) -> Result<Answer, Failure> {
    match command {
        VaultCommand::Passphrase { new } => passphrase(common, &new),
        VaultCommand::ResetPassphrase { words_file, new } => {
            let dir = doors::existing_vault(common)?;
            let words = doors::words(words_file.as_deref())?;
            let new = doors::new_passphrase(&new)?;
            let wallet = Wallet::unlock_with_words(&dir, &words, &new, doors::kdf()?, Device::system())?;
            Ok(changed(&wallet.fingerprint()))
        }
        VaultCommand::RotateKey => {
            let dir = doors::existing_vault(common)?;
            let passphrase = doors::passphrase(common, false)?;
            let wallet = Wallet::rotate_key(
                &dir,
                &passphrase,
                doors::kdf()?,
                Device::system(),
                &mut watched(common, "sealed anew"),
            )?;
            let fingerprint = wallet.fingerprint();
            Ok(Answer::new(
                &json!({ "rotated": true, "fingerprint": fingerprint }),
                "Everything is sealed under a fresh key. Your passphrase and your 24 words are as before.\n\
                 Copies and backups made earlier still open with the old key: destroy those that others may have."
                    .to_owned(),
            ))
        }
        VaultCommand::Convert { store } => {
            let dir = doors::existing_vault(common)?;
            Wallet::convert_store(&dir, store, &mut watched(common, "copied and compared"))?;
            // Opened once, so that "converted" is never said of what can't be read.
            let fingerprint = doors::open_for_everyone(common)?.fingerprint();
            Ok(Answer::new(
                &json!({ "store": store.name(), "fingerprint": fingerprint }),
                format!(
                    "Your vault is kept by {} from now on. Nothing in it has changed.",
                    store.name()
                ),
            ))
        }
        VaultCommand::AcceptOlderCopy => {
            let dir = doors::existing_vault(common)?;
            let passphrase = doors::passphrase(common, false)?;
            let wallet = Wallet::accept_older_copy(&dir, &passphrase, Device::system())?;
            Ok(Answer::new(
                &json!({ "accepted": true, "fingerprint": wallet.fingerprint() }),
                "This older copy is your wallet from now on. What came after it is gone from here; consents given since then\n\
                 still hold at the clinics. Search for them with `carnet restore`: nothing new can be granted before."
                    .to_owned(),
            ))
        }
        VaultCommand::Words => {
            let wallet = doors::open_for_everyone(common)?;
            let (words, fingerprint) = (wallet.words().list(), wallet.fingerprint());
            let json = json!({ "fingerprint": fingerprint, "words": words });
            Ok(Answer::new(&json, plain::words(&fingerprint, &words)))
        }
        VaultCommand::Check => {
            let wallet = doors::open_for_everyone(common)?;
            let check = wallet.check(&mut watched(common, "looked at"))?;
            Ok(Answer::new(&json!(check), plain::checked(&check)))
        }
    }
}

fn passphrase(common: &Common, new: &NewPassphrase) -> Result<Answer, Failure> {
    doors::existing_vault(common)?;
    let old = doors::passphrase(common, false)?;
    let new = doors::new_passphrase(new)?;
    let wallet = doors::open_with(common, &old)?;
    wallet.change_passphrase(&old, &new, doors::kdf()?)?;
    Ok(changed(&wallet.fingerprint()))
}

fn changed(fingerprint: &str) -> Answer {
    Answer::new(
        &json!({ "changed": true, "fingerprint": fingerprint }),
        "The new passphrase opens your wallet from now on; the old one no longer does. Your 24 words are as before.\n\
         Copies and backups made earlier still open with the passphrase they had."
            .to_owned(),
    )
}
