//! Where the vault is, how it is opened, and what comes in from files.

use std::{
    env,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use carnet_wallet_core::{
    Clock, Wallet,
    vault::{KdfChoice, Passphrase},
};
use zeroize::Zeroizing;

use crate::{arguments::Common, failure::Failure};

/// The vault's folder.
pub(crate) fn vault_dir(common: &Common) -> Result<PathBuf, Failure> {
    common.vault.clone().or_else(data_dir).ok_or_else(|| {
        Failure::here(
            "no_folder",
            "This system names no folder for data.",
            "Say where the vault is with --vault DIR.",
        )
    })
}

fn data_dir() -> Option<PathBuf> {
    let from = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        from("APPDATA")
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("carnet"))
}

/// The passphrase: from the file, the environment, or the person at the terminal.
pub(crate) fn passphrase(common: &Common, new: bool) -> Result<Passphrase, Failure> {
    if let Some(file) = &common.passphrase_file {
        return passphrase_in(file);
    }
    if let Ok(text) = env::var("CARNET_PASSPHRASE") {
        return Ok(Passphrase::new(Zeroizing::new(text)));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::here(
            "no_passphrase",
            "No passphrase was given, and nobody can be asked.",
            "Give --passphrase-file FILE or set CARNET_PASSPHRASE.",
        ));
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(|_| Failure::here("no_passphrase", "The passphrase could not be read.", "Try again."))
    };
    let text = ask(if new {
        "A passphrase for your new vault: "
    } else {
        "Passphrase: "
    })?;
    if new && *ask("The same again: ")? != *text {
        return Err(Failure::here(
            "passphrases_differ",
            "The two passphrases differ. No vault was made.",
            "Try again.",
        ));
    }
    Ok(Passphrase::new(text))
}

/// The passphrase on the first line of a file.
pub(crate) fn passphrase_in(file: &Path) -> Result<Passphrase, Failure> {
    let text = Zeroizing::new(String::from_utf8(read_file(file)?).map_err(|_| {
        Failure::here(
            "passphrase_file",
            "The passphrase file is not text.",
            "Write the passphrase into it as UTF-8.",
        )
    })?);
    Ok(Passphrase::new(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    )))
}

/// Opens the vault for one person, and takes the trust list that was given. With several people in it, somebody has to be
/// named: nothing is done for the wrong one.
pub(crate) fn open(common: &Common) -> Result<Wallet, Failure> {
    let wallet = open_for_everyone(common)?;
    if let Some(who) = &common.profile {
        return Ok(wallet.as_profile(wallet.find_profile(who)?)?);
    }
    let people = wallet.profiles()?;
    if people.len() == 1 {
        return Ok(wallet);
    }
    let names: Vec<String> = people
        .into_iter()
        .map(|person| person.name.unwrap_or_else(|| person.number.to_string()))
        .collect();
    Err(Failure::here(
        "which_profile",
        format!(
            "There are several people in this vault: {}. Nothing was done.",
            names.join(", ")
        ),
        "Say who is acting with --profile WHO.",
    ))
}

/// Opens the vault for what concerns everybody in it, and takes the trust list that was given.
pub(crate) fn open_for_everyone(common: &Common) -> Result<Wallet, Failure> {
    let dir = vault_dir(common)?;
    look(&dir)?;
    unlock(common, &passphrase(common, false)?)
}

/// Opens the vault with a passphrase that is known already.
pub(crate) fn unlock(common: &Common, passphrase: &Passphrase) -> Result<Wallet, Failure> {
    let dir = vault_dir(common)?;
    look(&dir)?;
    let wallet = Wallet::unlock(&dir, passphrase, Clock::system())?;
    take_trust(&wallet, common)?;
    Ok(wallet)
}

/// Before anybody is asked for a passphrase.
fn look(dir: &Path) -> Result<(), Failure> {
    if Wallet::look(dir).exists {
        return Ok(());
    }
    Err(Failure::here(
        "no_vault",
        format!("There is no vault in {}.", dir.display()),
        "Make one with `carnet init`, or say where it is with --vault DIR.",
    ))
}

/// How dear the passphrase is to guess. `CARNET_KDF=MIB,PASSES` fixes it, within the vault's own limits.
pub(crate) fn kdf() -> Result<KdfChoice, Failure> {
    let Ok(text) = env::var("CARNET_KDF") else {
        return Ok(KdfChoice::Calibrated);
    };
    let parts = text
        .split_once(',')
        .and_then(|(mib, passes)| Some((mib.parse().ok()?, passes.parse().ok()?)));
    let (mib, passes) = parts.ok_or_else(|| {
        Failure::here(
            "usage",
            "CARNET_KDF is not of the form MIB,PASSES.",
            "Leave it out, or write for example 256,3.",
        )
    })?;
    Ok(KdfChoice::Fixed { mib, passes })
}

/// Takes the list of `--trust`. The one that the wallet holds already is fine; an older one is refused.
pub(crate) fn take_trust(wallet: &Wallet, common: &Common) -> Result<(), Failure> {
    let Some(file) = &common.trust else { return Ok(()) };
    wallet.take_trust(&read_file(file)?)?;
    Ok(())
}

pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| {
        Failure::here(
            "unreadable_file",
            format!("{} can't be read: {error}", file.display()),
            "Check the name and try again.",
        )
    })
}
