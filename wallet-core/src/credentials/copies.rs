//! Copies of a card: which can be shown to whom, and using one up.

use carnet_credentials::{
    certificate,
    sd_jwt::{self, Received},
};
use carnet_exchange::dcql::{Candidate, CredentialQuery};
use jiff::Timestamp;
use serde_json::Value;

use super::{Binding, CredentialForm, KeptCredential};
use crate::{Wallet, present::Disclosure, vault::VaultError};

/// The form in which cards are shown. W3C credentials are kept and not shown: what OpenID4VP wraps around them is not made.
const FORMAT: &str = "dc+sd-jwt";

impl Wallet {
    /// Every card with those of its copies that can be shown to this party now, a card without any left out.
    pub(crate) fn showable_cards(
        &self,
        party: &str,
    ) -> Result<Vec<Vec<(String, KeptCredential)>>, VaultError> {
        let now = self.clock.now();
        let mut cards = self.kept_cards()?;
        for copies in &mut cards {
            copies.retain(|(_, kept)| kept.is_showable(party, now));
        }
        cards.retain(|copies| !copies.is_empty());
        Ok(cards)
    }
}

impl KeptCredential {
    /// Not used up, in its time, not known to be taken back, and bound to nobody, to a key of its own, or to the identity that
    /// this party knows.
    fn is_showable(&self, party: &str, now: Timestamp) -> bool {
        let for_them = match &self.binding {
            Binding::Nobody | Binding::Copy(_) => true,
            Binding::Pairwise(known_to) => known_to == party,
            Binding::EdCopy(_) | Binding::Spent => false,
        };
        let taken_back = self
            .looked_up
            .as_ref()
            .is_some_and(|looked_up| looked_up.state != "valid");
        self.form == CredentialForm::SdJwt
            && for_them
            && !taken_back
            && self.until.is_none_or(|until| now < until)
            && self.from.is_none_or(|from| from <= now)
    }
}

impl Disclosure {
    /// What showing this copy for this query would disclose; none if it doesn't fit.
    pub(crate) fn of(kept: &KeptCredential, query: &CredentialQuery) -> Option<Self> {
        let received = Received::read(&kept.text).ok()?;
        let authority_keys = certificate::authority_keys(received.header());
        let contents = received.contents().ok()?;
        let paths = query.disclosing(&Candidate {
            format: FORMAT,
            kinds: std::slice::from_ref(&kept.kind),
            claims: &Value::Object(contents.claims),
            disclosable: &contents.disclosable,
            bound: !matches!(kept.binding, Binding::Nobody),
            issuer: kept.entry_id.as_deref(),
            authority_keys: &authority_keys,
        })?;
        let shown = sd_jwt::reveal(&kept.text, &paths).ok()?;
        let claims = Received::read(&shown).ok()?.contents().ok()?.claims;
        Some(Self { paths, claims })
    }
}
