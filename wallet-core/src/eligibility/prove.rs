//! Proving a statement with one copy, which is used up by it.

use carnet_eligibility::{Presentation, ProveError, Randomness, Request, prove};
use carnet_exchange::{answer, eligibility::AskedStatement};
use jiff::Timestamp;
use thiserror::Error;

use super::{Asker, Provable};
use crate::{
    ChosenCard, Described, Facts, NoRandomness, Wallet,
    activity::{Entry, Happened},
    credentials::KeptCredential,
    inspect::Question,
    kept::KeptProofs,
    random::make_bytes,
    vault::{Change, Table, VaultError},
};

/// Why a statement was not proven. Nothing was sent, and no copy was used up.
#[derive(Debug, Error)]
pub enum ProofError {
    #[error("You hold no such card that can prove it to them. Nothing was sent.")]
    NotHeld,
    #[error(
        "None of this card's copies is of today, and without a network only those of today count. Nothing was shown."
    )]
    NoFreshCopy,
    #[error("This card does not bear it out, so it can't be shown. Nothing was sent.")]
    NotTrue,
    #[error(
        "They asked for other limits of the same before. Further answers would give away more than each of them says, so the next one waits until {until}. Nothing was sent."
    )]
    Probing {
        /// From when it can be answered.
        until: String,
    },
    #[error("The proof could not be made: {0}. Nothing was sent.")]
    Failed(ProveError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ProofError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotHeld => Facts::personal("no_such_card", "Choose another card, or say no."),
            Self::NoFreshCopy => Facts::personal(
                "no_copy_of_today",
                "Connect this device once and fetch today's copies, or ask the counter to ask you over the network.",
            ),
            Self::NotTrue => Facts::personal(
                "eligibility_not_true",
                "Say no. They can't tell that from holding no card, or from not wanting to.",
            ),
            Self::Probing { .. } => Facts::personal(
                "eligibility_probing",
                "Say no, or wait. If you don't know why they ask again, ask them.",
            ),
            Self::Failed(_) => Facts::unexpected(
                "eligibility_not_proven",
                "Fetch new copies of the card, and ask for a new code.",
            ),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// A proof that is about to leave.
pub(crate) struct Proof {
    pub(crate) presentation: Presentation,
    /// The copy it was made with, without its key.
    used: (String, KeptCredential),
    /// What stands in the log: the statement, never a value.
    says: String,
    /// What they were shown of this value before, and this.
    shown_before: (String, KeptProofs),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

impl Proof {
    /// Uses the copy up, remembers the limits and writes the log, all before anything leaves.
    pub(crate) fn put(&self, change: &mut Change<'_>, now: Timestamp, who: &str) {
        let (id, copy) = &self.used;
        change.put(Table::Credentials, id, copy);
        let (id, proofs) = &self.shown_before;
        change.put(Table::Proofs, id, proofs);
        Entry::new(now, Happened::Proved)
            .who(who)
            .shown(std::slice::from_ref(&self.says))
            .put(change);
    }
}

impl Wallet {
    /// Proves the statement of a question with the chosen card.
    pub(crate) fn prove_chosen(
        &self,
        question: &Question,
        asked: &AskedStatement,
        choice: &ChosenCard,
    ) -> Result<(answer::Presentation, Proof), ProofError> {
        let request = &question.request;
        let to_prove = asked.request(&request.client_id, &request.digest);
        let accepts = |issuer: &str| question.accepts_proof_by(issuer);
        let proof = self.prove_with(asked, &to_prove, question.asker(&accepts), &choice.card)?;
        Ok(((&proof.presentation).into(), proof))
    }

    /// Proves a statement to this party with a copy of this card (the beginning of its id is enough).
    pub(crate) fn prove_with(
        &self,
        asked: &AskedStatement,
        request: &Request,
        asker: Asker<'_>,
        card: &str,
    ) -> Result<Proof, ProofError> {
        let mut matching = self
            .provable(asked, asker)?
            .into_iter()
            .filter(|one| !card.is_empty() && one.kept.card.starts_with(card));
        let (Some(chosen), None) = (matching.next(), matching.next()) else {
            return Err(ProofError::NotHeld);
        };
        if !chosen.holds {
            return Err(ProofError::NotTrue);
        }
        if chosen.copies == 0 {
            return Err(ProofError::NoFreshCopy);
        }
        let now = self.clock.now();
        let mut probing = self.probing(asker.party, asked)?;
        if let Some(until) = probing.wait_until(asked, now) {
            return Err(ProofError::Probing {
                until: crate::activity::to_the_second(until),
            });
        }
        probing.note(asked, now);
        let presentation = chosen.proof(request)?;
        let mut spent = chosen.kept.clone();
        spent.spend();
        Ok(Proof {
            presentation,
            used: (chosen.id, spent),
            says: asked.statement.says(asked.as_of),
            shown_before: probing.into_row(),
        })
    }
}

impl Provable {
    fn proof(&self, request: &Request) -> Result<Presentation, ProofError> {
        let randomness = Randomness::new(make_bytes()?).map_err(|_| NoRandomness)?;
        prove(request, &self.copy, &self.opening, &self.key, randomness).map_err(|error| match error {
            ProveError::DoesNotHold => ProofError::NotTrue,
            error => ProofError::Failed(error),
        })
    }
}
