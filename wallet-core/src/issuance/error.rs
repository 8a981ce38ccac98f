//! What can go wrong with an offer, and with taking it.

use carnet_exchange::issuance::{
    credential::CredentialError, metadata::MetadataError, offer::OfferError, source::SourceError,
    token::TokenError,
};
use thiserror::Error;

use super::check::RefusedCopies;
use crate::{
    CardsError, Described, Facts, LookUpError, NoRandomness, TalkError, TrustError, vault::VaultError,
};

/// Why an offer is not shown. Nobody was asked for a PIN, nothing was taken.
#[derive(Debug, Error)]
pub enum CardOfferError {
    #[error("The offer was refused: {0}. Nothing was taken and nothing of yours was sent.")]
    Refused(SourceError),
    #[error("{0} Nothing was taken and nothing of yours was sent.")]
    Talk(#[from] TalkError),
    #[error("This offer was already used. Nothing more was taken.")]
    Used,
    #[error("You declined this offer. Nothing was taken.")]
    Declined,
    #[error("This wallet holds no such offer.")]
    Unknown,
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for CardOfferError {
    fn facts(&self) -> Facts {
        match self {
            Self::Refused(error) => source_facts(*error),
            Self::Talk(TalkError::RequestUnknown | TalkError::RequestExpired) => {
                Facts::expected("offer_unknown", "Ask whoever gave you the code for a new one.")
            }
            Self::Talk(error) => error.facts(),
            Self::Used => Facts::expected("offer_used", "Look at your cards, or ask for a new code."),
            Self::Declined => {
                Facts::expected("offer_declined", "Ask for a new code if you want it after all.")
            }
            Self::Unknown => Facts::expected("offer_not_here", "Scan the code again."),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl From<SourceError> for CardOfferError {
    fn from(error: SourceError) -> Self {
        Self::Refused(error)
    }
}

impl From<OfferError> for CardOfferError {
    fn from(error: OfferError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<MetadataError> for CardOfferError {
    fn from(error: MetadataError) -> Self {
        Self::Refused(error.into())
    }
}

fn source_facts(error: SourceError) -> Facts {
    const AGAIN: &str = "Scan the code again, or ask for a new one.";
    const TELL: &str = "Don't type a PIN anywhere. Tell whoever gave you the code.";
    match error {
        SourceError::NotListed => Facts::expected(
            "issuer_not_listed",
            "Don't type a PIN anywhere. If you are sure who they are, take the newest list of organisations.",
        ),
        SourceError::Offer(
            OfferError::TooLong | OfferError::NotAnOffer | OfferError::Missing | OfferError::Malformed,
        ) => Facts::expected(error.code(), AGAIN),
        SourceError::Metadata(MetadataError::UnsupportedConfiguration | MetadataError::NoDpop) => {
            Facts::expected(error.code(), "Ask for the card in another form, or as a file.")
        }
        _ => Facts::critical(error.code(), TELL),
    }
}

/// Why no card was taken. Nothing of it was kept.
#[derive(Debug, Error)]
pub enum TakeCardError {
    #[error(transparent)]
    Offer(#[from] CardOfferError),
    #[error("This card comes with a PIN, and none was typed. Nothing was sent.")]
    PinNeeded,
    #[error("This PIN does not have its form. Nothing was sent.")]
    PinForm,
    #[error("The PIN or the code was not accepted. Nothing was taken.")]
    NotAccepted,
    #[error("The issuer did not give the card. Nothing was taken.")]
    Denied,
    #[error("The issuer gives no more copies of this card. The ones you have stay.")]
    RefillRefused,
    #[error("More copies of this card can't be had: its issuer offers none.")]
    NotRefillable,
    #[error("There are enough copies of this card.")]
    Enough,
    #[error("What came was refused: {0}. All of it was deleted, and the issuer is told.")]
    Copies(#[from] RefusedCopies),
    #[error("Whether the new card still counts could not be found out. All of it was deleted.")]
    StatusUnknown(#[source] LookUpError),
    #[error("The issuer's answer can't be read. Nothing was kept.")]
    Token(#[from] TokenError),
    #[error("The issuer's answer can't be read. Nothing was kept.")]
    Credential(#[from] CredentialError),
    #[error("This offer can be taken only by signing in at the issuer's page.")]
    SignInNeeded,
    #[error("There is room for 1,000 cards of one person, each copy counted. Nothing was taken.")]
    Full,
    #[error("{0}")]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Cards(#[from] CardsError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for TakeCardError {
    fn facts(&self) -> Facts {
        const NEW: &str = "Ask whoever gave you the code for a new one.";
        match self {
            Self::Offer(error) => error.facts(),
            Self::PinNeeded => Facts::expected("pin_needed", "Type the PIN that came with the code."),
            Self::PinForm => Facts::expected("pin_form", "Look at the PIN again; nothing is lost."),
            Self::NotAccepted => Facts::expected(
                "pin_not_accepted",
                "Look at the PIN again. After a few wrong ones the code is locked; then ask for a new code.",
            ),
            Self::Denied => Facts::expected("issuer_refused", NEW),
            Self::RefillRefused => Facts::expected(
                "refill_refused",
                "Ask the issuer whether the card was taken back.",
            ),
            Self::NotRefillable => Facts::expected("refill_none", "Ask the issuer for a new card."),
            Self::Enough => Facts::expected("refill_enough", "You need do nothing."),
            Self::Copies(error) => Facts::critical(
                error.code(),
                "Tell the issuer that their card was not in order, and ask for a new code.",
            ),
            Self::StatusUnknown(_) => Facts::critical("issued_status_unknown", NEW),
            Self::Token(error) => Facts::critical(error.code(), NEW),
            Self::Credential(error) => Facts::critical(error.code(), NEW),
            Self::SignInNeeded => {
                Facts::expected("sign_in_needed", "Choose to sign in at the issuer's page.")
            }
            Self::Full => Facts::expected("too_many_cards", "Remove cards that you no longer need."),
            Self::Talk(error) => error.facts(),
            Self::Cards(error) => error.facts(),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}
