//! Who offers which card. Everything that is shown comes from an issuer of the trust list; the PIN is asked for afterwards.

use std::time::Duration;

use carnet_exchange::{
    issuance::{
        Form,
        metadata::{AuthorizationServer, CredentialIssuer},
        offer::{CredentialOffer, OfferError, OfferLink},
        source::{Source, check_server, issuer_at, issuer_of},
    },
    limits::{METADATA_BYTES, NAME_CHARS, OFFER_BYTES},
};
use carnet_fetch::Limits;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Code, IssuerState, KeptIssuance, OfferedCard, Pin, Stage,
    error::CardOfferError,
    views::{CardOfferView, OfferedCardView, PinView},
};
use crate::{
    Described, Wallet,
    activity::{Entry, Happened},
    credentials::claims::title,
    reads::clean,
    talk::Talk,
    trust::verifier_view,
    vault::{Table, VaultError},
};

/// How long each file about an offer may take.
const WAIT: Duration = Duration::from_secs(5);
/// Most claims that are named before a card is taken.
const DESCRIBED: usize = 40;
/// Longest hint about the PIN, in characters.
const HINT: usize = 300;

impl Wallet {
    /// Reads the offer behind a code, if it wasn't read before, and keeps it sealed. Returns its id.
    pub(crate) async fn read_card_offer(&self, link: &str) -> Result<String, CardOfferError> {
        let parsed: OfferLink = link.parse()?;
        let offer_id = hex::encode(&Sha256::digest(parsed.to_string())[..16]);
        if self
            .vault
            .get::<KeptIssuance>(Table::Issuances, &offer_id)?
            .is_none()
        {
            let talk = self.talk()?;
            if let Err(error) = self.fetch_offer(&offer_id, parsed, &talk).await {
                self.note_refused_offer(&error)?;
                return Err(error);
            }
        }
        self.open_offer(&offer_id)?;
        Ok(offer_id)
    }

    async fn fetch_offer(&self, offer_id: &str, link: OfferLink, talk: &Talk) -> Result<(), CardOfferError> {
        let (offer, from) = match link {
            OfferLink::Value(offer) => (*offer, None),
            OfferLink::Reference(uri) => {
                issuer_at(&talk.list, &uri)?;
                let body = get(talk, &uri, OFFER_BYTES).await?;
                (CredentialOffer::parse(&body)?, Some(uri))
            }
        };
        let entry = issuer_of(&talk.list, &offer, from.as_ref())?;
        let place = CredentialIssuer::place(&offer.credential_issuer)?;
        let issuer = CredentialIssuer::parse(
            &get(talk, &place, METADATA_BYTES).await?,
            &offer.credential_issuer,
        )?;
        let server = issuer.server(offer.authorization_server())?;
        check_server(entry, server)?;
        let place = AuthorizationServer::place(server)?;
        let server = AuthorizationServer::parse(&get(talk, &place, METADATA_BYTES).await?, server)?;
        let source = Source::of(entry, &issuer, &server)?;
        let mut cards = Vec::new();
        for id in &offer.configuration_ids {
            let configuration = issuer.configuration(id)?;
            let name = configuration.name.as_deref().map(|name| clean(name, NAME_CHARS));
            cards.push(OfferedCard {
                configuration: configuration.id.clone(),
                kind: configuration.kind.clone(),
                form: configuration.form,
                scope: configuration.scope.clone(),
                title: name
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| title(&configuration.kind)),
                describes: configuration
                    .claims
                    .iter()
                    .take(DESCRIBED)
                    .map(|claim| clean(claim, NAME_CHARS))
                    .collect(),
            });
        }
        let code = offer.pre_authorized.map(|grant| Code {
            pre_authorized: grant.code,
            pin: grant.tx_code.map(|pin| Pin {
                digits: pin.digits,
                length: pin.length,
                hint: pin.description.map(|hint| clean(&hint, HINT)),
            }),
        });
        let sign_in = offer.authorization_code.filter(|_| source.sign_in.is_some());
        if code.is_none() && sign_in.is_none() {
            return Err(OfferError::NoGrant.into());
        }
        let kept = KeptIssuance {
            source,
            cards,
            read: self.clock.now(),
            stage: Stage::Offered,
            code,
            sign_in: sign_in.map(|sign_in| IssuerState(sign_in.issuer_state)),
            began: None,
            dpop: None,
            access: None,
            refresh: None,
            waiting: Vec::new(),
            tell: Vec::new(),
        };
        Ok(self.vault.put(Table::Issuances, offer_id, &kept)?)
    }

    /// Trouble on the way says nothing about anybody; a refusal does.
    fn note_refused_offer(&self, error: &CardOfferError) -> Result<(), VaultError> {
        if !matches!(error, CardOfferError::Refused(_)) {
            return Ok(());
        }
        let mut change = self.vault.change();
        Entry::new(self.clock.now(), Happened::Refused)
            .code(error.code())
            .put(&mut change);
        change.commit()
    }

    /// An offer that can still be taken.
    pub(super) fn open_offer(&self, offer_id: &str) -> Result<KeptIssuance, CardOfferError> {
        let kept: KeptIssuance = self
            .vault
            .get(Table::Issuances, offer_id)?
            .ok_or(CardOfferError::Unknown)?;
        match kept.stage {
            Stage::Offered => Ok(kept),
            Stage::Declined => Err(CardOfferError::Declined),
            Stage::Taken | Stage::Refused | Stage::Ended => Err(CardOfferError::Used),
        }
    }

    /// Who offers what. The issuer is looked up in the list of now.
    pub fn card_offer(&self, offer_id: &str) -> Result<CardOfferView, CardOfferError> {
        let kept = self.open_offer(offer_id)?;
        let talk = self.talk()?;
        let issuer = Url::parse(&kept.source.credential_issuer).map_err(|_| OfferError::BadAddress)?;
        let entry = issuer_at(&talk.list, &issuer)?;
        let pin = kept.code.as_ref().and_then(|code| code.pin.clone());
        Ok(CardOfferView {
            offer_id: offer_id.to_owned(),
            issuer: verifier_view(entry, &talk.list),
            cards: kept
                .cards
                .iter()
                .map(|card| OfferedCardView {
                    title: card.title.clone(),
                    kind: card.kind.clone(),
                    describes: card.describes.clone(),
                    single_use: kept.source.batch_size > 1,
                    proves: card.form == Form::Eligibility,
                })
                .collect(),
            pin: pin.map(|pin| PinView {
                digits: pin.digits,
                length: pin.length,
                hint: pin.hint,
            }),
            sign_in: kept.sign_in.is_some(),
            expires: None,
            development: talk.list.development,
        })
    }

    /// Says no. The issuer isn't told: its code runs out by itself.
    pub fn decline_card_offer(&self, offer_id: &str) -> Result<(), CardOfferError> {
        let mut kept = self.open_offer(offer_id)?;
        kept.stage = Stage::Declined;
        kept.code = None;
        Ok(self.vault.put(Table::Issuances, offer_id, &kept)?)
    }
}

async fn get(talk: &Talk, url: &Url, most: usize) -> Result<Vec<u8>, CardOfferError> {
    Ok(talk.get(url, Limits::bytes(most).within(WAIT)).await?.json()?)
}
