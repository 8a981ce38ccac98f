//! Ed25519 under a signed note (c2sp.org/signed-note), by the keeper of a log or by a witness.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, SigningKey, VerifyingKey};
use signed_note::{Note, Verifier, VerifierList, is_key_name_valid, key_id};

use crate::limits::NOTE_BYTES;

/// Signature types of c2sp.org/signed-note.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Of the text itself.
    Log,
    /// Of the text and a time (c2sp.org/tlog-cosignature).
    Cosignature,
}

/// A key with its name.
#[derive(Debug, Clone)]
pub(crate) struct Key<K> {
    name: String,
    id: u32,
    kind: Kind,
    half: K,
}

/// A line that was found and holds; the time only where it is a cosignature.
pub(crate) struct Found {
    pub(crate) time: Option<u64>,
}

impl<K> Key<K> {
    /// None where the name can't be one: empty, or with a space or a plus.
    fn new(name: &str, kind: Kind, public: &VerifyingKey, half: K) -> Option<Self> {
        let marked = match kind {
            Kind::Log => 1,
            Kind::Cosignature => 4,
        };
        let id = key_id(name, &[&[marked], &public.as_bytes()[..]].concat());
        is_key_name_valid(name).then(|| Self {
            name: name.to_owned(),
            id,
            kind,
            half,
        })
    }
}

impl Key<VerifyingKey> {
    pub(crate) fn public(name: &str, kind: Kind, key: VerifyingKey) -> Option<Self> {
        Self::new(name, kind, &key, key)
    }

    /// This key's line under the note, if there is one and it holds.
    pub(crate) fn find(&self, note: &Note) -> Option<Found> {
        let known = VerifierList::new(vec![Box::new(self.clone())]);
        let (verified, _) = note.verify(&known).ok()?;
        let line = verified.first()?;
        let time = match self.kind {
            Kind::Log => None,
            Kind::Cosignature => Some(split_time(line.signature())?.0),
        };
        Some(Found { time })
    }
}

impl Key<SigningKey> {
    pub(crate) fn secret(name: &str, kind: Kind, key: &SigningKey) -> Option<Self> {
        Self::new(name, kind, &key.verifying_key(), key.clone())
    }

    /// The signature line of a note's text; `time` counts for cosignatures only.
    pub(crate) fn line(&self, text: &[u8], time: u64) -> Option<signed_note::Signature> {
        let signature = match self.kind {
            Kind::Log => self.half.sign(text).to_bytes().to_vec(),
            Kind::Cosignature => {
                let signature = self.half.sign(&cosigned(time, text)).to_bytes();
                [&time.to_be_bytes()[..], &signature].concat()
            }
        };
        signed_note::Signature::new(self.name.clone(), self.id, signature).ok()
    }
}

impl Verifier for Key<VerifyingKey> {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let holds = |text: &[u8], signature: &[u8]| {
            let bytes: Option<&[u8; SIGNATURE_LENGTH]> = signature.try_into().ok();
            bytes.is_some_and(|bytes| {
                self.half
                    .verify_strict(text, &Signature::from_bytes(bytes))
                    .is_ok()
            })
        };
        match self.kind {
            Kind::Log => holds(text, signature),
            Kind::Cosignature => {
                split_time(signature).is_some_and(|(time, signature)| holds(&cosigned(time, text), signature))
            }
        }
    }
}

/// A log's key in the one line that other programs take (c2sp.org/signed-note): name, key id, and key with its kind.
pub fn verifier_key(name: &str, key: &VerifyingKey) -> String {
    signed_note::new_ed25519_verifier_key(name, key)
}

/// Reads such a line of an Ed25519 key. `None`: it is another's, or damaged.
pub fn read_verifier_key(line: &str) -> Option<(String, VerifyingKey)> {
    let (name, rest) = line.split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    let key = BASE64_STANDARD.decode(key).ok()?;
    let key = VerifyingKey::try_from(key.strip_prefix(&[1])?).ok()?;
    (is_key_name_valid(name) && verifier_key(name, &key) == line).then(|| (name.to_owned(), key))
}

/// A note of at most [`NOTE_BYTES`].
pub(crate) fn read(text: &str) -> Option<Note> {
    (text.len() <= NOTE_BYTES).then(|| Note::from_bytes(text.as_bytes()).ok())?
}

fn split_time(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = signature.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*time), signature))
}

fn cosigned(time: u64, text: &[u8]) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat()
}
