//! What a verifier asks for: the `transaction_data` entry `urn:carnet:consent:1` (OpenID4VP 1.0 §8.4).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_fhir::json;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::{ConsentId, DataPeriod, MAX_PERIOD_DAYS, Period, Purpose, Retention, Scope, wire};

/// The deepest nesting of an entry.
const MAX_DEPTH: usize = 8;

/// The only type of transaction data that is understood.
pub const TRANSACTION_TYPE: &str = "urn:carnet:consent:1";
/// The most items one request may have.
pub const MAX_ITEMS: usize = 64;

/// A consent request, well-formed; [`ConsentRequest::check`] says whether it may be answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// Names this consent; a repeated one is refused by the wallet.
    pub consent_id: ConsentId,
    /// The credential queries whose holder key signs.
    pub credential_ids: Vec<String>,
    /// Why.
    pub purpose: Vec<Purpose>,
    /// What.
    pub items: Vec<Item>,
    /// Records of which days; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_period: Option<DataPeriod>,
    /// From when until when they may be read.
    pub period: Period,
    /// Who.
    pub recipient: Recipient,
    /// How long a copy is kept after delivery.
    pub retention: Retention,
    /// Whether it may be passed on.
    pub onward: Onward,
    /// Where the sealed records go.
    pub delivery: Endpoint,
    /// Where to take it back, and to ask who read.
    pub manage: Manage,
    /// Where the grant is recorded.
    pub ledger: LedgerRef,
}

/// One thing that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Which records.
    pub scope: Scope,
    /// What they say they need; the patient may still leave it out.
    pub required: bool,
}

/// Who asks, in the request's own words: only `client_id` counts, the name shown is the trust list's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Equal to the authenticated client.
    pub client_id: String,
    /// Free text: never shown as an identity.
    pub name: String,
    /// Their policy; never fetched.
    pub policy_uri: Url,
}

/// Whether data may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onward {
    /// Not at all.
    None,
}

/// Where sealed records go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// HTTPS, at the origin of the response address.
    pub uri: Url,
    /// The one-time key they are sealed to (RFC 7517).
    pub jwk: serde_json::Value,
    /// The stronger one-time key, where it is offered: then nothing weaker is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hpke: Option<serde_json::Value>,
}

/// Where a consent is managed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manage {
    /// HTTPS, at the origin of the response address.
    pub uri: Url,
}

/// Which registry records the grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRef {
    /// Decimal, no leading zero, fits 64 bits.
    pub chain_id: String,
    /// `0x` and 40 lower-case hex digits.
    pub registry: String,
}

/// What the authenticated envelope of a request says.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'a> {
    /// The authenticated client id.
    pub client_id: &'a str,
    /// Origin of `response_uri`, as `https://host[:port]`.
    pub response_origin: &'a str,
    /// Ids of the credential queries.
    pub credential_query_ids: &'a [String],
}

/// Why a request is refused whole; nothing is shared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not base64url without padding.
    #[error("the consent request is not base64url")]
    NotBase64,
    /// Not strict JSON: syntax, duplicate names, depth, size.
    #[error("the consent request is not acceptable JSON")]
    NotJson,
    /// Another type of transaction data.
    #[error("the request asks for a kind of transaction that is not known")]
    UnknownType,
    /// A field that is not in the format.
    #[error("the consent request has an unknown field")]
    UnknownField,
    /// A field is missing.
    #[error("the consent request lacks {0}")]
    Missing(&'static str),
    /// A field has another type or form.
    #[error("{0} in the consent request is ill-formed")]
    IllTyped(&'static str),
    /// A purpose that is not known.
    #[error("the consent request names a purpose that is not known")]
    UnknownPurpose,
    /// An item that is no scope.
    #[error("the consent request asks for something that is not a known scope")]
    BadScope,
    /// Nothing is asked.
    #[error("the consent request asks for nothing")]
    NothingAsked,
    /// The same item or purpose twice, or too many.
    #[error("the consent request repeats itself or asks for too many things")]
    TooMany,
    /// `credential_ids` names no query.
    #[error("the consent request is bound to a credential that is not asked for")]
    UnknownCredential,
    /// The recipient is not the authenticated client.
    #[error("the consent request names another recipient than the one who asks")]
    OtherRecipient,
    /// Delivery or management at another origin.
    #[error("the consent request would send {0} somewhere else than to the one who asks")]
    OtherOrigin(&'static str),
    /// The end is not after the start, or already passed.
    #[error("the consent's period is empty or over")]
    PeriodEmpty,
    /// Not whole hours.
    #[error("the consent's period is not in whole hours")]
    PeriodNotWholeHours,
    /// Longer than [`crate::MAX_PERIOD_DAYS`].
    #[error("the consent's period is longer than allowed")]
    PeriodTooLong,
    /// Starts in the future.
    #[error("the consent's period starts in the future")]
    PeriodInFuture,
    /// Started before the hour that had begun an hour ago.
    #[error("the consent's period started too long ago")]
    PeriodTooOld,
    /// The days of the data are the wrong way round.
    #[error("the data period ends before it starts")]
    DataPeriodEmpty,
}

impl RequestError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotBase64 => "consent_not_base64",
            Self::NotJson => "consent_not_json",
            Self::UnknownType => "transaction_type_unknown",
            Self::UnknownField => "consent_unknown_field",
            Self::Missing(_) => "consent_missing_field",
            Self::IllTyped(_) => "consent_ill_typed",
            Self::UnknownPurpose => "consent_unknown_purpose",
            Self::BadScope => "consent_bad_scope",
            Self::NothingAsked => "consent_nothing_asked",
            Self::TooMany => "consent_too_many",
            Self::UnknownCredential => "consent_unknown_credential",
            Self::OtherRecipient => "consent_other_recipient",
            Self::OtherOrigin(_) => "consent_other_origin",
            Self::PeriodEmpty => "consent_period_empty",
            Self::PeriodNotWholeHours => "consent_period_not_whole_hours",
            Self::PeriodTooLong => "consent_period_too_long",
            Self::PeriodInFuture => "consent_period_in_future",
            Self::PeriodTooOld => "consent_period_too_old",
            Self::DataPeriodEmpty => "consent_data_period_empty",
        }
    }
}

/// The longest entry, in bytes of base64url.
const MAX_ENCODED: usize = 32 * 1024;
/// A second's worth of disagreement between two clocks must not refuse a request at the turn of an hour.
const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(60);

impl ConsentRequest {
    /// Reads the base64url `transaction_data` entry. Anything unknown or ill-typed refuses it.
    pub fn from_transaction_data(encoded: &str) -> Result<Self, RequestError> {
        if encoded.len() > MAX_ENCODED {
            return Err(RequestError::NotJson);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| RequestError::NotBase64)?;
        let document = json::parse(&bytes, MAX_DEPTH).map_err(|_| RequestError::NotJson)?;
        wire::read(&document)
    }

    /// The `transaction_data` entry, base64url without padding.
    pub fn to_transaction_data(&self) -> String {
        let mut document = Map::new();
        document.insert("type".to_owned(), TRANSACTION_TYPE.into());
        document.insert(
            "transaction_data_hashes_alg".to_owned(),
            ["sha-256"].as_slice().into(),
        );
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            document.extend(fields);
        }
        URL_SAFE_NO_PAD.encode(Value::Object(document).to_string())
    }

    /// Whether the request may be answered now, by whom it was authenticated as.
    pub fn check(&self, now: Timestamp, context: &RequestContext<'_>) -> Result<(), RequestError> {
        if !self
            .credential_ids
            .iter()
            .all(|id| context.credential_query_ids.contains(id))
        {
            return Err(RequestError::UnknownCredential);
        }
        if self.recipient.client_id != context.client_id {
            return Err(RequestError::OtherRecipient);
        }
        let here = |uri: &Url| uri.origin().ascii_serialization() == context.response_origin;
        if !here(&self.delivery.uri) {
            return Err(RequestError::OtherOrigin("delivery"));
        }
        if !here(&self.manage.uri) {
            return Err(RequestError::OtherOrigin("manage"));
        }
        self.period.check(now)
    }
}

impl Period {
    /// Whole hours, not empty, not over, at most [`MAX_PERIOD_DAYS`]; begun with this hour or the one before it.
    fn check(&self, now: Timestamp) -> Result<(), RequestError> {
        let whole = |time: Timestamp| time.as_second() % 3600 == 0 && time.subsec_nanosecond() == 0;
        if !whole(self.start) || !whole(self.end) {
            return Err(RequestError::PeriodNotWholeHours);
        }
        if self.end <= self.start || self.end <= now {
            return Err(RequestError::PeriodEmpty);
        }
        if self.end.duration_since(self.start) > SignedDuration::from_hours(24 * MAX_PERIOD_DAYS) {
            return Err(RequestError::PeriodTooLong);
        }
        let past = now.duration_since(self.start);
        if past < -CLOCK_LEEWAY {
            return Err(RequestError::PeriodInFuture);
        }
        // A request made in the last minute of an hour is answered in the next one.
        if past >= SignedDuration::from_hours(2) {
            return Err(RequestError::PeriodTooOld);
        }
        Ok(())
    }
}
