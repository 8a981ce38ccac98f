//! What has to be brought to its end, now or after any interruption: a promised delivery, a revocation, a tombstone.
//!
//! Each step is durable before the next begins, and each can be done twice. A consent is in hand ([`Wallet::hold`]) meanwhile.

use std::time::Duration;

use carnet_consent::{GrantId, LedgerRef, LedgerStatus, WalletEvent, WalletState};
use carnet_exchange::{
    Entry as Party, delivery,
    limits::REPLY_BYTES,
    manage::{Op, OpResult, verify_receipt},
    media,
    promise::{self, Expected, Operation},
    registry::{GrantStatus, RevocationProof, RevocationReply, RevocationRequest},
    trust::Role,
};
use carnet_fetch::Limits;
use carnet_ledger::sign_revocation;
use jiff::SignedDuration;
use url::Url;

use crate::{
    Described, GrantError, TalkError, Wallet,
    activity::{Entry, Happened},
    grant::{domain, named, tuple},
    kept::{Errand, Given, KeptConsent, TakenBack},
    talk::{Reply, Talk, below},
    vault::{Change, Table, VaultError},
};

/// [`Given::kind`] of a registry that the clinic keeps itself.
pub(crate) const EMBEDDED: &str = "embedded";

/// How long bringing the records may take; they can be large.
const DELIVERY_WAIT: Duration = Duration::from_mins(1);
/// How long an answer that failed waits for its tombstone before it says so; the outbox goes on.
const TOMBSTONE_WAIT: Duration = Duration::from_secs(10);
/// How long after its end a void grant is still tried to be tombstoned: clocks differ.
const AFTER_END: SignedDuration = SignedDuration::from_hours(24);

/// How far an answered consent came.
#[derive(Debug)]
pub(crate) enum Finish {
    /// The records are there.
    Delivered,
    /// Not yet; it stays in the outbox.
    Waiting,
    /// The ledger does not have the grant: failed, nothing was shared, tombstone in the outbox.
    NotOnLedger,
    /// The station does not take the records: being taken back.
    Refused(TalkError),
}

/// What became of a revocation that was brought to the ledger.
enum HandedIn {
    /// The promise, verified.
    Confirmed(String),
    /// Somebody has taken it, and it is not final yet.
    NotFinal,
    Nowhere,
}

impl Wallet {
    /// Brings an answered consent to its end: ledger, then delivery. Without a verified promise it fails, and nothing was shared.
    pub(crate) async fn finish(
        &self,
        talk: &Talk,
        mut kept: KeptConsent,
    ) -> Result<(KeptConsent, Finish), VaultError> {
        if kept.given.as_ref().is_none_or(|given| given.promise.is_none()) {
            match self.answer_again(talk, &kept).await {
                Ok(promise) => {
                    if let Some(given) = &mut kept.given {
                        (given.promise, given.answered) = (Some(promise), None);
                    }
                    self.vault.put(Table::Consents, &kept.consent_id, &kept)?;
                }
                Err(error) if error.is_temporary() && self.clock.now() < kept.end => {
                    return Ok((kept, Finish::Waiting));
                }
                Err(error) => return Ok((self.fail(kept, error.code())?, Finish::NotOnLedger)),
            }
        }
        let Some((id, ledger)) = kept.given.as_ref().and_then(named) else {
            return Ok((self.fail(kept, "no_promise")?, Finish::NotOnLedger));
        };
        let status = match self.ledger_status(talk, &kept, &id, &ledger).await {
            Ok(status) => status,
            Err(error) if error.is_temporary() && self.clock.now() < kept.end => {
                return Ok((kept, Finish::Waiting));
            }
            Err(_) => LedgerStatus::None,
        };
        if !matches!(status, LedgerStatus::Active | LedgerStatus::Pending) {
            // Once the records may have left, "nothing was shared" is no longer ours to say.
            return Ok(match kept.state {
                WalletState::Sending => (self.fail(kept, "not_on_ledger")?, Finish::NotOnLedger),
                _ => (self.start_taking_back(kept)?, Finish::NotOnLedger),
            });
        }
        if let Some(given) = &mut kept.given {
            given.status = Some(status);
        }
        if kept.state == WalletState::Sending {
            kept.moved(WalletEvent::Promised);
            let mut change = self.vault.change();
            change.put(Table::Consents, &kept.consent_id, &kept);
            Entry::new(self.clock.now(), Happened::Granted)
                .who(&kept.verifier)
                .groups(&kept.groups)
                .put(&mut change);
            change.commit()?;
        }
        match self.deliver(talk, &kept).await? {
            Ok(()) => {}
            Err(error) if error.is_temporary() => return Ok((kept, Finish::Waiting)),
            Err(error) => return Ok((self.start_taking_back(kept)?, Finish::Refused(error))),
        }
        if let Some(given) = &mut kept.given {
            given.delivered = true;
        }
        let mut change = self.vault.change();
        change.put(Table::Consents, &kept.consent_id, &kept);
        change.delete(Table::Deliveries, &kept.consent_id);
        change.delete(Table::Outbox, &kept.consent_id);
        change.commit()?;
        Ok((kept, Finish::Delivered))
    }

    /// Sends an answer that the ledger had not confirmed once more, byte for byte.
    async fn answer_again(&self, talk: &Talk, kept: &KeptConsent) -> Result<String, GrantError> {
        let answered = kept.given.as_ref().and_then(|given| given.answered.as_ref());
        let answered = answered.ok_or(GrantError::NoPromise(TalkError::Unreadable))?;
        let url =
            Url::parse(&answered.response_uri).map_err(|_| GrantError::NoPromise(TalkError::Unreadable))?;
        let party = talk.entry(&kept.verifier_id).map_err(GrantError::NoPromise)?;
        self.promise(talk, party, &url, kept, &answered.jwe).await
    }

    async fn ledger_status(
        &self,
        talk: &Talk,
        kept: &KeptConsent,
        id: &GrantId,
        ledger: &LedgerRef,
    ) -> Result<LedgerStatus, TalkError> {
        let registry = talk
            .entry(&kept.verifier_id)?
            .registry(ledger)
            .ok_or(TalkError::Unlisted)?;
        let mut last = TalkError::Unlisted;
        for endpoint in &registry.endpoints {
            let url = below(endpoint, &["grants", &id.to_string()])?;
            let body = talk
                .get(&url, Limits::bytes(REPLY_BYTES))
                .await
                .and_then(Reply::json);
            let read = body.and_then(|body| {
                GrantStatus::read(&body, id, ledger, self.clock.now()).map_err(|_| TalkError::Unreadable)
            });
            match read {
                Ok(status) => return Ok(status.status),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn deliver(&self, talk: &Talk, kept: &KeptConsent) -> Result<Result<(), TalkError>, VaultError> {
        let Some(sealed) = self.vault.get_bytes(Table::Deliveries, &kept.consent_id)? else {
            return Ok(Err(TalkError::Unreadable));
        };
        let Some(url) = kept
            .given
            .as_ref()
            .and_then(|given| Url::parse(&given.delivery_uri).ok())
        else {
            return Ok(Err(TalkError::Unreadable));
        };
        let limits = Limits::bytes(REPLY_BYTES).within(DELIVERY_WAIT);
        let media_type = delivery::media_type(&String::from_utf8_lossy(&sealed));
        Ok(talk
            .post(&url, media_type, sealed.to_vec(), limits)
            .await
            .map(|_| ()))
    }

    /// The answer came to nothing, and nothing was shared: the sealed records are dropped, and a tombstone is to be
    /// put where the grant could still turn up.
    pub(crate) fn fail(&self, mut kept: KeptConsent, code: &str) -> Result<KeptConsent, VaultError> {
        kept.moved(WalletEvent::NotPromised);
        if let Some(given) = &mut kept.given {
            given.taken_back.get_or_insert_default();
            given.answered = None;
        }
        let mut change = self.vault.change();
        put_take_back(&mut change, &kept);
        Entry::new(self.clock.now(), Happened::Failed)
            .who(&kept.verifier)
            .code(code)
            .put(&mut change);
        change.commit()?;
        Ok(kept)
    }

    /// From this moment on the consent is being taken back, whatever happens to this process.
    pub(crate) fn start_taking_back(&self, mut kept: KeptConsent) -> Result<KeptConsent, VaultError> {
        kept.moved(WalletEvent::TakenBack);
        if let Some(given) = &mut kept.given {
            given.taken_back.get_or_insert_default();
            given.answered = None;
        }
        let mut change = self.vault.change();
        put_take_back(&mut change, &kept);
        Entry::new(self.clock.now(), Happened::Revoked)
            .who(&kept.verifier)
            .put(&mut change);
        change.commit()?;
        Ok(kept)
    }

    /// Tries once to make a failed grant void everywhere, without keeping the patient waiting for long.
    pub(crate) async fn take_back_soon(&self, talk: &Talk, kept: KeptConsent) -> Result<(), VaultError> {
        // What is cut off here goes on from the outbox.
        tokio::time::timeout(TOMBSTONE_WAIT, self.take_back(talk, kept))
            .await
            .map_or(Ok(()), |done| done.map(|_| ()))
    }

    /// Brings a revocation or tombstone to whoever has not confirmed it. Facts that are learnt are durable at once; what is
    /// still missing stays in the outbox.
    pub(crate) async fn take_back(
        &self,
        talk: &Talk,
        mut kept: KeptConsent,
    ) -> Result<KeptConsent, VaultError> {
        let Some((id, ledger)) = kept.given.as_ref().and_then(named) else {
            return Ok(kept);
        };
        let missing = |kept: &KeptConsent, fact: fn(&TakenBack) -> bool| {
            kept.given
                .as_ref()
                .and_then(|given| given.taken_back.as_ref())
                .is_some_and(|back| !fact(back))
        };
        let failed = kept.state == WalletState::Failed;
        let reachable = kept
            .given
            .as_ref()
            .is_some_and(|given| !given.manage_uri.is_empty());
        // The station first: it denies from the moment it hears of it.
        if !failed
            && reachable
            && missing(&kept, |back| back.clinic && back.receipt.is_some())
            && let Ok(result) = self.ask_clinic(talk, &kept, &id, &ledger).await
        {
            self.learn(talk, &mut kept, &id, &ledger, result);
            self.keep_facts(&mut kept)?;
        }
        if missing(&kept, |back| back.ledger.is_some()) {
            let handed_in = self.revoke_on_ledger(talk, &kept, &id, &ledger).await;
            if let Some(back) = kept.taken_back_mut() {
                match handed_in {
                    HandedIn::Confirmed(promise) => back.ledger = Some(promise),
                    HandedIn::NotFinal => back.handed_in = true,
                    HandedIn::Nowhere => {}
                }
            }
        }
        // Where the clinic keeps the ledger itself, its log key has just signed that its own system knows.
        if let Some(given) = kept.given.as_mut().filter(|given| given.manage_uri.is_empty())
            && let Some(back) = given.taken_back.as_mut()
        {
            back.clinic |= given.kind == EMBEDDED && back.ledger.is_some();
        }
        self.keep_facts(&mut kept)?;
        Ok(kept)
    }

    async fn ask_clinic(
        &self,
        talk: &Talk,
        kept: &KeptConsent,
        id: &GrantId,
        ledger: &LedgerRef,
    ) -> Result<OpResult, TalkError> {
        let (Some(given), Some(domain)) = (&kept.given, domain(ledger)) else {
            return Err(TalkError::Unreadable);
        };
        let clinic_knows = given.taken_back.as_ref().is_some_and(|back| back.clinic);
        let op = if clinic_knows {
            Op::Receipt { grant_id: *id }
        } else {
            let key = self.vault.keys().derive_ledger_key(given.number);
            Op::Revoke {
                grant_id: *id,
                grant: tuple(&given.grant),
                proof: RevocationProof::Signature(sign_revocation(&domain, &id.0, &key)),
            }
        };
        let mut results = self
            .manage(talk, &kept.verifier_id, &given.manage_uri, vec![op])
            .await?;
        results.pop().ok_or(TalkError::Unreadable)
    }

    /// Takes from the station's answer what its signatures bear out.
    fn learn(&self, talk: &Talk, kept: &mut KeptConsent, id: &GrantId, ledger: &LedgerRef, result: OpResult) {
        let Ok(party) = talk.entry(&kept.verifier_id) else {
            return;
        };
        let Some(back) = kept.taken_back_mut() else { return };
        let (promise, receipt) = match result {
            OpResult::Revoked { promise, receipt, .. } => {
                back.clinic = true;
                (promise, receipt)
            }
            OpResult::Receipt { receipt, .. } => (None, receipt),
            OpResult::Reads { .. } | OpResult::Refused { .. } => return,
        };
        if let Some(promise) = promise.filter(|promise| self.is_revoked(party, promise, id, ledger)) {
            back.ledger = Some(promise);
        }
        if let Some(compact) = receipt
            && let Ok(receipt) = verify_receipt(&compact, &party.log_keys, id)
        {
            back.copied |= receipt.exported;
            back.receipt = Some(compact);
        }
    }

    fn is_revoked(&self, party: &Party, promise: &str, id: &GrantId, ledger: &LedgerRef) -> bool {
        let expected = Expected {
            grant_id: id,
            operation: Operation::Revoke,
            ledger,
            now: self.clock.now(),
        };
        promise::verify(promise, &party.log_keys, &expected).is_ok()
    }

    /// At the clinic's own registry first, then at any relayer of the list that serves the same one.
    async fn revoke_on_ledger(
        &self,
        talk: &Talk,
        kept: &KeptConsent,
        id: &GrantId,
        ledger: &LedgerRef,
    ) -> HandedIn {
        let (Some(given), Some(domain)) = (kept.given.as_ref(), domain(ledger)) else {
            return HandedIn::Nowhere;
        };
        let mut handed_in = HandedIn::Nowhere;
        let keys = self.vault.keys();
        let signature = sign_revocation(&domain, &id.0, &keys.derive_ledger_key(given.number));
        let secret = keys.derive_revocation_secret(given.number);
        let own = talk.entry(&kept.verifier_id).ok();
        let relayers = talk
            .list
            .entries
            .iter()
            .filter(|entry| entry.id != kept.verifier_id && entry.has_role(Role::Relayer));
        for party in own.into_iter().chain(relayers) {
            let endpoints = party
                .registry(ledger)
                .map(|registry| registry.endpoints.as_slice())
                .unwrap_or_default();
            for endpoint in endpoints {
                for proof in [
                    RevocationProof::Signature(signature),
                    RevocationProof::Secret(*secret),
                ] {
                    let answered = self.submit(talk, endpoint, given, proof).await;
                    match answered {
                        Ok(promise) if self.is_revoked(party, &promise, id, ledger) => {
                            return HandedIn::Confirmed(promise);
                        }
                        // The proof was not accepted: perhaps the other one is. Anything else: the next endpoint.
                        Err(TalkError::Refused { .. }) => {}
                        // Whoever only says so is not believed: the next one is told too.
                        Err(TalkError::NotFinal) => {
                            handed_in = HandedIn::NotFinal;
                            break;
                        }
                        _ => break,
                    }
                }
            }
        }
        handed_in
    }

    async fn submit(
        &self,
        talk: &Talk,
        endpoint: &Url,
        given: &Given,
        proof: RevocationProof,
    ) -> Result<String, TalkError> {
        let request = RevocationRequest {
            grant: tuple(&given.grant),
            proof,
        };
        let body = serde_json::to_vec(&request).map_err(|_| TalkError::Unreadable)?;
        let reply = talk
            .post(
                &below(endpoint, &["revocations"])?,
                media::JSON,
                body,
                Limits::bytes(REPLY_BYTES),
            )
            .await?;
        RevocationReply::read(&reply.json()?)
            .map(|reply| reply.promise)
            .map_err(|_| TalkError::Unreadable)
    }

    /// Makes the facts durable, and closes the errand when nothing more is to be learnt.
    fn keep_facts(&self, kept: &mut KeptConsent) -> Result<(), VaultError> {
        let now = self.clock.now();
        let Some(back) = kept.given.as_ref().and_then(|given| given.taken_back.as_ref()) else {
            return Ok(());
        };
        let (ledger, clinic, receipt) = (back.ledger.is_some(), back.clinic, back.receipt.is_some());
        // Of a recovered consent only the ledger is known; there is nobody to ask for a receipt.
        let only_ledger = kept
            .given
            .as_ref()
            .is_some_and(|given| given.manage_uri.is_empty());
        if kept.state == WalletState::Revoking && ledger && (clinic || only_ledger) {
            kept.moved(WalletEvent::RevocationConfirmed);
        }
        let over = |end: jiff::Timestamp| now.duration_since(end) > AFTER_END;
        let done = match kept.state {
            WalletState::Failed => ledger || over(kept.end),
            WalletState::Revoked => receipt || only_ledger || over(kept.end),
            _ => false,
        };
        let mut change = self.vault.change();
        change.put(Table::Consents, &kept.consent_id, kept);
        if done {
            change.delete(Table::Outbox, &kept.consent_id);
        }
        change.commit()
    }

    /// After an interruption: what was answered without a promise in hand has failed, and nothing was shared. Needs no network.
    pub(crate) fn settle(&self) -> Result<(), VaultError> {
        for (consent_id, errand) in self.vault.all::<Errand>(Table::Outbox)? {
            if errand != Errand::Finish {
                continue;
            }
            if let Some(kept) = self.kept_consent(&consent_id)?
                && kept.state == WalletState::Sending
                && kept
                    .given
                    .as_ref()
                    .is_none_or(|given| given.promise.is_none() && given.answered.is_none())
            {
                self.fail(kept, "interrupted")?;
            }
        }
        Ok(())
    }
}

fn put_take_back(change: &mut Change<'_>, kept: &KeptConsent) {
    change.put(Table::Consents, &kept.consent_id, kept);
    change.put(Table::Outbox, &kept.consent_id, &Errand::TakeBack);
    change.delete(Table::Deliveries, &kept.consent_id);
}

impl KeptConsent {
    /// The next state; an event that can't happen leaves the state as it is.
    fn moved(&mut self, event: WalletEvent) {
        self.state = self.state.next(event).unwrap_or(self.state);
    }

    fn taken_back_mut(&mut self) -> Option<&mut TakenBack> {
        self.given.as_mut()?.taken_back.as_mut()
    }
}
