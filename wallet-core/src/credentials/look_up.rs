//! Whether a card was taken back: asked of its issuer, when the patient wants to know.
//!
//! The whole list is fetched, never one entry, so the issuer learns that somebody looked and not at which card.

use carnet_credentials::{
    issuer::Issuer,
    status::token::{MAX_LEN, Reference, Status, StatusError, StatusList},
};
use carnet_exchange::{Entry, client_id_of};
use carnet_fetch::Limits;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use url::Url;

use super::{CardsError, KeptCredential, LookedUp, views::CardView};
use crate::{
    Described, Facts, TalkError, Wallet,
    talk::Talk,
    vault::{Table, VaultError},
};

const MEDIA_TYPE: &str = "application/statuslist+jwt";
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// A list that its issuer signed longer ago says nothing any more.
const OLDEST_LIST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Why a card's status is not known. What was known before is kept.
#[derive(Debug, Error)]
pub enum LookUpError {
    #[error("Nobody can be asked whether this card was taken back. What was known of it stays.")]
    NobodyToAsk,
    #[error("The issuer's answer does not hold. What was known of the card stays.")]
    Refused(#[source] StatusError),
    #[error(transparent)]
    Talk(#[from] TalkError),
    #[error(transparent)]
    Cards(#[from] CardsError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for LookUpError {
    fn facts(&self) -> Facts {
        match self {
            Self::NobodyToAsk => Facts::expected(
                "card_nobody_to_ask",
                "Ask whoever gave it to you, or wait until the list of organisations names them.",
            ),
            Self::Refused(_) => Facts::critical(
                "card_list_refused",
                "Try again later. If it stays so, tell the issuer.",
            ),
            Self::Talk(error) => error.facts(),
            Self::Cards(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Fetches the status lists of one card's copies from its issuer, who must stand in the list of organisations and
    /// publish them under an address of its own.
    pub async fn look_up_card(&self, id: &str) -> Result<CardView, LookUpError> {
        let talk = self.talk()?;
        let mut copies = self.find_card(id)?;
        // Nobody can show a spent copy any more. Where no other is left, they all speak for the card.
        if copies.iter().any(|(_, kept)| kept.is_left()) {
            copies.retain(|(_, kept)| kept.is_left());
        }
        let now = self.clock.now();
        let states = states(&talk, copies.iter().map(|(_, kept)| kept), now).await?;
        let mut change = self.vault.change();
        for ((id, mut kept), state) in copies.into_iter().zip(states) {
            kept.looked_up = Some(state);
            change.put(Table::Credentials, &id, &kept);
        }
        change.commit()?;
        Ok(self.card(id)?)
    }
}

/// What the issuers' lists say of these copies, each list fetched once.
pub(crate) async fn states(
    talk: &Talk,
    copies: impl Iterator<Item = &KeptCredential>,
    now: Timestamp,
) -> Result<Vec<LookedUp>, LookUpError> {
    let mut lists: Vec<StatusList> = Vec::new();
    let mut known = Vec::new();
    for kept in copies {
        let reference = reference(kept).ok_or(LookUpError::NobodyToAsk)?;
        let entry = kept.entry_id.as_ref().and_then(|id| talk.list.by_id(id));
        let entry = entry.ok_or(LookUpError::NobodyToAsk)?;
        let address = Url::parse(reference.uri()).map_err(|_| LookUpError::NobodyToAsk)?;
        if !entry.covers_origin(&address) {
            return Err(LookUpError::NobodyToAsk);
        }
        if !lists.iter().any(|list| list.uri() == reference.uri()) {
            let reply = talk.get(&address, Limits::bytes(MAX_LEN)).await?;
            let text = String::from_utf8(reply.body(MEDIA_TYPE)?).map_err(|_| TalkError::Unreadable)?;
            lists.push(checked(&text, &reference, (&kept.issuer, entry), now)?);
        }
        let list = lists.iter().find(|list| list.uri() == reference.uri());
        let status = list
            .ok_or(LookUpError::NobodyToAsk)?
            .status(&reference, now, OLDEST_LIST)
            .map_err(LookUpError::Refused)?;
        known.push(LookedUp {
            state: match status {
                Status::Valid => "valid",
                Status::Invalid => "revoked",
                Status::Suspended => "suspended",
                Status::Other(_) => return Err(LookUpError::Refused(StatusError::Unknown)),
            }
            .to_owned(),
            when: now,
        });
    }
    Ok(known)
}

/// Where a copy's status stands, if that is a list.
pub(crate) fn reference(kept: &KeptCredential) -> Option<Reference> {
    Reference::from_claim(kept.status.as_ref()?.get("status_list")?).ok()
}

/// By the certificate in its header where there is one, else by a key that the list of organisations names.
fn checked(
    text: &str,
    reference: &Reference,
    (issuer, entry): (&str, &Entry),
    now: Timestamp,
) -> Result<StatusList, LookUpError> {
    let known = |chain: &[Vec<u8>]| {
        let leaf = chain.first().map(|leaf| client_id_of(leaf));
        leaf.is_some_and(|client_id| entry.client_ids.contains(&client_id))
    };
    let mut outcome = StatusList::check(
        text,
        reference.uri(),
        &Issuer::Certificate { trusted: &known },
        now,
        LEEWAY,
    );
    for key in &entry.issuer_keys {
        if outcome.is_ok() {
            break;
        }
        let by_key = Issuer::Key { iss: issuer, key };
        outcome = StatusList::check(text, reference.uri(), &by_key, now, LEEWAY);
    }
    outcome.map_err(LookUpError::Refused)
}
