//! The registries that hold this person's consents: whether everything that was promised stands in their logs.

use std::collections::BTreeMap;

use carnet_consent::LedgerRef;
use carnet_exchange::{
    Entry as Party,
    evidence::{Evidence, entry_of},
    promise::read_kept,
};
use carnet_log::{Receipt, entry, tree::check_entry};

use super::{Book, EvidenceError, Found, KeptLog, Seen, proof};
use crate::{
    TalkError, Wallet,
    errands::EMBEDDED,
    kept::KeptConsent,
    talk::Talk,
    vault::{Change, Table, VaultError},
};

/// A promise that was not yet found in the log.
pub(super) struct Unproven {
    consent_id: String,
    revocation: bool,
    promise: String,
}

/// A registry that holds consents of this person.
pub(super) struct Held {
    pub(super) party: String,
    ledger: LedgerRef,
    pub(super) unproven: Vec<Unproven>,
}

/// Consent, whether of its revocation, proof.
type Proofs = Vec<(String, bool, String)>;

impl Wallet {
    /// The proof of a consent's grant, or of its revocation once that is recorded: a file for somebody else.
    pub fn evidence(&self, id: &str) -> Result<Evidence, EvidenceError> {
        let kept = self.find_consent(id)?;
        let given = kept.given.as_ref().ok_or(EvidenceError::None)?;
        let back = given.taken_back.as_ref();
        let revoked = back.and_then(|back| back.ledger.clone().zip(back.logged.clone()));
        let granted = || given.promise.clone().zip(given.logged.clone());
        let (promise, log) = revoked.or_else(granted).ok_or(EvidenceError::None)?;
        Ok(Evidence::new(promise, log))
    }

    pub(super) fn registries_held(&self) -> Result<BTreeMap<String, Held>, VaultError> {
        let mut held: BTreeMap<String, Held> = BTreeMap::new();
        for kept in self.kept_consents()? {
            let Some(given) = kept.given.as_ref().filter(|given| given.kind == EMBEDDED) else {
                continue;
            };
            let back = given.taken_back.as_ref();
            let promises = [
                (false, given.promise.as_ref(), given.logged.as_ref()),
                (
                    true,
                    back.and_then(|back| back.ledger.as_ref()),
                    back.and_then(|back| back.logged.as_ref()),
                ),
            ];
            if promises.iter().all(|(_, promise, _)| promise.is_none()) {
                continue;
            }
            let ledger = LedgerRef {
                chain_id: given.chain_id.clone(),
                registry: given.registry.clone(),
            };
            let origin = entry::operations(&ledger.chain_id, &ledger.registry);
            let here = held.entry(origin).or_insert_with(|| Held {
                party: kept.verifier_id.clone(),
                ledger,
                unproven: Vec::new(),
            });
            for (revocation, promise, logged) in promises {
                if let (Some(promise), None) = (promise, logged) {
                    here.unproven.push(Unproven {
                        consent_id: kept.consent_id.clone(),
                        revocation,
                        promise: promise.clone(),
                    });
                }
            }
        }
        Ok(held)
    }

    /// Looks at a registry's log, and for the promises that were not found in it yet.
    pub(super) async fn look_at_registry(
        &self,
        talk: &Talk,
        party: &Party,
        origin: &str,
        held: &Held,
    ) -> Result<(), VaultError> {
        let book = Book::Ledger(held.ledger.clone());
        // Silence is no contradiction.
        let Ok(mut seen) = self.look_at_log(talk, party, origin, &book).await else {
            return Ok(());
        };
        let proofs = match &seen.broken {
            Some(_) => Vec::new(),
            None => match self.prove_promises(talk, party, &book, &mut seen, held).await {
                Ok(proofs) => proofs,
                Err(_) => return Ok(()),
            },
        };
        let mut change = self.vault.change();
        self.keep_log(&mut change, &talk.list, origin, party, &book, seen)?;
        for (consent_id, revocation, proof) in proofs {
            self.keep_proof(&mut change, &consent_id, revocation, proof)?;
        }
        change.commit()
    }

    async fn prove_promises(
        &self,
        talk: &Talk,
        party: &Party,
        book: &Book,
        seen: &mut Seen,
        held: &Held,
    ) -> Result<Proofs, TalkError> {
        let endpoint = book.endpoint(party).ok_or(TalkError::Unlisted)?;
        let head = seen.state.head();
        let mut proofs = Vec::new();
        for unproven in &held.unproven {
            let Ok(promise) = read_kept(&unproven.promise) else {
                continue;
            };
            let Some(index) = promise.sequence.checked_sub(1) else {
                continue;
            };
            // Promised before this state was signed: it must be in there.
            let way = if index < head.0 {
                let (index, size) = (index.to_string(), head.0.to_string());
                proof(talk, endpoint, &["log", "inclusion", &index, &size]).await?
            } else {
                Vec::new()
            };
            if check_entry(&way, head, index, &entry_of(&promise)).is_err() {
                let promise = &unproven.promise;
                let broken = Found::in_promise(talk, endpoint, promise, &seen.state, index, way).await;
                seen.broken = Some(broken);
                break;
            }
            let receipt = Receipt {
                index,
                proof: way,
                checkpoint: seen.state.text().to_owned(),
            };
            proofs.push((
                unproven.consent_id.clone(),
                unproven.revocation,
                receipt.to_text(),
            ));
        }
        Ok(proofs)
    }

    fn keep_proof(
        &self,
        change: &mut Change<'_>,
        consent_id: &str,
        revocation: bool,
        proof: String,
    ) -> Result<(), VaultError> {
        // Somebody is at this consent: its proof is fetched again next time.
        let Some(_hold) = self.try_hold(consent_id) else {
            return Ok(());
        };
        let Some(mut kept) = self.kept_consent(consent_id)? else {
            return Ok(());
        };
        let Some(given) = kept.given.as_mut() else {
            return Ok(());
        };
        match (revocation, given.taken_back.as_mut()) {
            (true, Some(back)) => back.logged = Some(proof),
            (true, None) => {}
            (false, _) => given.logged = Some(proof),
        }
        change.put(Table::Consents, consent_id, &kept);
        Ok(())
    }

    /// What the registry's log says of this consent: `none`, `kept`, `witnessed`, `broken`.
    pub(crate) fn evidence_state(&self, kept: &KeptConsent) -> Result<&'static str, VaultError> {
        let Some(given) = kept.given.as_ref() else {
            return Ok("none");
        };
        let origin = entry::operations(&given.chain_id, &given.registry);
        let log: Option<KeptLog> = self.vault.get(Table::Logs, &origin)?;
        Ok(match log {
            Some(log) if log.broken.is_some() => "broken",
            Some(log) if given.logged.is_some() && !log.witnesses.is_empty() => "witnessed",
            Some(_) if given.logged.is_some() => "kept",
            _ => "none",
        })
    }
}
