//! Answers about the vault itself.

use std::{
    io::{IsTerminal, Write},
    ops::ControlFlow,
};

use carnet_wallet_core::{Clock, Wallet, vault::Progress};
use serde_json::json;

use super::Answer;
use crate::{
    arguments::{Common, NewPassphrase, VaultCommand},
    doors,
    failure::Failure,
    plain,
};

pub(super) fn run(common: &Common, command: VaultCommand) -> Result<Answer, Failure> {
    match command {
        VaultCommand::Passphrase { new } => passphrase(common, &new),
        VaultCommand::ResetPassphrase { words_file, new } => {
            let dir = doors::existing_vault(common)?;
            let words = doors::words(words_file.as_deref())?;
            let new = doors::new_passphrase(&new)?;
            let wallet = Wallet::unlock_with_words(&dir, &words, &new, doors::kdf()?, Clock::system())?;
            Ok(changed(&wallet.fingerprint()))
        }
        VaultCommand::RotateKey => {
            let dir = doors::existing_vault(common)?;
            let passphrase = doors::passphrase(common, false)?;
            let mut shown = Shown::new(common, "sealed anew");
            let wallet = Wallet::rotate_key(
                &dir,
                &passphrase,
                doors::kdf()?,
                Clock::system(),
                &mut |progress| shown.at(progress),
            )?;
            let fingerprint = wallet.fingerprint();
            Ok(Answer::new(
                &json!({ "rotated": true, "fingerprint": fingerprint }),
                "Everything is sealed under a fresh key. Your passphrase and your 24 words are as before.\n\
                 Copies and backups made earlier still open with the old key: destroy those that others may have."
                    .to_owned(),
            ))
        }
        VaultCommand::Words => {
            let wallet = doors::open(common)?;
            let (words, fingerprint) = (wallet.words().list(), wallet.fingerprint());
            let json = json!({ "fingerprint": fingerprint, "words": words });
            Ok(Answer::new(&json, plain::words(&fingerprint, &words)))
        }
        VaultCommand::Check => {
            let wallet = doors::open(common)?;
            let mut shown = Shown::new(common, "looked at");
            let check = wallet.check(&mut |progress| shown.at(progress))?;
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

/// Progress on stderr, for a person at a terminal only.
struct Shown {
    what: Option<&'static str>,
    percent: u64,
}

impl Shown {
    fn new(common: &Common, what: &'static str) -> Self {
        let wanted = !common.json && std::io::stderr().is_terminal();
        Self {
            what: wanted.then_some(what),
            percent: u64::MAX,
        }
    }

    fn at(&mut self, progress: Progress) -> ControlFlow<()> {
        let percent = progress.done * 100 / progress.of.max(1);
        if let Some(what) = self.what
            && percent != self.percent
        {
            self.percent = percent;
            let end = if progress.done == progress.of { '\n' } else { '\r' };
            // Nobody is left to tell when stderr is gone.
            let _ = write!(std::io::stderr(), "{percent} % {what}{end}");
        }
        ControlFlow::Continue(())
    }
}
