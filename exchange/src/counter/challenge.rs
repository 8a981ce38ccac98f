//! What the counter asks: who, what, when, and what to seal the answer to, under one signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{jwk::PublicKey, signature::verifies};
use carnet_eligibility::{Day, Request, Statement, StatementError, kind::ListDigest, statement::Nonce};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest as _, Sha256};

use super::statement;
use crate::{
    Entry, TrustList,
    code::{self, CodeError},
    limits::CHALLENGE_CHARS,
    trust::Role,
};

const BEGINNING: &str = "carnet:check?d=";
const VERSION: u8 = 1;
/// Stands before the bytes that are signed: the signature is good for nothing else.
const CONTEXT: &[u8] = b"carnet-counter-challenge-v1";
const SIGNATURE: usize = 64;

/// What a counter asks of the patient before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What must hold.
    pub statement: Statement,
    /// When it was asked, to the second.
    pub made: Timestamp,
    /// 32 bytes that were never used before.
    pub nonce: [u8; 32],
    /// X25519 key of this one challenge, to which the answer is sealed.
    pub seal_to: [u8; 32],
}

/// Why a challenge is refused. Nothing was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// Another kind of text.
    #[error("this is not a question that a counter shows")]
    NotOne,
    /// More than [`CHALLENGE_CHARS`] characters.
    #[error("this is longer than any question that a counter shows")]
    TooLong,
    /// Made by a later version.
    #[error("this question is of a newer form than this program knows")]
    OtherVersion,
    /// Cut off, or a letter is wrong.
    #[error("this question is incomplete or was read or typed wrongly")]
    Damaged,
    /// Asked by nobody who stands in the trust list with a key for this.
    #[error("who asks is not on the list of organisations")]
    Unlisted,
    /// Not signed by that key.
    #[error("the question is not from the organisation that it names")]
    Signature,
    /// Its five minutes are over.
    #[error("this question has run out")]
    Expired,
    /// Made later than now, by more than two clocks may differ.
    #[error("this question is from the future: one of the two clocks is wrong")]
    FromTheFuture,
    /// The statement can't be asked.
    #[error("what is asked can't be asked: {0}")]
    Statement(#[from] StatementError),
}

impl ChallengeError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOne => "challenge_not_one",
            Self::TooLong => "challenge_too_long",
            Self::OtherVersion => "challenge_other_version",
            Self::Damaged => "challenge_damaged",
            Self::Unlisted => "challenge_unlisted",
            Self::Signature => "challenge_signature",
            Self::Expired => "challenge_expired",
            Self::FromTheFuture => "challenge_clock",
            Self::Statement(_) => "challenge_statement",
        }
    }
}

impl From<CodeError> for ChallengeError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Expired => Self::Expired,
            CodeError::FromTheFuture => Self::FromTheFuture,
            _ => Self::Damaged,
        }
    }
}

/// First 8 bytes of the SHA-256 of a key for offline use.
pub fn key_id(key: &VerifyingKey) -> [u8; 8] {
    carnet_eligibility::presentation::key_id(key)
}

/// Whether a text says of itself that it is a challenge.
pub fn is_challenge(text: &str) -> bool {
    text.trim_start().starts_with(BEGINNING)
}

/// A signed challenge's name on both sides: the beginning of the digest of its text.
pub fn id_of(digest: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// SHA-256 of a challenge's text: what the proof and the seal of the answer are bound to.
pub fn digest_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.trim()).into()
}

impl Challenge {
    /// The signed text; at most [`CHALLENGE_CHARS`] characters.
    pub fn sign(&self, key: &SigningKey) -> Result<String, ChallengeError> {
        self.asked("counter", [0; 32])?;
        let mut bytes = [
            &[VERSION][..],
            &key_id(&key.verifying_key()),
            &code::seconds(self.made),
            &self.nonce,
            &self.seal_to,
            &statement::bytes(&self.statement),
        ]
        .concat();
        let signature = key.sign(&[CONTEXT, &bytes].concat());
        bytes.extend_from_slice(&signature.to_bytes());
        let text = format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(bytes));
        if text.len() > CHALLENGE_CHARS {
            return Err(ChallengeError::TooLong);
        }
        Ok(text)
    }

    /// Reads a scanned or typed challenge and finds out who asks. What is signed is read only after the signature.
    pub fn read<'a>(
        text: &str,
        list: &'a TrustList,
        now: Timestamp,
    ) -> Result<(Self, &'a Entry), ChallengeError> {
        let (key, bytes, signature) = parts(text)?;
        let known = |entry: &'a Entry| {
            let keys = entry
                .offline_keys
                .iter()
                .filter(|_| entry.has_role(Role::Verifier));
            keys.filter(|known| matches!(known, PublicKey::Ed25519(known) if key_id(known) == key))
                .map(move |known| (entry, known))
        };
        let mut named = list.entries.iter().flat_map(known).peekable();
        named.peek().ok_or(ChallengeError::Unlisted)?;
        let message = [CONTEXT, &bytes].concat();
        let (entry, _) = named
            .find(|(_, known)| verifies(known, &message, &signature))
            .ok_or(ChallengeError::Signature)?;
        let challenge = Self::of_signed(&bytes)?;
        code::check_time(challenge.made, now)?;
        challenge.asked(&entry.id, [0; 32])?;
        Ok((challenge, entry))
    }

    /// Reads a challenge that was signed with one's own key, whenever that was.
    pub fn read_own(text: &str, key: &VerifyingKey) -> Result<Self, ChallengeError> {
        let (_, bytes, signature) = parts(text)?;
        if !verifies(&PublicKey::Ed25519(*key), &[CONTEXT, &bytes].concat(), &signature) {
            return Err(ChallengeError::Signature);
        }
        Self::of_signed(&bytes)
    }

    fn of_signed(bytes: &[u8]) -> Result<Self, ChallengeError> {
        let rest = bytes.get(9..).unwrap_or_default();
        let damaged = ChallengeError::Damaged;
        let (made, rest) = rest.split_first_chunk::<5>().ok_or(damaged)?;
        let (nonce, rest) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        let (seal_to, rest) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        Ok(Self {
            statement: statement::read(rest).ok_or(damaged)?,
            made: code::time(*made)?,
            nonce: *nonce,
            seal_to: *seal_to,
        })
    }

    /// The day that is asked about: the one on which it was asked, in UTC.
    pub fn as_of(&self) -> Result<Day, StatementError> {
        let date = self.made.to_zoned(TimeZone::UTC).date();
        Ok(Day::try_from(date)?)
    }

    /// The question that the proof answers, asked by the party with this id; `digest` is of the challenge's text.
    pub fn asked(&self, entry_id: &str, digest: [u8; 32]) -> Result<Request, StatementError> {
        let request = Request {
            statement: self.statement.clone(),
            as_of: self.as_of()?,
            audience: format!("urn:carnet:offline:{entry_id}"),
            nonce: Nonce(ListDigest(digest)),
        };
        request.check()?;
        Ok(request)
    }
}

/// A challenge taken apart: the id of its key, the bytes that are signed, the signature.
type Parts = ([u8; 8], Vec<u8>, [u8; SIGNATURE]);

fn parts(text: &str) -> Result<Parts, ChallengeError> {
    let text = text.trim();
    if text.len() > CHALLENGE_CHARS {
        return Err(ChallengeError::TooLong);
    }
    let data = text.strip_prefix(BEGINNING).ok_or(ChallengeError::NotOne)?;
    let mut bytes = URL_SAFE_NO_PAD
        .decode(data)
        .map_err(|_| ChallengeError::Damaged)?;
    match bytes.first() {
        Some(&VERSION) => {}
        Some(_) => return Err(ChallengeError::OtherVersion),
        None => return Err(ChallengeError::Damaged),
    }
    let signature = bytes
        .len()
        .checked_sub(SIGNATURE)
        .map(|at| bytes.split_off(at))
        .and_then(|signature| signature.try_into().ok())
        .ok_or(ChallengeError::Damaged)?;
    let key = bytes
        .get(1..9)
        .and_then(|id| id.try_into().ok())
        .ok_or(ChallengeError::Damaged)?;
    Ok((key, bytes, signature))
}
