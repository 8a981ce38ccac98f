//! One door for every code: scanned, in a picture, pasted, or opened as a link.

use carnet_exchange::issuance::offer::is_offer;
use thiserror::Error;

use super::{error::CardOfferError, views::OpenedCode};
use crate::{CounterError, Described, Facts, InspectError, Wallet};

/// Why a code leads nowhere here. Nothing was opened, nothing was sent.
#[derive(Debug, Error)]
pub enum OpenCodeError {
    #[error("This is a slip that takes a consent back. It was not used.")]
    Slip,
    #[error("This is a code that a patient shows at the desk. There is nothing to answer here.")]
    Shown,
    #[error(
        "This is a SMART Health Link: health records behind a link. This wallet does not open those yet."
    )]
    HealthLink,
    #[error("This is a link to a web page and no code for a wallet. It was not opened.")]
    WebLink,
    #[error("This is not a code that a wallet knows. Nothing was opened.")]
    Unknown,
    #[error(transparent)]
    Question(#[from] InspectError),
    #[error(transparent)]
    Offer(#[from] CardOfferError),
    #[error(transparent)]
    Counter(#[from] CounterError),
}

impl Described for OpenCodeError {
    fn facts(&self) -> Facts {
        match self {
            Self::Slip => Facts::expected(
                "code_is_a_slip",
                "To take that consent back, open it in your list of consents, or use the slip as it says on it.",
            ),
            Self::Shown => Facts::expected("code_is_for_the_desk", "Show it to the desk; they scan it."),
            Self::HealthLink => Facts::expected(
                "code_is_a_health_link",
                "Ask for your records as a file, and import that.",
            ),
            Self::WebLink => Facts::expected(
                "code_is_a_web_link",
                "Ask the desk for the code that is meant for your wallet.",
            ),
            Self::Unknown => Facts::expected(
                "code_unknown",
                "Scan the code at the desk again, or paste the whole link.",
            ),
            Self::Question(error) => error.facts(),
            Self::Offer(error) => error.facts(),
            Self::Counter(error) => error.facts(),
        }
    }
}

impl Wallet {
    /// Finds out what a code is, and reads what stands behind it: a clinic's question, a counter's, or an offer of cards.
    /// Answers nothing and takes nothing.
    pub async fn open_code(&self, text: &str) -> Result<OpenedCode, OpenCodeError> {
        let text = text.trim();
        let opened = |kind: &str, id| OpenedCode {
            kind: kind.to_owned(),
            id,
        };
        if is_offer(text) {
            return Ok(opened("card_offer", self.read_card_offer(text).await?));
        }
        let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let lower = text.get(..64).unwrap_or(text).to_ascii_lowercase();
        match scheme.as_str() {
            "openid4vp" | "haip-vp" => Ok(opened("question", self.request_id(text).await?)),
            "carnet" if lower.starts_with("carnet:check") => {
                Ok(opened("challenge", self.read_challenge(text)?))
            }
            "carnet" if lower.starts_with("carnet:slip") => Err(OpenCodeError::Slip),
            "carnet" => Err(OpenCodeError::Shown),
            "shlink" => Err(OpenCodeError::HealthLink),
            "http" | "https" if text.contains("#shlink:") => Err(OpenCodeError::HealthLink),
            "http" | "https" => Err(OpenCodeError::WebLink),
            _ => Err(OpenCodeError::Unknown),
        }
    }
}
