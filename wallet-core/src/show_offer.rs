//! "Ask me": the patient shows a code, the desk lays its question where the code says, sealed to the code's key.

use std::time::Duration;

use carnet_exchange::{
    EncryptionKey, RequestLink,
    code::{CodeError, LIFE, offer},
    limits::REPLY_BYTES,
    request::{RequestError, who},
    trust::Role,
};
use carnet_fetch::Limits;
use thiserror::Error;
use url::Url;

use crate::{
    Described, Facts, InspectError, NoRandomness, TalkError, TrustError, Wallet,
    activity::to_the_second,
    credentials::CopyKey,
    kept::KeptOffer,
    random::{make_bytes, make_key},
    talk::below,
    trust::verifier_view,
    vault::{Table, VaultError},
    views::{OfferStateView, ShownCode},
};

/// How long one look for the question may take.
const LOOK: Duration = Duration::from_secs(5);

/// Why no code is shown, or why nothing came of it.
#[derive(Debug, Error)]
pub enum ShowOfferError {
    #[error("Your list of organisations has nobody of this name who may ask. Nothing was shown.")]
    NotThere,
    #[error("This code is not known here any more. Nothing was sent.")]
    Unknown,
    #[error(
        "What came back is not from the clinic that you chose. It was not opened; nothing of yours was sent."
    )]
    OtherParty,
    #[error("What came back can't be opened: {0}. Nothing of yours was sent.")]
    Code(#[from] CodeError),
    #[error(transparent)]
    Question(#[from] InspectError),
    #[error(transparent)]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ShowOfferError {
    fn facts(&self) -> Facts {
        const AGAIN: &str = "Show the desk a new code.";
        match self {
            Self::NotThere => Facts::expected(
                "party_unknown",
                "Choose the clinic from the list, or take the newest list.",
            ),
            Self::Unknown => Facts::expected("shown_code_unknown", AGAIN),
            Self::OtherParty => Facts::critical(
                "shown_code_other_party",
                "Tell the desk, and answer only a clinic that you know.",
            ),
            Self::Code(error) => Facts::critical(error.code(), AGAIN),
            Self::Question(error) => error.facts(),
            Self::Talk(error) => error.facts(),
            Self::Trust(error) => error.facts(),
            Self::Randomness(_) => Facts::critical("no_randomness", "Restart this device and try again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// A code for one clinic's desk, by the clinic's stable id. Good for five minutes; says nothing of this person.
    pub fn show_offer(&self, party_id: &str) -> Result<ShownCode, ShowOfferError> {
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        let party = list
            .by_id(party_id)
            .filter(|party| party.has_role(Role::Verifier) && !party.origins.is_empty())
            .ok_or(ShowOfferError::NotThere)?;
        let (id, key, made) = (make_bytes()?, make_key()?, self.clock.now());
        let offer = offer::Offer {
            id,
            key: EncryptionKey::new(key.public_key(), None),
            made,
        };
        let kept = KeptOffer {
            party: party.id.clone(),
            key: CopyKey::new(key),
            made,
            request_id: None,
        };
        let mut change = self.vault.change();
        for (old, _) in self.shown_too_long_ago()? {
            change.delete(Table::Shown, &old);
        }
        change.put(Table::Shown, &offer.id_text(), &kept);
        change.commit()?;
        let uri = offer.text();
        Ok(ShownCode {
            code_id: offer.id_text(),
            svg: carnet_qr::svg(&uri).map_err(|_| CodeError::TooLong)?,
            uri,
            expires: to_the_second(made + LIFE),
            verifier: verifier_view(party, &list),
        })
    }

    /// Whether the desk's question has come; fetches and checks it if so. Answers nothing.
    pub async fn offer_state(&self, code_id: &str) -> Result<OfferStateView, ShowOfferError> {
        let mut kept: KeptOffer = self
            .vault
            .get(Table::Shown, code_id)?
            .ok_or(ShowOfferError::Unknown)?;
        if kept.request_id.is_some() {
            return Ok(state("question", kept.request_id));
        }
        if self.clock.now().duration_since(kept.made) > LIFE {
            return Ok(state("expired", None));
        }
        let talk = self.talk()?;
        let party = talk.entry(&kept.party)?.clone();
        let origin = party.origins.first().and_then(|origin| Url::parse(origin).ok());
        let place = origin.ok_or(ShowOfferError::NotThere)?;
        let [first, second] = offer::PATH;
        let place = below(&place, &[first, second, code_id])?;
        let reply = talk.get(&place, Limits::bytes(REPLY_BYTES).within(LOOK)).await?;
        if reply.is_empty() {
            return Ok(state("waiting", None));
        }
        let sealed = reply.body(carnet_exchange::media::DELIVERY)?;
        let sealed = String::from_utf8(sealed).map_err(|_| CodeError::NotForThis)?;
        let link: RequestLink = offer::open(&sealed, kept.key.secret())?;
        match who(&link, &talk.list) {
            Ok(asking) if asking.id == party.id => {}
            Ok(_) | Err(RequestError::NotListed) => return Err(ShowOfferError::OtherParty),
            Err(error) => return Err(InspectError::from(error).into()),
        }
        let request_id = self.request_id(&link.to_string()).await?;
        kept.request_id = Some(request_id);
        self.vault.put(Table::Shown, code_id, &kept)?;
        Ok(state("question", kept.request_id))
    }

    fn shown_too_long_ago(&self) -> Result<Vec<(String, KeptOffer)>, VaultError> {
        let now = self.clock.now();
        let mut all: Vec<(String, KeptOffer)> = self.vault.all(Table::Shown)?;
        all.retain(|(_, kept)| now.duration_since(kept.made) > LIFE);
        Ok(all)
    }
}

fn state(state: &str, request_id: Option<String>) -> OfferStateView {
    OfferStateView {
        state: state.to_owned(),
        request_id,
    }
}
