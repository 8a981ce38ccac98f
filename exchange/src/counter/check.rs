//! Whether an answer shows what the challenge asked for.

use carnet_credentials::jwk::PublicKey;
use carnet_eligibility::{CheckError, Presentation, Rules};
use ed25519_dalek::VerifyingKey;

use super::{AnswerError, Challenge, ChallengeError, SealingSecret, answer, challenge::digest_of};
use crate::{
    TrustList,
    answer::CheckedStatement,
    eligibility::{QUERY, issuers},
};

/// Why an answer shows nothing. None of these means "no".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShownError {
    /// It can't be read, or was made for another challenge.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// It was read and does not show it.
    #[error(transparent)]
    Proof(#[from] CheckError),
    /// Made with a copy that was not issued on the day of the challenge: nobody could ask whether it still counts.
    #[error("the copy was not issued today; without a network only today's counts")]
    OldCopy,
    /// The challenge is not this counter's own.
    #[error("the question is not this counter's")]
    Challenge(#[from] ChallengeError),
}

impl ShownError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Answer(error) => error.code(),
            Self::Proof(error) => error.code(),
            Self::OldCopy => "counter_copy_old",
            Self::Challenge(error) => error.code(),
        }
    }
}

/// Judges an answer by the counter's own challenge, signed with `own`, asked as the party `entry_id`. `list` may have
/// expired: whoever looks at the result sees how old it is. Whether the challenge is still open is the caller's to know.
pub fn check(
    answer: &str,
    challenge: &str,
    own: &VerifyingKey,
    entry_id: &str,
    secret: &SealingSecret,
    list: &TrustList,
) -> Result<CheckedStatement, ShownError> {
    let digest = digest_of(challenge);
    let asked = Challenge::read_own(challenge, own)?
        .asked(entry_id, digest)
        .map_err(CheckError::from)?;
    let bytes = answer::open(answer, secret, &digest)?;
    let known = issuers(list);
    let keys: Vec<VerifyingKey> = known.iter().map(|(key, _)| *key).collect();
    let rules = Rules {
        issuers: &keys,
        today: asked.as_of,
    };
    let checked = carnet_eligibility::check(&bytes, &asked, &rules)?;
    let presentation = Presentation::parse(&bytes, &asked, &keys)?;
    let copy = presentation.copy();
    if copy.from != asked.as_of {
        return Err(ShownError::OldCopy);
    }
    let (_, issuer) = known
        .iter()
        .find(|(key, _)| *key == checked.issuer)
        .ok_or(CheckError::Issuer)?;
    Ok(CheckedStatement {
        query: QUERY.to_owned(),
        issuer_id: issuer.id.clone(),
        issuer: issuer.name.clone(),
        until: checked.until,
        thumbprint: PublicKey::Ed25519(copy.holder).thumbprint(),
    })
}
