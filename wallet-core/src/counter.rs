//! A counter asks by a code and gets a code in return, with the cable out on both sides. Nothing here asks anybody anything:
//! who the counter is stands in the list of organisations that is held, and the age of that list is shown.

use carnet_consent::code;
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    Entry as Party, TrustList,
    code::LIFE,
    counter::{
        AnswerError, Challenge, ChallengeError, answer,
        challenge::{digest_of, id_of},
    },
    eligibility::{AskedStatement, QUERY},
};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::{
    Described, Facts, NoRandomness, ProofError, TrustError, Wallet,
    activity::{Entry, Happened, to_the_second},
    eligibility::Asker,
    kept::KeptChallenge,
    random::make_bytes,
    trust::verifier_view,
    vault::{Table, VaultError},
    views::{ChallengeView, CounterAnswerView},
};

#[cfg(test)]
mod tests;

/// How long it is remembered that a challenge was answered: long after it has run out.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// In the place of a grant, where nothing is granted.
const NO_GRANT: [u8; 32] = [0; 32];

/// Why a counter's question was not taken or not answered.
#[derive(Debug, Error)]
pub enum CounterError {
    #[error("This question was not taken: {0}. Nothing was shown.")]
    Refused(#[from] ChallengeError),
    #[error(
        "This is about a list that this wallet doesn't know, so it can't tell what is asked. Nothing was shown."
    )]
    UnknownList,
    #[error("This question is not known here any more. Nothing was shown.")]
    Unknown,
    #[error("This question was answered already. Nothing more was shown.")]
    Used,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("The answer could not be made: {0}. Nothing was shown.")]
    Answer(#[from] AnswerError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for CounterError {
    fn facts(&self) -> Facts {
        const AGAIN: &str = "Ask the counter for a new code.";
        match self {
            Self::Refused(error) => match error {
                ChallengeError::Unlisted | ChallengeError::Signature => Facts::critical(
                    error.code(),
                    "Don't answer it. Take the newest list of organisations, and show something only to those on it.",
                ),
                ChallengeError::FromTheFuture => {
                    Facts::expected(error.code(), "Check this device's clock, and ask for a new code.")
                }
                _ => Facts::expected(error.code(), AGAIN),
            },
            Self::UnknownList => Facts::expected(
                "challenge_list",
                "Ask the counter to ask for something else, or update this program.",
            ),
            Self::Unknown => Facts::expected("challenge_unknown", AGAIN),
            Self::Used => Facts::expected("challenge_used", AGAIN),
            Self::Proof(error) => error.facts(),
            Self::Answer(error) => Facts::unexpected(error.code(), AGAIN),
            Self::Trust(error) => error.facts(),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// A counter's question that can still be answered.
struct Asked {
    text: String,
    challenge: Challenge,
    party: Party,
    list: TrustList,
    statement: AskedStatement,
}

impl Wallet {
    /// Checks and keeps what a counter asks; its id. Answers nothing.
    pub(crate) fn read_challenge(&self, text: &str) -> Result<String, CounterError> {
        let (text, now) = (text.trim(), self.clock.now());
        let id = id_of(&digest_of(text));
        if let Some(kept) = self.vault.get::<KeptChallenge>(Table::Challenges, &id)? {
            return if kept.answered {
                Err(CounterError::Used)
            } else {
                self.asked(text).map(|_| id)
            };
        }
        let asked = match self.asked(text) {
            Ok(asked) => asked,
            Err(error) => {
                self.note_refused(&error)?;
                return Err(error);
            }
        };
        let kept = KeptChallenge {
            text: asked.text,
            expires: asked.challenge.made + LIFE,
            answered: false,
        };
        let mut change = self.vault.change();
        for (old, kept) in self.vault.all::<KeptChallenge>(Table::Challenges)? {
            if now.duration_since(kept.expires) > REMEMBERED {
                change.delete(Table::Challenges, &old);
            }
        }
        change.put(Table::Challenges, &id, &kept);
        Entry::new(now, Happened::Asked)
            .who(&asked.party.name)
            .put(&mut change);
        change.commit()?;
        Ok(id)
    }

    /// What a counter asks, and what there is to show for it.
    pub fn challenge(&self, challenge_id: &str) -> Result<ChallengeView, CounterError> {
        let (asked, expires) = self.open_challenge(challenge_id)?;
        Ok(ChallengeView {
            challenge_id: challenge_id.to_owned(),
            verifier: verifier_view(&asked.party, &asked.list),
            statement: self.statement_view(&asked.statement, asked.asker())?,
            list_issued: to_the_second(asked.list.issued),
            list_expired: asked.list.is_expired(self.clock.now()),
            expires: to_the_second(expires),
            development: asked.list.development,
        })
    }

    /// Shows a counter what it asked, once, with a copy of this card. The copy is used up, on disk, before there is a code.
    pub async fn answer_challenge(
        &self,
        challenge_id: &str,
        card: &str,
    ) -> Result<CounterAnswerView, CounterError> {
        let _hold = self.hold(challenge_id).await;
        let _copies = self.hold_copies().await;
        let (asked, expires) = self.open_challenge(challenge_id)?;
        let digest = digest_of(&asked.text);
        let request = asked
            .challenge
            .asked(&asked.party.id, digest)
            .map_err(ChallengeError::from)?;
        let proof = self.prove_with(&asked.statement, &request, asked.asker(), card)?;
        let presentation = proof.presentation.to_bytes();
        let uri = answer::seal(&presentation, &asked.challenge.seal_to, &digest, &make_bytes()?)?;
        let svg = carnet_qr::svg(&uri).map_err(|_| AnswerError::TooLong)?;

        let used = KeptChallenge {
            text: String::new(),
            expires,
            answered: true,
        };
        let mut change = self.vault.change();
        proof.put(&mut change, self.clock.now(), &asked.party.name);
        change.put(Table::Challenges, challenge_id, &used);
        change.commit()?;

        let holder = PublicKey::Ed25519(proof.presentation.copy().holder).thumbprint();
        Ok(CounterAnswerView {
            svg,
            uri,
            digits: code(&digest, &holder, &NO_GRANT).to_string(),
            expires: to_the_second(expires),
        })
    }

    /// A question kept before, checked anew against the list and the time of now; until when it can be answered.
    fn open_challenge(&self, challenge_id: &str) -> Result<(Asked, Timestamp), CounterError> {
        let kept: KeptChallenge = self
            .vault
            .get(Table::Challenges, challenge_id)?
            .ok_or(CounterError::Unknown)?;
        if kept.answered {
            return Err(CounterError::Used);
        }
        Ok((self.asked(&kept.text)?, kept.expires))
    }

    fn asked(&self, text: &str) -> Result<Asked, CounterError> {
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        let (challenge, party) = Challenge::read(text, &list, self.clock.now())?;
        let statement = AskedStatement {
            query: QUERY.to_owned(),
            statement: challenge.statement.clone(),
            as_of: challenge.as_of().map_err(ChallengeError::from)?,
        };
        if !statement.statement.is_understood() {
            return Err(CounterError::UnknownList);
        }
        Ok(Asked {
            text: text.to_owned(),
            challenge,
            party: party.clone(),
            statement,
            list,
        })
    }

    fn note_refused(&self, error: &CounterError) -> Result<(), VaultError> {
        if matches!(error, CounterError::Vault(_) | CounterError::Trust(_)) {
            return Ok(());
        }
        let mut change = self.vault.change();
        // Nobody is named: who signed it was not found out.
        Entry::new(self.clock.now(), Happened::Refused)
            .code(error.code())
            .put(&mut change);
        change.commit()
    }
}

impl Asked {
    /// Any listed issuer's word counts; a copy of another day than the question's does not.
    fn asker(&self) -> Asker<'_> {
        Asker {
            party: &self.party.id,
            list: &self.list,
            trusts: &|_| true,
            issued_on: Some(self.statement.as_of),
        }
    }
}
