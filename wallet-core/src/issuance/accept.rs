//! Taking an offer. What came is kept whole or not at all, and the issuer hears that it was accepted only once it is durable.

use carnet_exchange::issuance::{
    Form,
    credential::{CredentialRequest, CredentialResponse, Wanted},
    proof,
    source::issuer_at,
    token::{TokenRequest, TokenResponse},
};
use ed25519_dalek::SigningKey;
use jiff::SignedDuration;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::{
    KeptIssuance, OfferedCard, Pin, Stage, Tell, Waiting,
    check::{self, Copies, Expected},
    check_eligibility,
    error::{CardOfferError, TakeCardError},
    issuer::Issuer,
    views::AcceptedView,
};
use crate::{
    Described, NoRandomness, Wallet,
    activity::{Entry, Happened},
    credentials::{CopyKey, EdCopyKey, HolderKey, KeptCredential, import::MOST},
    kept::Errand,
    random::{make_bytes, make_key},
    talk::Talk,
    vault::Table,
};

/// What came of one round with the issuer.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) copies: Copies,
    pub(super) waiting: Vec<Waiting>,
    pub(super) tell: Vec<Tell>,
}

/// A round that came to nothing, and what the issuer has to be told of what it sent.
pub(super) struct Broken {
    pub(super) error: TakeCardError,
    pub(super) tell: Vec<Tell>,
}

impl Wallet {
    /// Takes the cards of an offer with the PIN that came by another way. Nothing is kept unless every copy of every card is in
    /// order.
    pub async fn accept_card_offer(
        &self,
        offer_id: &str,
        pin: Option<String>,
    ) -> Result<AcceptedView, TakeCardError> {
        let _hold = self.hold(offer_id).await;
        let kept = self.open_offer(offer_id)?;
        let code = kept.code.as_ref().ok_or(TakeCardError::SignInNeeded)?;
        let pin = match (&code.pin, pin.map(|pin| pin.trim().to_owned())) {
            (None, _) => None,
            (Some(_), None) => return Err(TakeCardError::PinNeeded),
            (Some(form), Some(pin)) => Some(in_form(form, pin)?),
        };
        let request = TokenRequest::PreAuthorized {
            code: code.pre_authorized.clone(),
            tx_code: pin,
        };
        let dpop = CopyKey::new(make_key()?);
        Box::pin(self.take(offer_id, kept, &request, dpop)).await
    }

    /// From the code to the cards.
    pub(super) async fn take(
        &self,
        offer_id: &str,
        mut kept: KeptIssuance,
        request: &TokenRequest,
        dpop: CopyKey,
    ) -> Result<AcceptedView, TakeCardError> {
        let talk = self.talk()?;
        let url = Url::parse(&kept.source.credential_issuer).map_err(|_| CardOfferError::Unknown)?;
        let entry = issuer_at(&talk.list, &url).map_err(CardOfferError::from)?;
        let name = entry.name.clone();
        let batch = kept.source.batch_size as usize;
        if self.vault.ids(Table::Credentials)?.len() + batch * kept.cards.len() > MOST {
            return Err(TakeCardError::Full);
        }
        let issuer = self.issuer(&talk, &kept.source, &dpop);
        let token = issuer.token(request).await?;
        // The code is worth nothing from here on.
        kept.code = None;
        kept.began = None;
        let mut all = Collected::default();
        let mut broken = None;
        for card in 0..kept.cards.len() {
            match self.collect(offer_id, &kept, &issuer, &token, card, batch).await {
                Ok(mut more) => {
                    all.copies.append(&mut more.copies);
                    all.waiting.append(&mut more.waiting);
                    all.tell.append(&mut more.tell);
                }
                Err(refused) => {
                    broken = Some(refused);
                    break;
                }
            }
        }
        kept.access = Some(token.access_token);
        kept.refresh = token.refresh_token;
        kept.dpop = Some(dpop.clone());
        if let Some(Broken { error, mut tell }) = broken {
            tell.extend(all.tell.into_iter().map(|tell| Tell {
                accepted: false,
                ..tell
            }));
            self.refuse(offer_id, kept, &name, &error, tell).await?;
            return Err(error);
        }
        kept.stage = Stage::Taken;
        let waiting = !all.waiting.is_empty();
        let cards = self.keep(offer_id, kept, &name, all)?;
        self.tell_soon(&talk, offer_id).await?;
        let mut lines = Vec::with_capacity(cards.len());
        for card in cards {
            lines.push(self.card(&card)?.line);
        }
        Ok(AcceptedView {
            cards: lines,
            waiting,
        })
    }

    /// So many copies of one card, each for a fresh key, checked.
    pub(super) async fn collect(
        &self,
        offer_id: &str,
        kept: &KeptIssuance,
        issuer: &Issuer<'_>,
        token: &TokenResponse,
        card: usize,
        copies: usize,
    ) -> Result<Collected, Broken> {
        let nothing_came = |error: TakeCardError| Broken {
            error,
            tell: Vec::new(),
        };
        let offered = kept
            .cards
            .get(card)
            .ok_or_else(|| nothing_came(CardOfferError::Unknown.into()))?;
        let nonce = issuer.nonce().await.map_err(nothing_came)?;
        let keys = make_keys(offered.form, copies.max(1)).map_err(|error| nothing_came(error.into()))?;
        let request = CredentialRequest {
            wanted: wanted(offered, token),
            proofs: keys
                .iter()
                .map(|key| {
                    let issuer_id = &kept.source.credential_issuer;
                    let nonce = nonce.as_deref();
                    match key {
                        HolderKey::P256(key) => proof::make(issuer_id, nonce, &key.signing_key(), issuer.now),
                        HolderKey::Ed25519 { ed25519 } => {
                            proof::make(issuer_id, nonce, ed25519.signing_key(), issuer.now)
                        }
                    }
                })
                .collect(),
        };
        let response = issuer
            .credentials(&token.access_token, &request)
            .await
            .map_err(nothing_came)?;
        match response {
            CredentialResponse::Now {
                credentials,
                notification_id,
            } => {
                let came = (credentials, notification_id);
                self.look_at(offer_id, kept, issuer.talk, card, &keys, came).await
            }
            CredentialResponse::Later {
                transaction_id,
                interval,
            } => Ok(Collected {
                waiting: vec![Waiting {
                    card,
                    transaction_id,
                    not_before: self.clock.now() + SignedDuration::from_secs(interval as i64),
                    keys,
                }],
                ..Collected::default()
            }),
        }
    }

    /// Checks what came for these keys.
    pub(super) async fn look_at(
        &self,
        offer_id: &str,
        kept: &KeptIssuance,
        talk: &Talk,
        card: usize,
        keys: &[HolderKey],
        (came, notification_id): (Vec<Value>, Option<String>),
    ) -> Result<Collected, Broken> {
        let tell = |accepted| -> Vec<Tell> {
            let told = notification_id.clone().map(|notification_id| Tell {
                notification_id,
                accepted,
            });
            told.into_iter().collect()
        };
        let broken = |error: TakeCardError| Broken {
            error,
            tell: tell(false),
        };
        let offered = kept
            .cards
            .get(card)
            .ok_or_else(|| broken(CardOfferError::Unknown.into()))?;
        let expected = Expected {
            kind: &offered.kind,
            entry_id: &kept.source.entry_id,
            offer_id,
            keys,
            single_use: kept.source.batch_size > 1,
        };
        let now = self.clock.now();
        let copies = match offered.form {
            Form::SdJwt => check::copies(&came, &expected, &talk.list, now),
            Form::Eligibility => check_eligibility::copies(&came, &expected, &talk.list, now),
        };
        let mut copies = copies.map_err(|error| broken(error.into()))?;
        check::still_good(&mut copies, talk, now).await.map_err(broken)?;
        Ok(Collected {
            copies,
            waiting: Vec::new(),
            tell: tell(true),
        })
    }

    /// Puts everything that came into the vault, as one. Returns the cards' ids.
    pub(super) fn keep(
        &self,
        offer_id: &str,
        mut kept: KeptIssuance,
        name: &str,
        all: Collected,
    ) -> Result<Vec<String>, TakeCardError> {
        let mut cards: Vec<String> = Vec::new();
        let mut change = self.vault.change();
        for (id, copy) in &all.copies {
            change.put(Table::Credentials, id, copy);
            if !cards.contains(&copy.card) {
                cards.push(copy.card.clone());
            }
        }
        // Copies that were used up, or that are over, have served to show that there was a card.
        let now = self.clock.now();
        for (id, old) in self.vault.all::<KeptCredential>(Table::Credentials)? {
            if !old.is_left_at(now) && cards.contains(&old.card) {
                change.delete(Table::Credentials, &id);
            }
        }
        kept.waiting.extend(all.waiting);
        kept.tell.extend(all.tell);
        if !kept.tell.is_empty() || !kept.waiting.is_empty() {
            change.put(Table::Outbox, offer_id, &Errand::Issuer);
        }
        change.put(Table::Issuances, offer_id, &kept);
        for _ in &cards {
            Entry::new(self.clock.now(), Happened::CredentialImported)
                .who(name)
                .put(&mut change);
        }
        change.commit()?;
        Ok(cards)
    }

    /// What came is dropped; that it was refused is kept, and the issuer is told.
    pub(super) async fn refuse(
        &self,
        offer_id: &str,
        mut kept: KeptIssuance,
        name: &str,
        error: &TakeCardError,
        tell: Vec<Tell>,
    ) -> Result<(), TakeCardError> {
        if kept.stage == Stage::Offered {
            kept.stage = Stage::Refused;
            kept.refresh = None;
        }
        let mut change = self.vault.change();
        if !tell.is_empty() {
            kept.tell.extend(tell);
            change.put(Table::Outbox, offer_id, &Errand::Issuer);
        }
        change.put(Table::Issuances, offer_id, &kept);
        if matches!(error, TakeCardError::Copies(_) | TakeCardError::StatusUnknown(_)) {
            Entry::new(self.clock.now(), Happened::Refused)
                .who(name)
                .code(error.code())
                .put(&mut change);
        }
        change.commit()?;
        let talk = self.talk()?;
        self.tell_soon(&talk, offer_id).await
    }
}

/// Fresh keys, one for each copy.
fn make_keys(form: Form, copies: usize) -> Result<Vec<HolderKey>, NoRandomness> {
    let make = |_| {
        Ok(match form {
            Form::SdJwt => HolderKey::P256(CopyKey::new(make_key()?)),
            Form::Eligibility => HolderKey::Ed25519 {
                ed25519: EdCopyKey::new(SigningKey::from_bytes(&Zeroizing::new(make_bytes::<32>()?))),
            },
        })
    };
    (0..copies).map(make).collect()
}

fn wanted(offered: &OfferedCard, token: &TokenResponse) -> Wanted {
    let named = token
        .identifiers
        .iter()
        .find(|(configuration, _)| *configuration == offered.configuration);
    match named {
        Some((_, name)) => Wanted::Identifier(name.clone()),
        None => Wanted::Configuration(offered.configuration.clone()),
    }
}

/// A PIN that can't be right is not sent: a wrong one costs a try.
fn in_form(form: &Pin, pin: String) -> Result<String, TakeCardError> {
    let length = form
        .length
        .is_none_or(|length| pin.chars().count() == length as usize);
    let digits = !form.digits || pin.bytes().all(|byte| byte.is_ascii_digit());
    if length && digits && !pin.is_empty() && pin.len() <= 64 {
        Ok(pin)
    } else {
        Err(TakeCardError::PinForm)
    }
}
