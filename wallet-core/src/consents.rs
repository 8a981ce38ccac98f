//! Who has access, and who had.

use carnet_consent::{LedgerStatus, WalletState};
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    activity::{counted, to_the_second},
    kept::{Given, KeptConsent, KeptRead, KeptReads, RECOVERED},
    vault::{Table, VaultError},
    views::{ConsentLine, ConsentView, LedgerView, ReadView, RevocationView},
};

#[derive(Debug, Error)]
pub enum ConsentsError {
    #[error("There is no consent with this id.")]
    Unknown,
    #[error("Several consents begin with this id.")]
    Ambiguous,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ConsentsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unknown => Facts::expected("unknown_consent", "Look it up in the list of consents."),
            Self::Ambiguous => Facts::expected("ambiguous_id", "Give more of the id."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Every consent, newest first.
    pub fn consents(&self) -> Result<Vec<ConsentLine>, ConsentsError> {
        let now = self.clock.now();
        Ok(self.kept_consents()?.iter().map(|kept| kept.line(now)).collect())
    }

    /// One consent whole. `id` is its consent id or grant id; a unique beginning will do.
    pub fn consent(&self, id: &str) -> Result<ConsentView, ConsentsError> {
        let now = self.clock.now();
        let kept = self.find_consent(id)?;
        let reads: KeptReads = self
            .vault
            .get(Table::Reads, &kept.consent_id)?
            .unwrap_or_default();
        let given = kept.given.as_ref();
        let evidence = self.evidence_state(&kept)?;
        Ok(ConsentView {
            line: kept.line(now),
            decision: kept.decision.clone(),
            purpose: kept.purpose.clone(),
            granted: kept.granted.clone(),
            not_granted: kept.not_granted.clone(),
            retention_days: kept.retention_days,
            code: given
                .map(|given| given.code.clone())
                .filter(|code| !code.is_empty()),
            ledger: given.map(|given| given.ledger_view(kept.end, now, evidence)),
            revocation: kept.revocation(),
            reads_as_of: (reads.as_of != Timestamp::default()).then(|| to_the_second(reads.as_of)),
            reads: self.read_views(&kept)?,
        })
    }

    /// Who read what, as far as it was reported, oldest first.
    pub(crate) fn read_views(&self, consent: &KeptConsent) -> Result<Vec<ReadView>, VaultError> {
        let kept: KeptReads = self
            .vault
            .get(Table::Reads, &consent.consent_id)?
            .unwrap_or_default();
        let broken = self.readings_broken(&consent.verifier_id)?;
        let view = |read: &KeptRead| ReadView {
            who: read.who.clone(),
            when: to_the_second(read.when),
            what: read.what.clone(),
            proof: match &read.logged {
                _ if broken => "broken",
                Some(logged) if logged.proof.is_some() => "proven",
                _ => "none",
            }
            .to_owned(),
        };
        Ok(kept.reads.iter().map(view).collect())
    }

    pub(crate) fn kept_consents(&self) -> Result<Vec<KeptConsent>, VaultError> {
        let mut kept: Vec<KeptConsent> = self
            .vault
            .all(Table::Consents)?
            .into_iter()
            .map(|(_, kept)| kept)
            .collect();
        kept.sort_by(|a, b| (b.made, &b.consent_id).cmp(&(a.made, &a.consent_id)));
        Ok(kept)
    }

    pub(crate) fn kept_consent(&self, consent_id: &str) -> Result<Option<KeptConsent>, VaultError> {
        self.vault.get(Table::Consents, consent_id)
    }

    pub(crate) fn find_consent(&self, id: &str) -> Result<KeptConsent, ConsentsError> {
        if id.is_empty() {
            return Err(ConsentsError::Unknown);
        }
        let begins = |kept: &KeptConsent| {
            kept.consent_id.starts_with(id)
                || kept.given.as_ref().is_some_and(|given| {
                    given.grant_id.starts_with(id) && id.len() > 2 || given.grant_id[2..].starts_with(id)
                })
        };
        let mut matching = self.kept_consents()?.into_iter().filter(begins);
        match (matching.next(), matching.next()) {
            (Some(kept), None) => Ok(kept),
            (None, _) => Err(ConsentsError::Unknown),
            _ => Err(ConsentsError::Ambiguous),
        }
    }
}

/// The stable name of a state.
pub(crate) fn state_name(state: WalletState) -> &'static str {
    match state {
        WalletState::Requested => "requested",
        WalletState::Sending => "sending",
        WalletState::Granted => "granted",
        WalletState::Denied => "denied",
        WalletState::Failed => "failed",
        WalletState::Revoking => "revoking",
        WalletState::Revoked => "revoked",
        WalletState::Expired => "expired",
    }
}

impl KeptConsent {
    /// The state as of now: an end that passed, and records that are promised but not yet known to have arrived.
    pub(crate) fn state_at(&self, now: Timestamp) -> WalletState {
        match self.state {
            WalletState::Granted if now >= self.end => WalletState::Expired,
            WalletState::Granted if self.given.as_ref().is_some_and(|given| !given.delivered) => {
                WalletState::Sending
            }
            state => state,
        }
    }

    pub(crate) fn line(&self, now: Timestamp) -> ConsentLine {
        ConsentLine {
            consent_id: self.consent_id.clone(),
            grant_id: self.given.as_ref().map(|given| given.grant_id.clone()),
            state: state_name(self.state_at(now)).to_owned(),
            verifier: self.verifier.clone(),
            start: self.start.to_string(),
            end: self.end.to_string(),
            groups: counted(&self.groups),
            records: self.records,
            recovered: self.decision == RECOVERED,
        }
    }

    /// The three facts; none before anything was taken back.
    pub(crate) fn revocation(&self) -> Option<RevocationView> {
        let back = self.given.as_ref()?.taken_back.as_ref()?;
        let fact = |known: bool| if known { "confirmed" } else { "pending" }.to_owned();
        Some(RevocationView {
            state: state_name(self.state).to_owned(),
            ledger: match (&back.ledger, back.handed_in) {
                (None, true) => "handed_in".to_owned(),
                (promise, _) => fact(promise.is_some()),
            },
            clinic: fact(back.clinic),
            deletion_receipt: back.receipt.is_some(),
            copied: back.copied,
        })
    }
}

impl Given {
    pub(crate) fn ledger_view(&self, end: Timestamp, now: Timestamp, evidence: &str) -> LedgerView {
        let revoked = self.taken_back.as_ref().is_some_and(|back| back.ledger.is_some());
        let status = match self.status {
            _ if revoked => "revoked",
            _ if self.answered.is_some() => "unconfirmed",
            Some(LedgerStatus::Active | LedgerStatus::Pending) if now >= end => "expired",
            Some(LedgerStatus::None) => "none",
            Some(LedgerStatus::Pending) => "pending",
            Some(LedgerStatus::Active) => "active",
            Some(LedgerStatus::Revoked) => "revoked",
            Some(LedgerStatus::Expired) => "expired",
            None => "unknown",
        };
        LedgerView {
            status: status.to_owned(),
            chain_id: self.chain_id.clone(),
            registry: self.registry.clone(),
            kind: self.kind.clone(),
            evidence: evidence.to_owned(),
        }
    }
}
