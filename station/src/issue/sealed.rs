//! What a card says, with its PIN and code, under a key in a small file of its own. Whoever destroys the file has destroyed
//! what is sealed, whatever the storage still holds.

use std::{fs, io, path::PathBuf};

use carnet_exchange::{
    EncryptionKey,
    jwe::{self, JweError},
};
use p256::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    app::App,
    folder::{destroy, private_dir, write_private},
    keys::{make_bytes, make_secret_key},
};

/// Longest sealed text, in bytes.
const LONGEST: usize = 64 * 1024;

/// What is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) claims: Map<String, Value>,
    /// Gone once it was used.
    pub(super) pin: Option<String>,
    pub(super) code: Option<String>,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.pin.zeroize();
        self.code.zeroize();
    }
}

/// Why it could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the key of a card could not be kept or read")]
    Key(#[from] io::Error),
    #[error("a card could not be sealed or opened")]
    Jwe(#[from] JweError),
    #[error("a sealed card could not be understood")]
    Damaged,
    #[error("the system gave no randomness")]
    Randomness(#[from] getrandom::Error),
}

fn folder(app: &App) -> PathBuf {
    app.folder.file("card-keys")
}

fn file(app: &App, id: &str) -> PathBuf {
    folder(app).join(format!("{id}.key"))
}

/// Seals under the offer's key, which is made if there is none.
pub(super) fn seal(app: &App, id: &str, secret: &Secret) -> Result<String, SealError> {
    let path = file(app, id);
    let key = if path.exists() {
        read_key(app, id)?
    } else {
        private_dir(&folder(app))?;
        let key = make_secret_key()?;
        write_private(&path, &Zeroizing::new(key.to_bytes()))?;
        key
    };
    let plain = Zeroizing::new(serde_json::to_vec(secret).map_err(|_| SealError::Damaged)?);
    let to = EncryptionKey::new(key.public_key(), None);
    Ok(jwe::encrypt(
        &plain,
        &to,
        &make_secret_key()?,
        make_bytes()?,
        Map::new(),
    )?)
}

pub(super) fn open(app: &App, id: &str, sealed: &str) -> Result<Secret, SealError> {
    let (_, plain) = jwe::decrypt(sealed, &read_key(app, id)?, LONGEST)?;
    serde_json::from_slice(&plain).map_err(|_| SealError::Damaged)
}

fn read_key(app: &App, id: &str) -> Result<SecretKey, SealError> {
    let bytes = Zeroizing::new(fs::read(file(app, id))?);
    SecretKey::from_slice(&bytes).map_err(|_| SealError::Damaged)
}

/// From here on nobody can open it.
pub(super) fn forget(app: &App, id: &str) -> io::Result<()> {
    destroy(&file(app, id))
}

/// Keys of offers that no row names: left behind by a crash.
pub(super) fn forget_others(app: &App, named: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder(app)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if !named(id) {
            destroy(&path)?;
        }
    }
    Ok(())
}
