use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::TypeError;

/// The digests that a document must have (W3C Subresource Integrity): those of the strongest hash named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    digests: Vec<Vec<u8>>,
}

impl Integrity {
    /// Reads `sha256-…`, `sha384-…` or `sha512-…`, or several of them. Where no hash is known, there is nothing to
    /// check with: that is refused, unlike in a browser.
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        let mut digests: Vec<Vec<u8>> = Vec::new();
        for one in text.split_ascii_whitespace().take(16) {
            let (hash, digest) = one.split_once('-').ok_or(TypeError::Integrity)?;
            let length = match hash {
                "sha256" => 32,
                "sha384" => 48,
                "sha512" => 64,
                _ => continue,
            };
            // Options after a question mark mean nothing yet (section 3.5).
            let digest = digest.split_once('?').map_or(digest, |(digest, _)| digest);
            let digest = STANDARD.decode(digest).map_err(|_| TypeError::Integrity)?;
            if digest.len() == length {
                digests.push(digest);
            }
        }
        let strongest = digests.iter().map(Vec::len).max().ok_or(TypeError::Integrity)?;
        digests.retain(|digest| digest.len() == strongest);
        Ok(Self { digests })
    }

    /// Whether this is the document.
    pub fn holds(&self, document: &[u8]) -> bool {
        self.digests.iter().any(|digest| match digest.len() {
            32 => Sha256::digest(document).as_slice() == digest,
            48 => Sha384::digest(document).as_slice() == digest,
            _ => Sha512::digest(document).as_slice() == digest,
        })
    }
}
