//! A page that takes one consent back without this wallet.

use carnet_consent::{GrantId, WalletState};
use carnet_exchange::{slip, trust::Entry as Party};
use carnet_ledger::Domain;
use carnet_paper::{Document, PaperError};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    ConsentsError, Described, Facts, TrustError, Wallet,
    activity::{Entry, Happened},
    grant::{domain, named},
    kept::{Given, KeptConsent},
    talk::pinned_key,
    vault::VaultError,
};

/// Why there is no slip.
#[derive(Debug, Error)]
pub enum SlipError {
    #[error(transparent)]
    Consent(#[from] ConsentsError),
    #[error("There is nothing to take back: nothing was shared, or it was taken back already.")]
    NothingToEnd,
    #[error("This consent has ended by itself; nothing can be read under it any more.")]
    Over,
    #[error("The list of organisations does not say where this clinic's ledger is. No slip was made.")]
    NoEndpoint,
    #[error("No slip was made: {0}.")]
    Slip(#[from] slip::SlipError),
    #[error(transparent)]
    Paper(#[from] PaperError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for SlipError {
    fn facts(&self) -> Facts {
        match self {
            Self::Consent(error) => error.facts(),
            Self::NothingToEnd => Facts::expected("nothing_shared", "You need do nothing."),
            Self::Over => Facts::expected("already_over", "You need do nothing."),
            Self::NoEndpoint => {
                Facts::expected("clinic_not_listed", "Take the newest list of organisations.")
            }
            Self::Slip(error) => Facts::unexpected(error.code(), error.next()),
            Self::Paper(error) => Facts::unexpected(error.code(), error.next()),
            Self::Trust(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// A slip, ready to be printed. Who holds either form can end this one consent.
pub struct SlipPaper {
    /// The page.
    pub pdf: Vec<u8>,
    /// What the code on it says.
    pub text: Zeroizing<String>,
    /// Who is shut out by it.
    pub verifier: String,
    /// When the consent ends by itself, RFC 3339.
    pub end: String,
}

impl std::fmt::Debug for SlipPaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlipPaper(…)")
    }
}

impl Wallet {
    /// The revocation slip of a consent that has not ended.
    pub fn slip(&self, id: &str) -> Result<SlipPaper, SlipError> {
        let kept = self.find_consent(id)?;
        let now = self.clock.now();
        match kept.state_at(now) {
            WalletState::Granted | WalletState::Sending | WalletState::Revoking => {}
            WalletState::Expired => return Err(SlipError::Over),
            _ => return Err(SlipError::NothingToEnd),
        }
        if now >= kept.end {
            return Err(SlipError::Over);
        }
        let given = kept.given.as_ref().ok_or(SlipError::NothingToEnd)?;
        let (grant_id, ledger) = named(given).ok_or(SlipError::NoEndpoint)?;
        let domain = domain(&ledger).ok_or(SlipError::NoEndpoint)?;
        let (list, _) = self.held_list()?.ok_or(TrustError::None)?;
        let party = list.by_id(&kept.verifier_id).ok_or(SlipError::NoEndpoint)?;
        let text = self.slip_text(party, given, &domain, &grant_id)?;
        let pdf = page(&kept, &text, now).to_pdf()?;
        let mut change = self.vault.change();
        Entry::new(now, Happened::SlipMade)
            .who(&kept.verifier)
            .put(&mut change);
        change.commit()?;
        Ok(SlipPaper {
            pdf,
            text,
            verifier: kept.verifier,
            end: kept.end.to_string(),
        })
    }

    /// The first endpoint of the registry that has room on a slip.
    fn slip_text(
        &self,
        party: &Party,
        given: &Given,
        domain: &Domain,
        grant_id: &GrantId,
    ) -> Result<Zeroizing<String>, SlipError> {
        let (_, ledger) = named(given).ok_or(SlipError::NoEndpoint)?;
        let registry = party.registry(&ledger).ok_or(SlipError::NoEndpoint)?;
        let spki_sha256 = pinned_key(party).ok_or(SlipError::NoEndpoint)?;
        let mut refused = SlipError::NoEndpoint;
        for endpoint in &registry.endpoints {
            let slip = slip::Slip {
                chain_id: domain.chain_id,
                registry: domain.registry.0,
                subject: given.grant.subject.0,
                commitment: given.grant.commitment,
                not_before: given.grant.not_before,
                expiry: given.grant.expiry,
                secret: self.vault.keys().derive_revocation_secret(given.number),
                endpoint: endpoint.clone(),
                spki_sha256,
            };
            match slip.to_text(grant_id) {
                Ok(text) => return Ok(text),
                Err(error) => refused = error.into(),
            }
        }
        Err(refused)
    }
}

fn page(kept: &KeptConsent, text: &str, now: jiff::Timestamp) -> Document {
    let day = |time: jiff::Timestamp| {
        let day = time.to_zoned(jiff::tz::TimeZone::UTC);
        day.strftime("%-d %B %Y, %H:%M UTC").to_string()
    };
    Document::new("Revocation slip", "en")
        .keywords(text)
        .paragraph(format!(
            "This page ends what you let {} see. It works without your phone, your wallet and your passphrase.",
            kept.verifier
        ))
        .rows([
            ("Who can see it now", kept.verifier.clone()),
            ("From", day(kept.start)),
            ("Ends by itself", day(kept.end)),
            ("Slip made", day(now)),
        ])
        .notice(
            "Whoever holds this page can end this one consent, and can do nothing else with it: they see none of your \
             records and share nothing in your name. Keep it with your important papers, away from your phone.",
        )
        .heading("How to use it")
        .steps([
            "On any computer with Carnet, take a photograph of the code below, or use this file itself.",
            "Run: carnet revoke-with FILE",
            "It says what is true then. Doing it again does no harm.",
            "If the clinic's system does not answer, try at another time. Until it hears of it, it can go on reading.",
        ])
        .code(text, "The slip as a square code; the same text stands below it")
        .literal(text)
        .small(
            "Ending it stops every further look and has the clinic's system destroy the key of its copy. What was printed, or \
             copied into the clinic's own file before, stays there.",
        )
}
