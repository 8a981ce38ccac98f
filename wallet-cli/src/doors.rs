//! Where the vault is, how it is opened, and what comes in from files.

use std::{
    env,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use carnet_wallet_core::{
    Device, Wallet,
    vault::{KdfChoice, Passphrase},
    words::Words,
};
use zeroize::Zeroizing;

use crate::{
    arguments::{Common, NewPassphrase},
    failure::Failure,
};

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
    secret(&Secret {
        file: common.passphrase_file.as_deref(),
        variable: "CARNET_PASSPHRASE",
        prompt: if new {
            "A passphrase for your new vault: "
        } else {
            "Passphrase: "
        },
        twice: new,
        none: "Give --passphrase-file FILE or set CARNET_PASSPHRASE.",
    })
    .map(Passphrase::new)
}

/// The passphrase that shall hold from now on, in the same ways.
pub(crate) fn new_passphrase(new: &NewPassphrase) -> Result<Passphrase, Failure> {
    secret(&Secret {
        file: new.new_passphrase_file.as_deref(),
        variable: "CARNET_NEW_PASSPHRASE",
        prompt: "The new passphrase: ",
        twice: true,
        none: "Give --new-passphrase-file FILE or set CARNET_NEW_PASSPHRASE.",
    })
    .map(Passphrase::new)
}

/// The 24 words: from the file, or the person at the terminal.
pub(crate) fn words(file: Option<&Path>) -> Result<Words, Failure> {
    let typed = match file {
        Some(file) => text(read_file(file)?)?,
        None => ask("Your 24 words: ", "Give --words-file FILE.")?,
    };
    Ok(Words::parse(&typed)?)
}

struct Secret<'a> {
    file: Option<&'a Path>,
    variable: &'a str,
    prompt: &'a str,
    twice: bool,
    /// What to do where nobody can be asked.
    none: &'a str,
}

fn secret(secret: &Secret<'_>) -> Result<Zeroizing<String>, Failure> {
    if let Some(file) = secret.file {
        return first_line(file);
    }
    if let Ok(text) = env::var(secret.variable) {
        return Ok(Zeroizing::new(text));
    }
    let text = ask(secret.prompt, secret.none)?;
    if secret.twice && *ask("The same again: ", secret.none)? != *text {
        return Err(Failure::here(
            "passphrases_differ",
            "The two passphrases differ. Nothing was changed.",
            "Try again.",
        ));
    }
    Ok(text)
}

fn text(bytes: Vec<u8>) -> Result<Zeroizing<String>, Failure> {
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Failure::here(
            "not_text",
            "The file with the secret is not text. Nothing was changed.",
            "Write it as UTF-8.",
        )
    })
}

/// Asks the person at the terminal; what is typed is not shown.
pub(crate) fn ask(prompt: &str, otherwise: &str) -> Result<Zeroizing<String>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::here(
            "no_passphrase",
            "A secret is needed, and nobody can be asked for it. Nothing was changed.",
            otherwise,
        ));
    }
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|_| Failure::here("no_passphrase", "What was typed could not be read.", "Try again."))
}

/// The passphrase on the first line of a file.
pub(crate) fn passphrase_in(file: &Path) -> Result<Passphrase, Failure> {
    first_line(file).map(Passphrase::new)
}

pub(crate) fn first_line(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = text(read_file(file)?)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
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
    existing_vault(common)?;
    open_with(common, &passphrase(common, false)?)
}

/// The same, with a passphrase that was given already.
pub(crate) fn open_with(common: &Common, passphrase: &Passphrase) -> Result<Wallet, Failure> {
    let wallet = Wallet::unlock(&existing_vault(common)?, passphrase, Device::system())?;
    take_trust(&wallet, common)?;
    Ok(wallet)
}

/// The folder of a vault that is there.
pub(crate) fn existing_vault(common: &Common) -> Result<PathBuf, Failure> {
    let dir = vault_dir(common)?;
    if Wallet::look(&dir).exists {
        Ok(dir)
    } else {
        Err(Failure::here(
            "no_vault",
            format!("There is no vault in {}.", dir.display()),
            "Make one with `carnet init`, or say where it is with --vault DIR.",
        ))
    }
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
