//! What the wallet shows in return: the proof, sealed with HPKE (RFC 9180; base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20Poly1305) to the key of the one challenge that asked for it, in letters that a code holds at five and a half
//! bits each (base45, RFC 9285).

use std::fmt;

use ::hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open, single_shot_seal_with_rng,
};

use crate::{
    hpke::{Given, RANDOM_BYTES},
    limits::COUNTER_ANSWER_CHARS,
};

const BEGINNING: &str = "CARNET:A1/";
/// What every version begins with.
const FAMILY: &str = "CARNET:A";
const INFO: &[u8] = b"carnet-counter-answer-v1";
const ENCAPSULATED: usize = 32;

/// The secret half of what an answer is sealed to: made for one challenge, destroyed with it.
pub struct SealingSecret(<X25519HkdfSha256 as Kem>::PrivateKey);

/// Why an answer can't be read. None of these says anything about the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Another kind of text.
    #[error("this is not an answer that a wallet shows at a counter")]
    NotOne,
    /// More than [`COUNTER_ANSWER_CHARS`] characters.
    #[error("this is longer than any answer")]
    TooLong,
    /// Made by a later version.
    #[error("this answer is of a newer form than this program knows")]
    OtherVersion,
    /// Cut off, or a letter is wrong.
    #[error("this answer is incomplete or was read or typed wrongly")]
    Damaged,
    /// Sealed to another challenge, or altered.
    #[error("this answer was made for another question, or was altered")]
    NotForThis,
    /// The key to seal to is none.
    #[error("there is no key to seal the answer to")]
    Key,
}

impl AnswerError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOne => "counter_answer_not_one",
            Self::TooLong => "counter_answer_too_long",
            Self::OtherVersion => "counter_answer_other_version",
            Self::Damaged => "counter_answer_damaged",
            Self::NotForThis => "counter_answer_not_for_this",
            Self::Key => "counter_answer_key",
        }
    }
}

impl SealingSecret {
    /// From 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, AnswerError> {
        Deserializable::from_bytes(bytes)
            .map(Self)
            .map_err(|_| AnswerError::Key)
    }

    /// What stands in the challenge.
    pub fn public(&self) -> [u8; 32] {
        X25519HkdfSha256::sk_to_pk(&self.0).to_bytes().into()
    }
}

impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingSecret")
    }
}

/// Whether a text says of itself that it is an answer, of whatever version.
pub fn is_answer(text: &str) -> bool {
    text.trim_start().starts_with(FAMILY)
}

/// Seals a presentation to a challenge's key; `digest` is of the challenge's text, `random` must be fresh.
pub fn seal(
    presentation: &[u8],
    seal_to: &[u8; 32],
    digest: &[u8; 32],
    random: &[u8; RANDOM_BYTES],
) -> Result<String, AnswerError> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(seal_to).map_err(|_| AnswerError::Key)?;
    let (encapsulated, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        INFO,
        presentation,
        digest,
        &mut Given::new(random),
    )
    .map_err(|_| AnswerError::Key)?;
    let text = BEGINNING.to_owned() + &base45::encode([&encapsulated.to_bytes()[..], &sealed].concat());
    if text.len() > COUNTER_ANSWER_CHARS {
        return Err(AnswerError::TooLong);
    }
    Ok(text)
}

/// The presentation in an answer to the challenge whose text has this digest. What it shows is yet to be checked.
pub fn open(text: &str, secret: &SealingSecret, digest: &[u8; 32]) -> Result<Vec<u8>, AnswerError> {
    let text = text.trim();
    if text.len() > COUNTER_ANSWER_CHARS {
        return Err(AnswerError::TooLong);
    }
    let Some(data) = text.strip_prefix(BEGINNING) else {
        return Err(if is_answer(text) {
            AnswerError::OtherVersion
        } else {
            AnswerError::NotOne
        });
    };
    let bytes = base45::decode(data).map_err(|_| AnswerError::Damaged)?;
    // The decoder cuts what two letters say beyond a byte.
    if base45::encode(&bytes) != data {
        return Err(AnswerError::Damaged);
    }
    let (encapsulated, sealed) = bytes.split_at_checked(ENCAPSULATED).ok_or(AnswerError::Damaged)?;
    let encapsulated =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| AnswerError::Damaged)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret.0,
        &encapsulated,
        INFO,
        sealed,
        digest,
    )
    .map_err(|_| AnswerError::NotForThis)
}
