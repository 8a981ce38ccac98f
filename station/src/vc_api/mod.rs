//! The W3C CCG's VC API over our credentials, so that public test suites can drive them. A program of its own, never part
//! of a serving station: it signs whatever it is asked to, so it listens on loopback only.
//!
//! | request | file |
//! |---|---|
//! | `POST /credentials/issue` | [`issue`] |
//! | `POST /credentials/verify`, `POST /presentations/verify` | [`verify`] |

mod issue;
mod problem;
mod verify;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use carnet_credentials::signature::Signer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    keys::{KeyError, read_or_make_signing_key},
    limits,
    listeners::{Counted, ListenError, tls},
};

/// Longest request, in bytes.
const MAX_BODY: usize = 1_048_576;

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; loopback only.
    pub listen: SocketAddr,
    /// The issuing key (P-256, PKCS#8 DER); made if it is missing.
    pub key_file: PathBuf,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub enum VcApiError {
    #[error("{0} could be reached from other machines, and whoever reaches it can sign")]
    NotLoopback(SocketAddr),
    #[error("the issuing key could not be read or made: {0}")]
    Key(#[from] KeyError),
    #[error("a certificate for TLS could not be made")]
    Certificate(#[from] rcgen::Error),
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] ListenError),
    #[error("the address could not be listened on: {0}")]
    Listen(#[from] io::Error),
}

impl VcApiError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "vc_api_not_loopback",
            Self::Key(_) => "keys",
            Self::Certificate(_) | Self::Tls(_) => "tls",
            Self::Listen(_) => "listen",
        }
    }

    /// What to do now.
    pub fn next(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "Listen on 127.0.0.1 or [::1].",
            Self::Key(_) => "Look at the key file. Without one, a new key is made.",
            Self::Certificate(_) | Self::Tls(_) => "Nothing was written. Try again.",
            Self::Listen(_) => "Choose another port, or 0 for any free one.",
        }
    }
}

/// The keys that it signs with: one file, two curves.
pub(crate) struct Issuer {
    p256: p256::ecdsa::SigningKey,
    ed25519: ed25519_dalek::SigningKey,
}

impl Issuer {
    fn open(options: &Options) -> Result<Self, KeyError> {
        let p256 = read_or_make_signing_key(&options.key_file, "key-file")?;
        let scalar = Zeroizing::new(p256.to_bytes());
        let mut hash = Sha256::new();
        hash.update(b"carnet vc-api Ed25519\0");
        hash.update(scalar.as_slice());
        let seed = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(&seed);
        Ok(Self { p256, ed25519 })
    }

    /// The two signers, each a `did:key` of its own.
    fn signers(&self) -> [&dyn Signer; 2] {
        [&self.ed25519, &self.p256]
    }
}

/// A `did:key` and the full id of its key.
fn names(signer: &dyn Signer) -> (String, String) {
    let (did, key) = (signer.public().did_key(), signer.public().to_multikey());
    let id = format!("{did}#{key}");
    (did, id)
}

/// Serves until the process ends. `greet` is told where, as whom, and with which certificate (PEM).
pub async fn serve<R>(options: Options, greet: impl FnOnce(Value) -> R) -> Result<(), VcApiError> {
    if !options.listen.ip().is_loopback() {
        return Err(VcApiError::NotLoopback(options.listen));
    }
    let issuer = Issuer::open(&options)?;
    let listener = TcpListener::bind(options.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let host = address.ip().to_string();
    let made = rcgen::generate_simple_self_signed(vec![host, "localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = RustlsConfig::from_config(Arc::new(tls(made.cert.der().clone(), key.into())?));
    let [ed25519, p256] = issuer.signers().map(|signer| names(signer).0);
    greet(json!({
        "url": format!("https://{address}"),
        "issuers": { "Ed25519": ed25519, "P-256": p256 },
        "certificate": made.cert.pem(),
    }));
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(RustlsAcceptor::new(config).acceptor(Counted::new(limits::CONNECTIONS)))
        .http1_only()
        .first_request_timeout(limits::HEADERS);
    server
        .http_builder()
        .http1()
        .header_read_timeout(limits::HEADERS)
        .max_buf_size(64 * 1024);
    server.serve(router(Arc::new(issuer)).into_make_service()).await?;
    Ok(())
}

fn router(issuer: Arc<Issuer>) -> Router {
    Router::new()
        .route("/credentials/issue", post(issue::credential))
        .route("/credentials/verify", post(verify::credential))
        .route("/presentations/verify", post(verify::presentation))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(issuer)
}
