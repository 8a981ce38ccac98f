//! Witness: somebody else than the clinics, who signs the state of a register's log only if it continues what was signed
//! before (c2sp.org/tlog-witness). A program of its own, with its own folder and keys; it sees sizes and hashes, nothing else.
//!
//! | what happens | file |
//! |---|---|
//! | a state is looked at, remembered, signed | [`cosign`] |
//! | `POST /add-checkpoint` | [`door`] |
//! | whose logs are signed | [`followed`] |

pub mod cosign;
mod door;
mod followed;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum_server::{
    Handle,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::trust::{Entry, LocalPin, Role, TrustError};
use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};
use tokio::sync::watch;
use url::Url;

use self::{
    cosign::{CosignError, Cosigner},
    followed::Followed,
};
use crate::{
    clock::Source,
    db::Db,
    folder::{Folder, write_private},
    keys::{KeyError, TlsKey, ed25519_key},
    limits,
    listeners::{Counted, ListenError, Listeners, tls},
    serve::{GRACE, ServeError, open_store, public_url, stop_signal},
    trust,
};

/// Its own entry for a trust list, and for the stations that ask it.
pub const ENTRY_FILE: &str = "entry.json";

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Keys, and what was signed last of each log.
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub public_url: Option<Url>,
    pub name: String,
    /// All registers of this signed list, which is read again when its file changes…
    pub trust_list: Option<PathBuf>,
    /// …that this authority signed.
    pub root: Option<String>,
    /// Further logs, each by its key in one line (c2sp.org/signed-note).
    pub logs: Vec<String>,
}

/// Why the witness does not run.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error("a file of the witness could not be read or written")]
    Folder(#[source] io::Error),
    #[error("{0}")]
    Open(#[from] ServeError),
    #[error("the witness's keys could not be opened")]
    Keys(#[from] KeyError),
    #[error("the witness can't be listened for: {0}")]
    Listen(#[from] ListenError),
    #[error("the list of organisations is not in order: {0}")]
    List(#[from] TrustError),
    #[error("the list is signed by another authority than {0}")]
    OtherRoot(String),
    #[error("the list is older than the one before")]
    OlderList,
    #[error("this is no key of a log: {0}")]
    NoLogKey(String),
    #[error("there is no log to witness")]
    NoLogs,
    #[error("what was signed before can't be read")]
    Kept(#[from] CosignError),
    #[error("the door closed by itself")]
    Door(#[source] io::Error),
}

impl WitnessError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Open(error) => error.code(),
            Self::Keys(_) => "keys",
            Self::Listen(_) => "listen",
            Self::List(error) => error.code(),
            Self::OtherRoot(_) => "trust_wrong_root",
            Self::OlderList => "trust_not_newer",
            Self::NoLogKey(_) => "witness_no_log_key",
            Self::NoLogs => "witness_no_logs",
            Self::Kept(_) => "witness_kept",
            Self::Door(_) => "door",
        }
    }

    /// What to do now.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Open(error) => error.next(),
            Self::Keys(_) | Self::Kept(_) => {
                "Restore the folder from its newest copy. An older copy would sign what was ruled out already."
            }
            Self::Listen(_) => "Choose another port, or stop the program that holds it.",
            Self::OtherRoot(_) => {
                "Get the list from its authority. If another one keeps it from now on, compare its fingerprint and name it with --root."
            }
            Self::List(_) | Self::OlderList => {
                "Get the list from its authority, and compare the fingerprint with what the authority publishes."
            }
            Self::NoLogKey(_) => "Give the line that the register's keeper publishes: NAME+ID+KEY.",
            Self::NoLogs => "Give --trust-list FILE, or --log NAME+ID+KEY for each log.",
            Self::Folder(_) | Self::Door(_) => "Look at the disk and the folder's rights.",
        }
    }
}

/// A witness with its door bound and not yet served.
#[derive(Debug)]
pub struct Witness {
    cosigner: Arc<Cosigner>,
    followed: Followed,
    listener: std::net::TcpListener,
    url: Url,
    tls: TlsKey,
    entry: PathBuf,
}

/// Opens a witness. `now` is where its time comes from.
pub fn open(options: &Options, now: Source) -> Result<Witness, WitnessError> {
    let folder = Folder::open(&options.data).map_err(WitnessError::Folder)?;
    let db = Db::new(open_store(&folder, "store")?);
    let followed = Followed::of(options, &db, &now)?;
    let key = ed25519_key(&folder, "witness.key")?;
    let tls = TlsKey::open(&folder)?;
    let (listener, address) = Listeners::bind_one(&folder, options.listen)?;
    let url = public_url(options.public_url.clone(), address)?;
    let entry = entry(&options.name, &url, &key.verifying_key(), &tls);
    let file = folder.file(ENTRY_FILE);
    let bytes = serde_json::to_vec_pretty(&entry).map_err(|error| WitnessError::Folder(error.into()))?;
    write_private(&file, &bytes).map_err(WitnessError::Folder)?;
    Ok(Witness {
        cosigner: Arc::new(Cosigner::open(entry.id, key, followed.logs.clone(), db, now)?),
        followed,
        listener,
        url,
        tls,
        entry: std::path::absolute(&file).unwrap_or(file),
    })
}

impl Witness {
    /// First line on stdout: where and who it is, and whose logs it signs.
    pub fn greeting(&self) -> Value {
        json!({
            "url": self.url.origin().ascii_serialization(),
            "name": self.cosigner.name(),
            "entry": self.entry,
            "logs": self.cosigner.logs(),
        })
    }

    /// Serves until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), WitnessError> {
        let (certificate, key) = self.tls.certificate(self.url.host_str().unwrap_or("localhost"))?;
        let config = RustlsConfig::from_config(Arc::new(tls(certificate, key)?));
        self.listener.set_nonblocking(true).map_err(WitnessError::Door)?;
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(self.listener)
            .map_err(WitnessError::Door)?
            .acceptor(RustlsAcceptor::new(config).acceptor(Counted::new(limits::CONNECTIONS)))
            .http1_only()
            .first_request_timeout(limits::HEADERS)
            .handle(handle.clone());
        server
            .http_builder()
            .http1()
            .header_read_timeout(limits::HEADERS)
            .max_buf_size(64 * 1024);
        let closing = tokio::spawn(async move {
            // A sender that is gone is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
            handle.graceful_shutdown(Some(GRACE));
        });
        let following = tokio::spawn(followed::follow(self.followed, Arc::clone(&self.cosigner)));
        let router = door::router(self.cosigner);
        let served = server.serve(router.into_make_service_with_connect_info::<SocketAddr>());
        let outcome = served.await.map_err(WitnessError::Door);
        closing.abort();
        following.abort();
        outcome
    }
}

/// Runs a witness until SIGTERM or ctrl-c.
pub async fn until_stopped<R>(options: &Options, greet: impl FnOnce(Value) -> R) -> Result<(), WitnessError> {
    let witness = open(options, Arc::new(jiff::Timestamp::now))?;
    let (stopping, stop) = watch::channel(false);
    tokio::spawn(async move {
        stop_signal().await;
        let _ = stopping.send(true);
    });
    greet(witness.greeting());
    witness.run(stop).await
}

/// What an authority has to admit for wallets to believe this witness.
fn entry(name: &str, url: &Url, key: &VerifyingKey, tls: &TlsKey) -> Entry {
    Entry {
        id: trust::slug(name),
        name: name.to_owned(),
        client_ids: Vec::new(),
        origins: vec![url.origin().ascii_serialization()],
        purposes: Vec::new(),
        roles: vec![Role::Witness],
        registries: Vec::new(),
        log_keys: vec![PublicKey::Ed25519(*key)],
        issuer_keys: Vec::new(),
        request_keys: Vec::new(),
        offline_keys: Vec::new(),
        local: Some(LocalPin {
            spki_sha256: tls.pin(),
        }),
    }
}
