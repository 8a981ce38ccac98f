//! Why nothing was shared, or not all of it.

use carnet_exchange::{answer::MakeError, delivery::DeliveryError, promise::PromiseError};
use thiserror::Error;

use crate::{
    Described, Facts, InspectError, NoRandomness, ProofError, RecordsError, RecoverError, TalkError,
    vault::VaultError,
};

#[derive(Debug, Error)]
pub enum GrantError {
    #[error(transparent)]
    Question(#[from] InspectError),
    #[error(transparent)]
    Recovery(#[from] RecoverError),
    #[error("Nothing was chosen to be shared. Nothing was sent.")]
    NothingChosen,
    #[error("Something was to be granted that nobody asked for. Nothing was sent.")]
    NotAsked,
    #[error("You hold no records that match what you chose. Nothing was sent.")]
    NothingMatches,
    #[error("They also need a card that you did not choose. Nothing was sent.")]
    CardMissing,
    #[error("A card was to be shown that nobody asked for. Nothing was sent.")]
    CardNotAsked,
    #[error("You hold no such card that can be shown to them. Nothing was sent.")]
    CardNotHeld,
    #[error("Several cards were to be shown where one was asked for. Nothing was sent.")]
    SeveralCards,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("The clinic did not take your card. They may have seen what you showed.")]
    NotTaken(#[source] TalkError),
    #[error("A record could not be read from the vault. Nothing was sent.")]
    Records(#[source] RecordsError),
    #[error("The records could not be sealed: {0}. Nothing was sent.")]
    Seal(DeliveryError),
    #[error("No answer could be made: {0}.")]
    Make(#[from] MakeError),
    #[error("The clinic could not be reached. Nothing was sent, and this code can still be answered.")]
    Unreachable(#[source] TalkError),
    #[error(
        "The clinic did not confirm your answer. Nothing was shared, and what you signed is being made void."
    )]
    NoPromise(#[source] TalkError),
    #[error(
        "The clinic's confirmation is not genuine: {0}. Nothing was shared, and what you signed is being made void."
    )]
    Forged(PromiseError),
    #[error(
        "The ledger does not have your consent, whatever the clinic says. Nothing was shared, and what you signed is being made void."
    )]
    NotOnLedger,
    #[error("The clinic did not accept your records. Your consent is being taken back.")]
    DeliveryRefused(#[source] TalkError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl GrantError {
    /// The same answer, sent again later, may get its promise.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::NoPromise(error) | Self::Unreachable(error) => error.is_temporary(),
            _ => false,
        }
    }
}

impl Described for GrantError {
    fn facts(&self) -> Facts {
        const NEW_CODE: &str = "Ask the desk for a new code.";
        const TELL: &str = "Tell the desk, and don't answer them again before it is explained.";
        match self {
            Self::Question(error) => error.facts(),
            Self::Recovery(error) => error.facts(),
            Self::NothingChosen => Facts::expected("nothing_chosen", "Choose at least one thing, or say no."),
            Self::NotAsked => Facts::expected("not_asked", "Choose among what is asked."),
            Self::CardMissing => Facts::expected("cards_missing", "Choose the card as well, or say no."),
            Self::CardNotAsked => {
                Facts::expected("card_not_asked", "Choose among the cards that are asked for.")
            }
            Self::CardNotHeld => Facts::personal("no_such_card", "Choose another card, or say no."),
            Self::Proof(error) => error.facts(),
            Self::SeveralCards => Facts::expected("several_cards", "Choose one card only."),
            Self::NothingMatches => Facts::personal(
                "nothing_matches",
                "Choose something that you hold records of, or import them first.",
            ),
            Self::Records(error) => error.facts(),
            Self::Seal(error) => Facts::unexpected(error.code(), "Share fewer records."),
            Self::Make(MakeError::RequestExpired)
            | Self::NoPromise(TalkError::RequestExpired)
            | Self::NotTaken(TalkError::RequestExpired) => Facts::expected("request_expired", NEW_CODE),
            Self::Make(error) => Facts::unexpected(error.code(), NEW_CODE),
            Self::Unreachable(error) => Facts {
                next: "Try again in a moment.",
                ..error.facts()
            },
            Self::NoPromise(TalkError::AlreadyAnswered) | Self::NotTaken(TalkError::AlreadyAnswered) => {
                Facts::expected("already_answered", NEW_CODE)
            }
            Self::NotTaken(_) => Facts::unexpected("card_not_taken", NEW_CODE),
            Self::NoPromise(_) => Facts::expected("no_promise", NEW_CODE),
            Self::Forged(error) => Facts::critical(error.code(), TELL),
            Self::NotOnLedger => Facts::critical("not_on_ledger", TELL),
            Self::DeliveryRefused(_) => Facts::unexpected("delivery_refused", NEW_CODE),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}
