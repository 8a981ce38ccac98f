//! Saying yes, to all or to a part.
//!
//! The order is what protects the patient: the records are sealed and kept back; the answer goes; the station's promise is
//! verified; the ledger is asked; only then do the records leave. What is durable at each step lets a wallet that was killed
//! finish truthfully: see `errands.rs`.

mod error;

pub use error::GrantError;

use std::{collections::HashSet, time::Duration};

use carnet_consent::{
    Consent, ConsentRequest, Digest32, GrantId, LedgerRef, Salt, Scope, WalletState, code, select,
};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    Entry as Party,
    answer::{self, CarnetPart, GrantTuple, MakeError, Reply},
    delivery::{self, DeliveryError},
    limits::{DELIVERY_BYTES, REPLY_BYTES},
    media,
    promise::{self, Expected, Operation},
    request::AskedConsent,
    trust::RegistryKind,
};
use carnet_fetch::{FetchError, Limits};
use carnet_ledger::{Domain, Grant, grant_id, sign_grant};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    Choice, ChosenCard, Described, TalkError, Wallet,
    activity::{Entry, Happened},
    errands::Finish,
    import::grouped,
    index::{Held, Packs},
    inspect::Question,
    kept::{Answered, Errand, Given, KeptConsent},
    present::Shown,
    question::{candidates, summaries},
    random::{make_bytes, make_key},
    talk::Talk,
    vault::{Table, VaultError},
    views::AnswerView,
};

/// How long the station's promise is waited for.
const PROMISE_WAIT: Duration = Duration::from_secs(30);

impl Wallet {
    /// Grants what `choice` says and shows these cards, by the question's link or request id. `Ok` with state `granted`: the
    /// records are there. `Ok` with state `sending`: the clinic promised, and the rest waits in the outbox. `Ok` with state
    /// `shown`: only cards were asked for, and they were shown.
    pub async fn answer(
        &self,
        link_or_request_id: &str,
        choice: &Choice,
        cards: &[ChosenCard],
    ) -> Result<AnswerView, GrantError> {
        let request_id = self.request_id(link_or_request_id).await?;
        let _hold = self.hold_question(&request_id).await?;
        let question = self.open_question(&request_id)?;
        let Some(asked) = &question.request.consent else {
            return match choice {
                Choice::Scopes(scopes) if !scopes.is_empty() => Err(GrantError::NotAsked),
                _ => Box::pin(self.show(&question, cards)).await,
            };
        };
        self.nothing_unsearched()?;
        let granted = chosen(&asked.request, choice)?;
        let copies = self.hold_copies().await;
        let shown = self.shown(&question, cards)?;
        let (mut kept, jwe) = self.prepare(&question, asked, &granted, &shown)?;
        drop(copies);
        let sent = self.promise(
            &question.talk,
            &question.party,
            &question.request.response_uri,
            &kept,
            &jwe,
        );
        let promise = match sent.await {
            Ok(promise) => promise,
            Err(GrantError::Unreachable(error)) => {
                self.as_if_never_answered(&question, kept, shown.count())?;
                return Err(GrantError::Unreachable(error));
            }
            // It goes on without the patient: see `errands.rs`.
            Err(GrantError::NoPromise(TalkError::NotFinal)) => {
                if let Some(given) = &mut kept.given {
                    given.answered = Some(Answered {
                        response_uri: question.request.response_uri.to_string(),
                        jwe,
                    });
                }
                self.vault.put(Table::Consents, &kept.consent_id, &kept)?;
                return Ok(self.answer_view(&kept, shown.count()));
            }
            Err(error) => {
                let kept = self.fail(kept, error.code())?;
                self.take_back_soon(&question.talk, kept).await?;
                return Err(error);
            }
        };
        if let Some(given) = &mut kept.given {
            given.promise = Some(promise);
        }
        self.vault.put(Table::Consents, &kept.consent_id, &kept)?;
        let (kept, finish) = self.finish(&question.talk, kept).await?;
        match finish {
            Finish::Delivered | Finish::Waiting => Ok(self.answer_view(&kept, shown.count())),
            Finish::NotOnLedger => {
                self.take_back_soon(&question.talk, kept).await?;
                Err(GrantError::NotOnLedger)
            }
            Finish::Refused(error) => {
                self.take_back_soon(&question.talk, kept).await?;
                Err(GrantError::DeliveryRefused(error))
            }
        }
    }

    /// Everything up to the moment before something leaves: sealed, signed, and durable as `sending`.
    fn prepare(
        &self,
        question: &Question,
        consent_asked: &AskedConsent,
        granted: &[Scope],
        shown: &Shown,
    ) -> Result<(KeptConsent, String), GrantError> {
        let (request, asked) = (&question.request, &consent_asked.request);
        let now = self.clock.now();
        let index = self.index()?;
        let candidates = candidates(&index, granted);
        let selection = select(asked, granted, &summaries(&candidates));
        if selection.going.is_empty() {
            return Err(GrantError::NothingMatches);
        }
        let going: HashSet<&String> = selection.going.iter().collect();
        let along: HashSet<&String> = selection.along.iter().collect();
        let records: Vec<Held<'_>> = candidates
            .iter()
            .filter(|candidate| going.contains(&candidate.id))
            .map(|candidate| candidate.held)
            .collect();
        // Entries that the records take their names from travel with them, and are not counted.
        let all: Vec<Held<'_>> = candidates
            .iter()
            .filter(|candidate| going.contains(&candidate.id) || along.contains(&candidate.id))
            .map(|candidate| candidate.held)
            .collect();
        // What can't be sent is not opened either.
        if all.iter().map(Held::bytes).sum::<u64>() > DELIVERY_BYTES as u64 {
            return Err(GrantError::Seal(DeliveryError::TooLarge));
        }
        let raws = Packs::of(&self.vault).raws(&all).map_err(GrantError::Records)?;
        let entries = all
            .iter()
            .zip(&raws)
            .map(|(held, raw)| (held.full_url(), raw.as_str()));
        let bundle = Zeroizing::new(carnet_fhir::bundle(entries, now));
        let sealed = delivery::seal(
            bundle.as_bytes(),
            &consent_asked.delivery_key,
            &request.digest,
            &Zeroizing::new(make_bytes()?),
        )
        .map_err(GrantError::Seal)?;

        // The number is spent for good before anything is made with it.
        let mut change = self.vault.change();
        let number = change.next_consent_number()?;
        change.commit()?;

        let keys = self.vault.keys();
        let holder = keys.derive_holder_key(&request.entry_id);
        let holder_key = PublicKey::from(&holder);
        let consent = Consent::from_request(
            asked,
            granted,
            Digest32(request.digest),
            holder_key.thumbprint_text(),
            delivery::digest(&sealed),
        );
        let salt = Salt(make_bytes()?);
        let (ledger_key, grant) = keys.ledger_grant(number, &consent, &salt);
        let domain = domain(&asked.ledger).ok_or(MakeError::ConsentMisfit)?;
        let id = GrantId(grant_id(&domain, &grant));
        let presentation = answer::build_presentation(request, &consent, &id, &holder, now)?;
        let part = CarnetPart {
            grant: tuple(&grant),
            signature: sign_grant(&domain, &grant, &ledger_key),
            salt: salt.clone(),
            consent: consent.clone(),
        };
        let mut presentations = shown.presentations.clone();
        presentations.insert(consent_asked.holder_query.clone(), vec![presentation]);
        let jwe = answer::seal(request, &presentations, Some(&part), &make_key()?, make_bytes()?)?;

        let scopes = |wanted: bool| {
            let is = |scope: &Scope| granted.contains(scope) == wanted;
            asked
                .items
                .iter()
                .filter(|item| is(&item.scope))
                .map(|item| item.scope.to_string())
                .collect()
        };
        let kept = KeptConsent {
            consent_id: asked.consent_id.to_string(),
            state: WalletState::Sending,
            verifier_id: request.entry_id.clone(),
            verifier: question.party.name.clone(),
            decision: consent.decision.as_str().to_owned(),
            purpose: asked
                .purpose
                .iter()
                .map(|purpose| purpose.code().to_owned())
                .collect(),
            granted: scopes(true),
            not_granted: scopes(false),
            start: asked.period.start,
            end: asked.period.end,
            retention_days: asked.retention.days(),
            groups: grouped(records.iter().map(Held::group)),
            records: records.len() as u32,
            made: now,
            given: Some(Given {
                number,
                grant_id: id.to_string(),
                grant,
                salt: Some(salt),
                consent: String::from_utf8_lossy(&consent.canonical()).into_owned(),
                code: code(&request.digest, &holder_key.thumbprint(), &id.0).to_string(),
                chain_id: asked.ledger.chain_id.clone(),
                registry: asked.ledger.registry.clone(),
                kind: match question
                    .party
                    .registry(&asked.ledger)
                    .map(|registry| registry.kind)
                {
                    Some(RegistryKind::Network) => "network",
                    _ => "embedded",
                }
                .to_owned(),
                delivery_uri: asked.delivery.uri.to_string(),
                manage_uri: asked.manage.uri.to_string(),
                answered: None,
                promise: None,
                logged: None,
                status: None,
                delivered: false,
                taken_back: None,
            }),
        };
        let mut change = self.vault.change();
        shown.put(&mut change, now, &kept.verifier);
        change.put(Table::Consents, &kept.consent_id, &kept);
        change.put_bytes(Table::Deliveries, &kept.consent_id, sealed.as_bytes());
        change.put(Table::Outbox, &kept.consent_id, &Errand::Finish);
        change.put(Table::Requests, &question.request_id, &question.kept.used());
        change.commit()?;
        Ok((kept, jwe))
    }

    /// Sends the answer and returns the station's promise, verified.
    pub(crate) async fn promise(
        &self,
        talk: &Talk,
        party: &Party,
        response_uri: &Url,
        kept: &KeptConsent,
        jwe: &str,
    ) -> Result<String, GrantError> {
        let limits = Limits::bytes(REPLY_BYTES).within(PROMISE_WAIT);
        let send = || {
            let body = answer::form_body(jwe).into_bytes();
            talk.post(response_uri, media::FORM, body, limits)
        };
        let both = async {
            match send().await {
                // It may or may not have arrived; the identical answer gets the same promise.
                Err(TalkError::Fetch(FetchError::Broken)) => send().await.map_err(GrantError::NoPromise),
                Err(error) if error.nothing_left() => Err(GrantError::Unreachable(error)),
                other => other.map_err(GrantError::NoPromise),
            }
        };
        let reply = tokio::time::timeout(PROMISE_WAIT, both)
            .await
            .map_err(|_| GrantError::NoPromise(FetchError::TimedOut.into()))??;
        let body = reply.json().map_err(GrantError::NoPromise)?;
        let Ok(Reply::Promise(promise)) = Reply::read_from(&body, party) else {
            return Err(GrantError::NoPromise(TalkError::Unreadable));
        };
        let (id, ledger) = kept
            .given
            .as_ref()
            .and_then(named)
            .ok_or(MakeError::ConsentMisfit)?;
        let expected = Expected {
            grant_id: &id,
            operation: Operation::Grant,
            ledger: &ledger,
            now: self.clock.now(),
        };
        promise::verify(&promise, &party.log_keys, &expected).map_err(GrantError::Forged)?;
        Ok(promise)
    }

    /// Nothing has left: the question is open again. The spent number stays spent.
    fn as_if_never_answered(
        &self,
        question: &Question,
        kept: KeptConsent,
        shown: u32,
    ) -> Result<(), VaultError> {
        let mut change = self.vault.change();
        change.delete(Table::Consents, &kept.consent_id);
        change.delete(Table::Deliveries, &kept.consent_id);
        change.delete(Table::Outbox, &kept.consent_id);
        change.put(Table::Requests, &question.request_id, &question.kept);
        if shown > 0 {
            // The log has it that cards were shown, and they were not.
            Entry::new(self.clock.now(), Happened::Failed)
                .who(&kept.verifier)
                .code("not_sent")
                .put(&mut change);
        }
        change.commit()
    }

    fn answer_view(&self, kept: &KeptConsent, shown: u32) -> AnswerView {
        let now = self.clock.now();
        let line = kept.line(now);
        let given = kept.given.as_ref();
        AnswerView {
            decision: kept.decision.clone(),
            consent_id: Some(line.consent_id),
            grant_id: line.grant_id,
            code: given.map(|given| given.code.clone()),
            state: line.state,
            ledger: given.map(|given| given.ledger_view(kept.end, now, "none")),
            records: kept.records,
            shown,
        }
    }
}

/// The scopes that are granted, each as it was asked.
fn chosen(asked: &ConsentRequest, choice: &Choice) -> Result<Vec<Scope>, GrantError> {
    let items = &asked.items;
    let granted: Vec<Scope> = match choice {
        Choice::All => items.iter().map(|item| item.scope.clone()).collect(),
        Choice::Required => items
            .iter()
            .filter(|item| item.required)
            .map(|item| item.scope.clone())
            .collect(),
        Choice::Scopes(scopes) => {
            let mut granted: Vec<Scope> = Vec::new();
            for text in scopes {
                let scope: Scope = text.parse().map_err(|_| GrantError::NotAsked)?;
                let asked = items
                    .iter()
                    .find(|item| item.scope == scope || item.scope.read_only() == scope)
                    .ok_or(GrantError::NotAsked)?;
                if !granted.contains(&asked.scope) {
                    granted.push(asked.scope.clone());
                }
            }
            granted
        }
    };
    if granted.is_empty() {
        Err(GrantError::NothingChosen)
    } else {
        Ok(granted)
    }
}

pub(crate) fn domain(ledger: &LedgerRef) -> Option<Domain> {
    Some(Domain {
        chain_id: ledger.chain_id.parse().ok()?,
        registry: ledger.registry.parse().ok()?,
    })
}

pub(crate) fn tuple(grant: &Grant) -> GrantTuple {
    GrantTuple {
        subject: grant.subject.0,
        commitment: grant.commitment,
        not_before: grant.not_before,
        expiry: grant.expiry,
        revoke_hash: grant.revoke_hash,
    }
}

/// The grant's id and its registry, as the exchange names them.
pub(crate) fn named(given: &Given) -> Option<(GrantId, LedgerRef)> {
    let ledger = LedgerRef {
        chain_id: given.chain_id.clone(),
        registry: given.registry.clone(),
    };
    Some((given.grant_id.parse().ok()?, ledger))
}
