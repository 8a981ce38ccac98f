//! The operating system's own: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! A service that hangs must not hang the wallet: everything is asked on a thread of its own, and after the first answer that
//! does not come in time nothing more is asked.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use keyring_core::{CredentialStore, Entry, Error};

use super::{Keychain, NoKeychain, Remembered};

const SERVICE: &str = "carnet";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The system's keychain.
#[derive(Debug)]
pub struct SystemKeychain(Mutex<Option<Sender<Asked>>>);

struct Asked {
    vault: [u8; 16],
    remember: Option<Remembered>,
    answer: Sender<Result<Option<Remembered>, NoKeychain>>,
}

impl SystemKeychain {
    /// The one of this device, if there is any sign of it. Nothing is asked of it yet.
    pub fn of_this_device() -> Option<Self> {
        if !is_likely() {
            return None;
        }
        let (ask, asked) = channel();
        thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || serve(&asked))
            .ok()?;
        Some(Self(Mutex::new(Some(ask))))
    }

    fn ask(&self, vault: [u8; 16], remember: Option<Remembered>) -> Result<Option<Remembered>, NoKeychain> {
        let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, answered) = channel();
        let asked = Asked {
            vault,
            remember,
            answer,
        };
        let heard = asking
            .as_ref()
            .and_then(|asking| asking.send(asked).ok())
            .and_then(|()| answered.recv_timeout(PATIENCE).ok());
        if heard.is_none() {
            *asking = None;
        }
        heard.unwrap_or(Err(NoKeychain))
    }
}

impl Keychain for SystemKeychain {
    fn remembered(&self, vault: [u8; 16]) -> Result<Option<Remembered>, NoKeychain> {
        self.ask(vault, None)
    }

    fn remember(&self, vault: [u8; 16], what: Remembered) -> Result<(), NoKeychain> {
        self.ask(vault, Some(what)).map(|_| ())
    }
}

/// Without a session bus nobody has to be waited for.
fn is_likely() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let bus = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let socket = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|runtime| std::path::Path::new(&runtime).join("bus").exists());
    bus || socket
}

fn serve(asked: &Receiver<Asked>) {
    let mut store = None;
    for Asked {
        vault,
        remember,
        answer,
    } in asked
    {
        if store.is_none() {
            store = open().ok();
        }
        let outcome = match &store {
            Some(store) => one(store.as_ref(), vault, remember).map_err(|_| NoKeychain),
            None => Err(NoKeychain),
        };
        let _ = answer.send(outcome);
    }
}

fn one(
    store: &CredentialStore,
    vault: [u8; 16],
    remember: Option<Remembered>,
) -> Result<Option<Remembered>, Error> {
    let entry: Entry = store.build(SERVICE, &hex::encode(vault), None)?;
    if let Some(what) = remember {
        return entry.set_password(&line(&what)).map(|()| None);
    }
    match entry.get_password() {
        Ok(text) => parse(&text)
            .map(Some)
            .ok_or_else(|| Error::BadStoreFormat(String::new())),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `1 EPOCH ROOT`: format, decimal, hexadecimal.
fn line(what: &Remembered) -> String {
    format!("1 {} {}", what.epoch, hex::encode(what.root))
}

fn parse(line: &str) -> Option<Remembered> {
    let (epoch, root) = line.strip_prefix("1 ")?.split_once(' ')?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(root, &mut bytes).ok()?;
    Some(Remembered {
        epoch: epoch.parse().ok()?,
        root: bytes,
    })
}

#[cfg(target_os = "linux")]
fn open() -> Result<std::sync::Arc<CredentialStore>, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn open() -> Result<std::sync::Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn open() -> Result<std::sync::Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn open() -> Result<std::sync::Arc<CredentialStore>, Error> {
    Err(Error::NoDefaultStore)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_no_other_is() {
        let what = Remembered {
            epoch: u64::MAX,
            root: [7; 32],
        };
        assert_eq!(parse(&line(&what)), Some(what));
        for other in ["", "1", "1 2", "2 1 00", "1 -1 00", "1 1 zz"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    #[ignore = "needs a Secret Service: scripts/test keychain"]
    fn the_systems_own_remembers() {
        let vault = [0x5a; 16];
        for epoch in [3, 4] {
            let what = Remembered { epoch, root: [9; 32] };
            let keychain = SystemKeychain::of_this_device().unwrap();
            keychain.remember(vault, what).unwrap();
            let later = SystemKeychain::of_this_device().unwrap();
            assert_eq!(later.remembered(vault), Ok(Some(what)));
            assert_eq!(later.remembered([0xa5; 16]), Ok(None));
        }
    }
}
