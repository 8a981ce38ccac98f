//! What helps when the device is lost or the patient wants out: words, slips, everything back.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
};

use carnet_wallet_core::{Clock, Device, Wallet};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{answers::Answer, arguments::Common, doors, failure::Failure, plain, progress::watched};

/// A vault of the 24 words, and a search of every ledger of the list; or, in a vault that is there, the search goes on.
pub(crate) async fn restore(
    common: &Common,
    words_file: Option<&Path>,
    skip: &[String],
) -> Result<Answer, Failure> {
    let wallet = match words_file {
        Some(file) => made_of_words(common, file)?,
        None => doors::open_for_everyone(common)?,
    };
    for organisation in skip {
        wallet.give_up(organisation)?;
    }
    let view = wallet.scan(&mut watched(common, "of the ledgers read")).await?;
    let fingerprint = wallet.fingerprint();
    let people = wallet.profiles()?.len();
    let json = json!({ "fingerprint": fingerprint, "people": people, "recovery": view });
    let text = format!(
        "Your vault is made of your words. Its local name is {fingerprint}; people in it: {people}.\n{}",
        plain::recovery(&view)
    );
    Ok(Answer::new(&json, text))
}

fn made_of_words(common: &Common, file: &Path) -> Result<Wallet, Failure> {
    let dir = doors::vault_dir(common)?;
    let list = common.trust.as_deref().ok_or_else(|| {
        Failure::here(
            "usage",
            "Without a list of organisations nobody knows where to look for your consents.",
            "Give the list of the authority that you trust with --trust FILE.",
        )
    })?;
    // Before anything is made: a list that can't be taken must not leave half a restore.
    Wallet::preview_trust(&doors::read_file(list)?, &Clock::system())?;
    let words = doors::words(Some(file))?;
    let passphrase = doors::passphrase(common, true)?;
    let wallet = Wallet::restore_from_words(&dir, &words, &passphrase, doors::kdf()?, Device::system())?;
    doors::take_trust(&wallet, common)?;
    Ok(wallet)
}

/// Ends one consent from paper.
pub(crate) async fn revoke_with(common: &Common, slip: &str, at: Option<&str>) -> Result<Answer, Failure> {
    let bytes = if slip.trim_start().starts_with("carnet:") {
        Zeroizing::new(slip.as_bytes().to_vec())
    } else {
        Zeroizing::new(doors::read_file(Path::new(slip))?)
    };
    let list = common.trust.as_deref().map(doors::read_file).transpose()?;
    let view = Wallet::revoke_with(&bytes, at, list.as_deref(), &Clock::system()).await?;
    Ok(Answer::new(&json!(view), plain::slip_used(&view)))
}

/// Writes the page of one consent.
pub(crate) fn slip(wallet: &Wallet, id: &str, out: &Path) -> Result<Answer, Failure> {
    let slip = wallet.slip(id)?;
    write_private(out, &slip.pdf).map_err(|error| {
        Failure::here(
            "unwritable_file",
            format!("{} can't be written: {error}", out.display()),
            "Choose another place, where no file of that name is.",
        )
    })?;
    let json = json!({ "file": out, "verifier": slip.verifier, "end": slip.end });
    Ok(Answer::new(&json, plain::slip(out, &slip.verifier, &slip.end)))
}

/// Takes everything back, after asking.
pub(crate) async fn revoke_all(
    wallet: &Wallet,
    common: &Common,
    everyone: bool,
    yes: bool,
) -> Result<Answer, Failure> {
    if !yes && !agreed(common, everyone)? {
        return Err(Failure::here(
            "not_confirmed",
            "Nothing was taken back.",
            "Type yes, or give --yes.",
        ));
    }
    let view = if everyone {
        wallet.revoke_all_of_everyone().await?
    } else {
        wallet.revoke_all().await?
    };
    Ok(Answer::new(&json!(view), plain::revoked_all(&view)))
}

fn agreed(common: &Common, everyone: bool) -> Result<bool, Failure> {
    let nobody = || {
        Failure::here(
            "not_confirmed",
            "Nobody could be asked. Nothing was taken back.",
            "Give --yes if everything is to be taken back.",
        )
    };
    if common.json || !std::io::stdin().is_terminal() {
        return Err(nobody());
    }
    let whose = if everyone {
        "everybody's records in this vault"
    } else {
        "your records"
    };
    let mut terminal = std::io::stderr();
    write!(
        terminal,
        "Nobody will be able to read {whose} any more. This can't be undone; clinics would have to ask again.\nType yes to go on: "
    )
    .and_then(|()| terminal.flush())
    .map_err(|_| nobody())?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|_| nobody())?;
    Ok(line.trim().eq_ignore_ascii_case("yes"))
}

/// Readable by its owner only; never over another file.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
