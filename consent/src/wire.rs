//! Reads the `transaction_data` entry field by field: every field known, of its type, in its one spelling.

use std::str::FromStr;

use carnet_fhir::json::Json;
use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    ConsentRequest, DataPeriod, Endpoint, Item, LedgerRef, MAX_ITEMS, Manage, Onward, Period, Purpose,
    Recipient, RequestError, Retention, Scope, TRANSACTION_TYPE,
};

/// The longest name, in characters; the longest other text, in bytes.
const MAX_NAME: usize = 200;
const MAX_TEXT: usize = 2048;

/// An object of which every field must be asked for.
struct Fields<'a> {
    name: &'static str,
    object: &'a Json<'a>,
}

impl<'a> Fields<'a> {
    /// `known` are all the fields there may be.
    fn of(object: &'a Json<'a>, name: &'static str, known: &[&str]) -> Result<Self, RequestError> {
        let Json::Object(members) = object else {
            return Err(RequestError::IllTyped(name));
        };
        if members.iter().all(|(member, _)| known.contains(&member.as_ref())) {
            Ok(Self { name, object })
        } else {
            Err(RequestError::UnknownField)
        }
    }

    fn any(&self, field: &'static str) -> Result<&'a Json<'a>, RequestError> {
        self.object.get(field).ok_or(RequestError::Missing(field))
    }

    fn text(&self, field: &'static str) -> Result<&'a str, RequestError> {
        text(self.any(field)?, field)
    }

    fn parsed<T: FromStr>(&self, field: &'static str) -> Result<T, RequestError> {
        self.text(field)?
            .parse()
            .map_err(|_| RequestError::IllTyped(field))
    }

    fn list(&self, field: &'static str) -> Result<&'a [Json<'a>], RequestError> {
        match self.any(field)? {
            Json::Array(items) => Ok(items),
            _ => Err(RequestError::IllTyped(field)),
        }
    }

    fn inner(&self, field: &'static str, known: &[&str]) -> Result<Self, RequestError> {
        Fields::of(self.any(field)?, field, known)
    }

    /// An https address without credentials and fragment.
    fn address(&self, field: &'static str) -> Result<Url, RequestError> {
        let url: Url = self
            .text(field)?
            .parse()
            .map_err(|_| RequestError::IllTyped(self.name))?;
        let plain = url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        if plain {
            Ok(url)
        } else {
            Err(RequestError::IllTyped(self.name))
        }
    }

    /// A moment in UTC, as `2026-01-31T08:00:00Z`.
    fn moment(&self, field: &'static str) -> Result<Timestamp, RequestError> {
        let written = self.text(field)?;
        let moment: Timestamp = written.parse().map_err(|_| RequestError::IllTyped("period"))?;
        if moment.to_string() == written {
            Ok(moment)
        } else {
            Err(RequestError::IllTyped("period"))
        }
    }

    fn day(&self, field: &'static str) -> Result<Option<Date>, RequestError> {
        if self.object.get(field).is_none() {
            return Ok(None);
        }
        let written = self.text(field)?;
        let day: Date = written
            .parse()
            .map_err(|_| RequestError::IllTyped("data_period"))?;
        if day.to_string() == written {
            Ok(Some(day))
        } else {
            Err(RequestError::IllTyped("data_period"))
        }
    }
}

fn text<'a>(value: &'a Json<'a>, field: &'static str) -> Result<&'a str, RequestError> {
    match value {
        Json::String(text) if (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control) => {
            Ok(text)
        }
        _ => Err(RequestError::IllTyped(field)),
    }
}

/// Reads the whole entry.
pub(crate) fn read(document: &Json<'_>) -> Result<ConsentRequest, RequestError> {
    if !matches!(document.get("type"), Some(Json::String(kind)) if kind == TRANSACTION_TYPE) {
        return Err(RequestError::UnknownType);
    }
    let fields = Fields::of(
        document,
        "the entry",
        &[
            "type",
            "credential_ids",
            "transaction_data_hashes_alg",
            "consent_id",
            "purpose",
            "items",
            "data_period",
            "period",
            "recipient",
            "retention",
            "onward",
            "delivery",
            "manage",
            "ledger",
        ],
    )?;
    let hashes = fields.list("transaction_data_hashes_alg")?;
    if !matches!(hashes, [Json::String(only)] if only == "sha-256") {
        return Err(RequestError::IllTyped("transaction_data_hashes_alg"));
    }
    let credential_ids = texts(&fields, "credential_ids")?;
    let purpose = texts(&fields, "purpose")?;
    let purpose: Vec<Purpose> = purpose
        .iter()
        .map(|code| code.parse().map_err(|_| RequestError::UnknownPurpose))
        .collect::<Result<_, _>>()?;
    let period = fields.inner("period", &["start", "end"])?;
    let recipient = fields.inner("recipient", &["client_id", "name", "policy_uri"])?;
    let delivery = fields.inner("delivery", &["uri", "jwk", "hpke"])?;
    let manage = fields.inner("manage", &["uri"])?;
    let name = recipient.text("name")?;
    if name.chars().count() > MAX_NAME {
        return Err(RequestError::IllTyped("recipient"));
    }
    if fields.text("onward")? != "none" {
        return Err(RequestError::IllTyped("onward"));
    }
    Ok(ConsentRequest {
        consent_id: fields.parsed("consent_id")?,
        credential_ids,
        purpose,
        items: items(fields.list("items")?)?,
        data_period: data_period(&fields)?,
        period: Period {
            start: period.moment("start")?,
            end: period.moment("end")?,
        },
        recipient: Recipient {
            client_id: recipient.text("client_id")?.to_owned(),
            name: name.to_owned(),
            policy_uri: recipient.address("policy_uri")?,
        },
        retention: fields.parsed::<Retention>("retention")?,
        onward: Onward::None,
        delivery: Endpoint {
            uri: delivery.address("uri")?,
            jwk: jwk(delivery.any("jwk")?)?,
            hpke: delivery.object.get("hpke").map(jwk).transpose()?,
        },
        manage: Manage {
            uri: manage.address("uri")?,
        },
        ledger: ledger(&fields.inner("ledger", &["chain_id", "registry"])?)?,
    })
}

/// A list of different texts, at least one.
fn texts(fields: &Fields<'_>, field: &'static str) -> Result<Vec<String>, RequestError> {
    let mut out: Vec<String> = Vec::new();
    for item in fields.list(field)? {
        let item = text(item, field)?.to_owned();
        if out.len() == MAX_ITEMS || out.contains(&item) {
            return Err(RequestError::TooMany);
        }
        out.push(item);
    }
    if out.is_empty() {
        Err(RequestError::IllTyped(field))
    } else {
        Ok(out)
    }
}

fn items(list: &[Json<'_>]) -> Result<Vec<Item>, RequestError> {
    let mut out: Vec<Item> = Vec::new();
    for item in list {
        let fields = Fields::of(item, "items", &["scope", "required"])?;
        let scope: Scope = fields
            .text("scope")?
            .parse()
            .map_err(|_| RequestError::BadScope)?;
        let Json::Bool(required) = fields.any("required")? else {
            return Err(RequestError::IllTyped("items"));
        };
        if out.len() == MAX_ITEMS
            || out
                .iter()
                .any(|other| other.scope.read_only() == scope.read_only())
        {
            return Err(RequestError::TooMany);
        }
        out.push(Item {
            scope,
            required: *required,
        });
    }
    if out.is_empty() {
        Err(RequestError::NothingAsked)
    } else {
        Ok(out)
    }
}

fn data_period(fields: &Fields<'_>) -> Result<Option<DataPeriod>, RequestError> {
    if fields.object.get("data_period").is_none() {
        return Ok(None);
    }
    let inner = fields.inner("data_period", &["start", "end"])?;
    let period = DataPeriod {
        start: inner.day("start")?,
        end: inner.day("end")?,
    };
    match (period.start, period.end) {
        (None, None) => Err(RequestError::IllTyped("data_period")),
        (Some(start), Some(end)) if end < start => Err(RequestError::DataPeriodEmpty),
        _ => Ok(Some(period)),
    }
}

/// A flat JSON object of strings (RFC 7517, as P-256 keys are); what it means is for who uses it.
fn jwk(value: &Json<'_>) -> Result<Value, RequestError> {
    let Json::Object(members) = value else {
        return Err(RequestError::IllTyped("jwk"));
    };
    let mut out = Map::new();
    for (name, member) in members {
        let member = match member {
            Json::String(_) => text(member, "jwk")?.into(),
            Json::Array(items) => items
                .iter()
                .map(|item| text(item, "jwk"))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
            _ => return Err(RequestError::IllTyped("jwk")),
        };
        out.insert(name.to_string(), member);
    }
    if out.contains_key("kty") {
        Ok(Value::Object(out))
    } else {
        Err(RequestError::IllTyped("jwk"))
    }
}

fn ledger(fields: &Fields<'_>) -> Result<LedgerRef, RequestError> {
    let chain_id = fields.text("chain_id")?;
    let number: u64 = chain_id.parse().map_err(|_| RequestError::IllTyped("chain_id"))?;
    let registry = fields.text("registry")?;
    let digits = registry.strip_prefix("0x").unwrap_or_default();
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if number.to_string() != chain_id || number == 0 {
        return Err(RequestError::IllTyped("chain_id"));
    }
    if digits.len() != 40 || !digits.bytes().all(lower_hex) {
        return Err(RequestError::IllTyped("registry"));
    }
    Ok(LedgerRef {
        chain_id: chain_id.to_owned(),
        registry: registry.to_owned(),
    })
}
