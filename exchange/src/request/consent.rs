//! The consent that a request asks for, and the query that goes with it.

use carnet_consent::{ConsentRequest, RequestContext};
use serde_json::{Map, Value};
use url::Url;

use super::{HOLDER_VCT, RequestError};
use crate::{
    Entry,
    dcql::{CredentialQuery, Format, Query},
    delivery::DeliveryKey,
};

/// A consent that is asked for, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedConsent {
    /// Id of the query that the proof of the holder key answers.
    pub holder_query: String,
    /// As received: its hash is signed by the holder key.
    pub transaction_data: String,
    /// What it says.
    pub request: ConsentRequest,
    /// The keys that the records are sealed to.
    pub delivery_key: DeliveryKey,
}

/// Reads the consent, if one is asked for. Where there is a consent there is one query for proof of the holder key, which
/// can't be left out; where there is none, only cards are asked for.
pub(super) fn asked_consent(
    payload: &Map<String, Value>,
    query: &Query,
    response_uri: &Url,
    (client_id, entry): (&str, &Entry),
    now: jiff::Timestamp,
) -> Result<Option<AskedConsent>, RequestError> {
    let holder_query = holder_query(query)?;
    let encoded = match (transaction_data(payload)?, holder_query) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(RequestError::NoTransactionData),
        (Some(encoded), _) => encoded,
    };
    let request = ConsentRequest::from_transaction_data(encoded)?;
    let holder_query = holder_query.ok_or(RequestError::QueryUnsupported)?.to_owned();
    request.check(
        now,
        &RequestContext {
            client_id,
            response_origin: &response_uri.origin().ascii_serialization(),
            // It is the holder key that signs the decision, not a card's.
            credential_query_ids: std::slice::from_ref(&holder_query),
        },
    )?;
    if !request.purpose.iter().all(|p| entry.purposes.contains(p)) {
        return Err(RequestError::PurposeNotListed);
    }
    if entry.registry(&request.ledger).is_none() {
        return Err(RequestError::LedgerNotListed);
    }
    let delivery_key = DeliveryKey::of(&request.delivery).map_err(|_| RequestError::DeliveryKey)?;
    Ok(Some(AskedConsent {
        holder_query,
        transaction_data: encoded.to_owned(),
        request,
        delivery_key,
    }))
}

/// The one query for proof of the holder key. It asks for that proof and for nothing else, and every answer includes it.
fn holder_query(query: &Query) -> Result<Option<&str>, RequestError> {
    let mut asking = query.credentials.iter().filter(|one| asks_for_holder(one));
    let (Some(one), None) = (asking.next(), asking.next()) else {
        let several = query.credentials.iter().any(asks_for_holder);
        return if several {
            Err(RequestError::QueryUnsupported)
        } else {
            Ok(None)
        };
    };
    let plain = one.format == Format::SdJwt(vec![HOLDER_VCT.to_owned()])
        && one.holder_binding
        && !one.multiple
        && one.claims.is_empty()
        && one.authorities.is_empty();
    let in_all = |options: &[Vec<String>]| options.iter().all(|option| option.contains(&one.id));
    let needed = query.sets.is_empty() || query.sets.iter().any(|set| set.required && in_all(&set.options));
    if plain && needed {
        Ok(Some(&one.id))
    } else {
        Err(RequestError::QueryUnsupported)
    }
}

fn asks_for_holder(query: &CredentialQuery) -> bool {
    query.format.kinds().contains(&HOLDER_VCT)
}

fn transaction_data(payload: &Map<String, Value>) -> Result<Option<&str>, RequestError> {
    let Some(data) = payload.get("transaction_data") else {
        return Ok(None);
    };
    let data = data.as_array().ok_or(RequestError::Field("transaction_data"))?;
    match data.as_slice() {
        [] => Err(RequestError::NoTransactionData),
        [Value::String(encoded)] => Ok(Some(encoded)),
        [_] => Err(RequestError::Field("transaction_data")),
        _ => Err(RequestError::ManyTransactionData),
    }
}
