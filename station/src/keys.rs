//! The station's long-lived keys, each for one thing: *identity* (signs questions; its certificate's hash is
//! the client id), *TLS* (the public door; wallets pin its key), *log* (signs promises and receipts), *checkpoint* (signs the
//! state of the registry's log), *offline* (signs what is asked at a counter without a network), and where cards are issued
//! *eligibility* (signs copies that prove something of a value).

use std::{fs, io, path::Path};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use carnet_credentials::{
    jwk::PublicKey,
    signature::{QuickP256, Signer as _},
};
use carnet_exchange::client_id_of;
use p256::{
    ecdsa::SigningKey,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _},
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::folder::{Folder, write_private};

/// Why the keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("a key file could not be read or written")]
    File(#[from] io::Error),
    #[error("the file {0} does not hold a key of the right kind")]
    Damaged(&'static str),
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    #[error("the system gave no randomness")]
    Randomness(#[from] getrandom::Error),
}

/// The keys of one station.
pub struct Keys {
    /// Signs questions.
    pub identity: SigningKey,
    /// DER; what `x509_hash` is the hash of.
    pub certificate: Vec<u8>,
    /// Signs promises and deletion receipts.
    pub log: QuickP256,
    /// Signs the state of the registry's log of operations, and nothing else.
    pub checkpoint: ed25519_dalek::SigningKey,
    /// Signs what is asked at a counter without a network.
    pub offline: ed25519_dalek::SigningKey,
    /// Signs copies that prove something of a value; none where no cards are issued.
    pub eligibility: Option<ed25519_dalek::SigningKey>,
    /// The public door's.
    pub tls: TlsKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("client_id", &self.client_id())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads the keys, or makes those that are missing. `name` goes into a fresh identity certificate; only who `issues` cards
    /// needs a key for that.
    pub fn open(folder: &Folder, name: &str, issues: bool) -> Result<Self, KeyError> {
        let identity = signing_key(folder, "identity.key")?;
        let log = QuickP256::new(&signing_key(folder, "log.key")?).ok_or(KeyError::Damaged("log.key"))?;
        let checkpoint = ed25519_key(folder, "checkpoint.key")?;
        let offline = ed25519_key(folder, OFFLINE_KEY)?;
        let tls = TlsKey::open(folder)?;
        let path = folder.file("identity.cer");
        let certificate = if path.exists() {
            fs::read(path)?
        } else {
            let mut params = CertificateParams::new(Vec::new())?;
            params.distinguished_name.remove(DnType::CommonName);
            params.distinguished_name.push(DnType::CommonName, name);
            let certificate = params
                .self_signed(&rcgen_key(&identity, "identity.key")?)?
                .der()
                .to_vec();
            write_private(&path, &certificate)?;
            certificate
        };
        Ok(Self {
            identity,
            certificate,
            log,
            checkpoint,
            offline,
            eligibility: issues
                .then(|| ed25519_key(folder, "eligibility.key"))
                .transpose()?,
            tls,
        })
    }

    /// The client id (`x509_hash`) that the certificate stands for.
    pub fn client_id(&self) -> String {
        client_id_of(&self.certificate)
    }

    /// A certificate over the identity key, DER.
    pub fn identity_certificate(&self, params: &CertificateParams) -> Result<Vec<u8>, KeyError> {
        let key = rcgen_key(&self.identity, "identity.key")?;
        Ok(params.self_signed(&key)?.der().to_vec())
    }

    /// What promises, receipts and checkpoints are signed with.
    pub fn log_public(&self) -> Vec<PublicKey> {
        vec![self.log.public(), PublicKey::from(&self.checkpoint)]
    }
}

/// The key of a public door: what wallets and stations pin of it.
pub struct TlsKey(KeyPair);

impl std::fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsKey")
    }
}

impl TlsKey {
    /// Reads it, or makes it.
    pub fn open(folder: &Folder) -> Result<Self, KeyError> {
        Ok(Self(rcgen_key(&signing_key(folder, "tls.key")?, "tls.key")?))
    }

    /// What a trust entry pins of the public door: base64url SHA-256 of the key's SPKI.
    pub fn pin(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.subject_public_key_info()))
    }

    /// A certificate for the public door, made anew at each start over the pinned key.
    pub fn certificate(
        &self,
        host: &str,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), KeyError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut params = CertificateParams::new(vec![host.to_owned(), "localhost".to_owned()])?;
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, host);
        let certificate = params.self_signed(&self.0)?;
        let key = PrivatePkcs8KeyDer::from(self.0.serialize_der());
        Ok((certificate.der().clone(), key.into()))
    }
}

fn rcgen_key(key: &SigningKey, file: &'static str) -> Result<KeyPair, KeyError> {
    let der = key.to_pkcs8_der().map_err(|_| KeyError::Damaged(file))?;
    let der = PrivatePkcs8KeyDer::from(der.as_bytes());
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(
        &der,
        &PKCS_ECDSA_P256_SHA256,
    )?)
}

fn signing_key(folder: &Folder, file: &'static str) -> Result<SigningKey, KeyError> {
    read_or_make_signing_key(&folder.file(file), file)
}

/// An Ed25519 key: its 32 secret bytes (RFC 8032, section 5.1.5) in a file of their own (0600).
pub(crate) fn ed25519_key(
    folder: &Folder,
    file: &'static str,
) -> Result<ed25519_dalek::SigningKey, KeyError> {
    let path = folder.file(file);
    if path.exists() {
        let bytes = Zeroizing::new(fs::read(path)?);
        let key = ed25519_dalek::SigningKey::try_from(bytes.as_slice());
        return key.map_err(|_| KeyError::Damaged(file));
    }
    let bytes = Zeroizing::new(make_bytes::<32>()?);
    write_private(&path, bytes.as_slice())?;
    Ok(ed25519_dalek::SigningKey::from_bytes(&bytes))
}

/// A P-256 key in a PKCS#8 DER file of its own (0600).
pub fn read_or_make_signing_key(path: &Path, name: &'static str) -> Result<SigningKey, KeyError> {
    if path.exists() {
        let der = Zeroizing::new(fs::read(path)?);
        return SigningKey::from_pkcs8_der(&der).map_err(|_| KeyError::Damaged(name));
    }
    let key = SigningKey::from(make_secret_key()?);
    let der = key.to_pkcs8_der().map_err(|_| KeyError::Damaged(name))?;
    write_private(path, der.as_bytes())?;
    Ok(key)
}

/// File of the key for the counter.
pub const OFFLINE_KEY: &str = "offline.key";

/// A fresh P-256 secret.
pub fn make_secret_key() -> Result<p256::SecretKey, getrandom::Error> {
    loop {
        let bytes = Zeroizing::new(make_bytes::<32>()?);
        // All but one in 2³² draws are below the order.
        if let Ok(key) = p256::SecretKey::from_slice(bytes.as_slice()) {
            return Ok(key);
        }
    }
}

/// Fresh random bytes.
pub fn make_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A random name that can't be guessed: 22 characters of base64url for 16 bytes, 43 for 32.
pub fn make_id<const N: usize>() -> Result<String, getrandom::Error> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(make_bytes::<N>()?))
}
