//! Taking a credential in. Nothing is kept before it was checked.

use std::collections::BTreeSet;

use carnet_credentials::jwk::PublicKey;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{
    CardsError, KeptCredential,
    check::{Checked, OwnKey, check_incoming},
    views::TakenCardView,
};
use crate::{
    Described, Facts, TrustError, Wallet,
    activity::{Entry, Happened},
    vault::{Table, VaultError},
};

/// Longest credential that is looked at, in bytes.
const LONGEST: usize = 65_536;
/// Most credentials of one person, each copy counted.
pub(crate) const MOST: usize = 1_000;

/// Why a credential was not taken. Nothing was kept.
#[derive(Debug, Error)]
pub enum ImportCredentialError {
    #[error("This is larger than a card can be. Nothing was kept.")]
    TooLarge,
    #[error("This is not a card that this wallet can read. Nothing was kept.")]
    NotACredential,
    #[error("This kind of card can't be checked here. Nothing was kept.")]
    OtherForm,
    #[error("This card is not made as it should be. Nothing was kept.")]
    Malformed,
    #[error("This card was changed after it was signed, or it is not by whom it says. Nothing was kept.")]
    BadSignature,
    #[error("The issuer's certificate is not in order. Nothing was kept.")]
    Certificate,
    #[error(
        "Who issued this card can't be found out: your list of organisations does not name them. Nothing was kept."
    )]
    UnknownIssuer,
    #[error("This card belongs to another wallet or another person. Nothing was kept.")]
    NotYours,
    #[error("This card was made for showing to somebody, not for keeping. Nothing was kept.")]
    Shown,
    #[error("This card has expired. Nothing was kept.")]
    Expired,
    #[error("This card is not valid yet. Nothing was kept.")]
    NotYet,
    #[error("There is room for 1,000 cards of one person. Nothing was kept.")]
    Full,
    #[error(transparent)]
    Cards(#[from] CardsError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ImportCredentialError {
    fn facts(&self) -> Facts {
        const ASK: &str = "Ask whoever gave it to you for a new one.";
        match self {
            Self::TooLarge => Facts::expected("card_too_large", ASK),
            Self::NotACredential => Facts::expected(
                "card_unreadable",
                "Choose the file as you got it, or copy its whole text.",
            ),
            Self::OtherForm => Facts::expected(
                "card_other_form",
                "Ask for it as SD-JWT or as a signed W3C card (JWT).",
            ),
            Self::Malformed => Facts::unexpected("card_malformed", ASK),
            Self::BadSignature => Facts::critical(
                "card_bad_signature",
                "Don't rely on it. Ask the issuer for a new one.",
            ),
            Self::Certificate => Facts::critical("card_certificate", ASK),
            Self::UnknownIssuer => Facts::expected(
                "card_issuer_unknown",
                "Take the newest list of organisations, then try again.",
            ),
            Self::NotYours => Facts::personal(
                "card_not_yours",
                "Check who is acting. If it is you, ask the issuer for a new one.",
            ),
            Self::Shown => Facts::expected("card_was_shown", "Choose the card itself."),
            Self::Expired => Facts::expected("card_expired", ASK),
            Self::NotYet => Facts::expected("card_not_yet", "Keep the file, and add it once it is valid."),
            Self::Full => Facts::expected("too_many_cards", "Remove cards that you no longer need."),
            Self::Cards(error) => error.facts(),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Takes a credential as file content or pasted text, once it is found genuine and for this person or for anybody. The
    /// same copy again changes nothing.
    pub fn import_credential(&self, bytes: &[u8]) -> Result<TakenCardView, ImportCredentialError> {
        if bytes.len() > LONGEST {
            return Err(ImportCredentialError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ImportCredentialError::NotACredential)?;
        // Pasted from a letter or a terminal, it may come broken into lines. JSON may not.
        let text = if text.trim_start().starts_with('{') {
            text.trim().to_owned()
        } else {
            text.split_ascii_whitespace().collect()
        };
        let now = self.clock.now();
        let list = self.held_list()?.map(|(list, _)| list);
        let checked = check_incoming(&text, list.as_ref(), &self.own_keys()?, now)?;
        let id = hex::encode(Sha256::digest(text.as_bytes()));
        let kept = KeptCredential {
            card: card_of(&checked)?,
            form: checked.form,
            text,
            issuer: checked.issuer,
            entry_id: checked.entry_id,
            own: checked.own,
            kind: checked.kind,
            claims: checked.claims,
            from: checked.from,
            until: checked.until,
            status: checked.status,
            binding: checked.binding,
            single_use: false,
            source: None,
            added: now,
            looked_up: None,
        };
        let here = self.vault.ids(Table::Credentials)?;
        let already_here = here.contains(&id);
        if !already_here {
            if here.len() >= MOST {
                return Err(ImportCredentialError::Full);
            }
            let entry = kept.entry_id.as_ref();
            let issuer = entry.and_then(|id| list.as_ref()?.by_id(id));
            let mut line = Entry::new(now, Happened::CredentialImported);
            if let Some(issuer) = issuer {
                line = line.who(&issuer.name);
            }
            let mut change = self.vault.change();
            change.put(Table::Credentials, &id, &kept);
            line.put(&mut change);
            change.commit()?;
        }
        Ok(TakenCardView {
            card: self.card(&kept.card)?.line,
            already_here,
        })
    }

    /// The keys that organisations know this person by: of everybody in the trust list, and of everybody who ever had a consent.
    pub(super) fn own_keys(&self) -> Result<Vec<OwnKey>, ImportCredentialError> {
        let mut ids: BTreeSet<String> = self
            .kept_consents()?
            .into_iter()
            .map(|kept| kept.verifier_id)
            .collect();
        if let Some((list, _)) = self.held_list()? {
            ids.extend(list.entries.into_iter().map(|entry| entry.id));
        }
        let keys = self.vault.keys();
        let own = ids.into_iter().map(|entry_id| OwnKey {
            key: PublicKey::from(&keys.derive_holder_key(&entry_id)),
            entry_id,
        });
        Ok(own.collect())
    }
}

/// One name for all copies of the same: same issuer, same type, same claims, same end. Keys, status places, serial numbers and the
/// moment of issue differ between copies.
pub(crate) fn card_of(checked: &Checked) -> Result<String, ImportCredentialError> {
    let mut claims: Map<String, Value> = checked.claims.clone();
    for own in ["jti", "sub"] {
        claims.remove(own);
    }
    let same = json!({
        "issuer": checked.entry_id.as_ref().unwrap_or(&checked.issuer),
        "kind": checked.kind,
        "claims": claims,
        "until": checked.until.map(Timestamp::as_second),
    });
    let canonical = serde_json_canonicalizer::to_vec(&same).map_err(|_| ImportCredentialError::Malformed)?;
    Ok(hex::encode(&Sha256::digest(canonical)[..16]))
}
