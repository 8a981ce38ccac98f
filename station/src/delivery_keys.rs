//! The one-time keys of a delivery, one small file for both: whoever destroys it has destroyed the delivery.

use std::{fs, io, path::Path};

use carnet_consent::Endpoint;
use carnet_exchange::{EncryptionKey, delivery::DeliverySecret, hpke::HpkeSecret};
use p256::SecretKey;
use zeroize::Zeroizing;

use crate::{
    app::App,
    ask::AskError,
    keys::{make_bytes, make_secret_key},
};

/// Bytes of each of the two.
const HALF: usize = 32;

/// Fresh keys: P-256 (which also seals the evidence kept here) and X-Wing.
#[derive(Debug)]
pub struct DeliveryKeys {
    bytes: Zeroizing<[u8; 2 * HALF]>,
}

impl DeliveryKeys {
    /// Draws both.
    pub fn make() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 2 * HALF]);
        bytes[..HALF].copy_from_slice(&make_secret_key()?.to_bytes());
        bytes[HALF..].copy_from_slice(&*Zeroizing::new(make_bytes::<HALF>()?));
        Ok(Self { bytes })
    }

    /// As they are kept.
    pub fn to_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// What a question says of them.
    pub fn endpoint(&self, app: &App, id: &str) -> Result<Endpoint, AskError> {
        let secret = of_bytes(self.to_bytes()).map_err(|error| AskError::Form(error.into()))?;
        Ok(Endpoint {
            uri: app.public(&format!("/delivery/{id}")),
            jwk: EncryptionKey::new(secret.p256.public_key(), Some("delivery".into())).to_jwk(),
            hpke: secret.hpke.map(|key| key.public().to_jwk()),
        })
    }
}

/// The keys from their file. One of 32 bytes is of a question that offered P-256 alone.
pub fn read(path: &Path) -> io::Result<DeliverySecret> {
    of_bytes(&Zeroizing::new(fs::read(path)?))
}

fn of_bytes(bytes: &[u8]) -> io::Result<DeliverySecret> {
    let no_key = || io::Error::new(io::ErrorKind::InvalidData, "not a key");
    let (p256, rest) = bytes.split_at_checked(HALF).ok_or_else(no_key)?;
    let hpke = if rest.is_empty() {
        None
    } else {
        let seed = Zeroizing::new(<[u8; HALF]>::try_from(rest).map_err(|_| no_key())?);
        Some(HpkeSecret::from_bytes(&seed).map_err(|_| no_key())?)
    };
    Ok(DeliverySecret {
        p256: SecretKey::from_slice(p256).map_err(|_| no_key())?,
        hpke,
    })
}
