//! The copies themselves. Whatever could tell one from another person's, or link it to its own siblings, is random or the same
//! for all of one day.

use carnet_credentials::{
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Decoy},
    status::token::Reference,
};
use carnet_eligibility::{Day, Randomness, copy::MAX_DAYS, credential};
use carnet_exchange::eligibility;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{
    header, identifier, offer::today, refused::Refused, rows::CardOffer, rows::StatusPlace, statuses,
    templates::Template, values::Schema,
};
use crate::{app::App, keys::make_bytes};

/// What copies are made of.
pub(super) struct Signing<'a> {
    pub(super) app: &'a App,
    pub(super) offer: &'a CardOffer,
    pub(super) template: &'a Template,
    /// What the card says.
    pub(super) claims: &'a Map<String, Value>,
    pub(super) now: Timestamp,
}

impl Signing<'_> {
    /// SD-JWT VCs of this type, one for each key and place in a status list.
    pub(super) fn cards(
        &self,
        vct: &str,
        keys: &[PublicKey],
        places: &[StatusPlace],
    ) -> Result<Vec<Value>, Refused> {
        let copies = keys.iter().zip(places);
        copies
            .map(|(key, place)| Ok(self.card(vct, key, *place)?.into()))
            .collect()
    }

    fn card(&self, vct: &str, key: &PublicKey, place: StatusPlace) -> Result<String, Refused> {
        let list = self.app.public(&statuses::path(place.list));
        let reference = Reference::new(list.as_str(), place.index as usize);
        let mut claims = self.claims.clone();
        claims.insert("iss".to_owned(), identifier(self.app).into());
        claims.insert("vct".to_owned(), vct.into());
        claims.insert("iat".to_owned(), today(self.now).as_second().into());
        claims.insert("exp".to_owned(), self.offer.until.as_second().into());
        claims.insert("status".to_owned(), reference.to_claim());
        let said = self.claims;
        let disclosable: Vec<ClaimPath> = said.keys().map(|name| [name.as_str()].into()).collect();
        let salts = (0..disclosable.len())
            .map(|_| make_bytes())
            .collect::<Result<Vec<[u8; 16]>, _>>()?;
        // So many that the number of digests says nothing about which optional fields were filled in.
        let decoys = (said.len()..self.template.fields.len() + 2)
            .map(|_| {
                Ok(Decoy {
                    inside: ClaimPath::default(),
                    random: make_bytes()?,
                })
            })
            .collect::<Result<Vec<_>, getrandom::Error>>()?;
        let issuance = sd_jwt::Issuance {
            claims,
            disclosable: &disclosable,
            salts: &salts,
            decoys: &decoys,
            holder: key,
            header: header(self.app),
        };
        sd_jwt::issue(&issuance, &self.app.keys.identity).map_err(unavailable)
    }

    /// Copies that prove something of the value, valid from today for a week at most, and not longer than the card.
    pub(super) fn proofs(&self, schema: Schema, keys: &[PublicKey]) -> Result<Vec<Value>, Refused> {
        let issuer = self.app.keys.eligibility.as_ref().ok_or(Refused::Configuration)?;
        let (kind, values) = schema.values(self.claims, today(self.now)).map_err(unavailable)?;
        let from = day(self.now)?;
        let last = day(self.offer.until - SignedDuration::from_secs(1))?;
        let until = from.plus(MAX_DAYS - 1).map_err(unavailable)?.min(last);
        let copy = |key: &PublicKey| {
            let PublicKey::Ed25519(holder) = key else {
                return Err(Refused::Proof);
            };
            let issuance = carnet_eligibility::Issuance {
                kind: &kind,
                values: &values,
                holder,
                from,
                until,
            };
            let randomness = Randomness::new(make_bytes()?).map_err(unavailable)?;
            let (copy, opening) =
                carnet_eligibility::issue(&issuance, issuer, randomness).map_err(unavailable)?;
            Ok(credential::issued(&copy, &opening))
        };
        keys.iter().map(copy).collect()
    }
}

fn day(time: Timestamp) -> Result<Day, Refused> {
    eligibility::today(time).ok_or(Refused::Denied)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Refused {
    Refused::Unavailable(Box::new(error))
}
