//! The credential offer (OpenID4VCI 1.0 section 4.1): in the code itself, or at an address that the code names.

use std::{fmt, str::FromStr};

use carnet_credentials::json;
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::{PRE_AUTHORIZED, identifier, text};
use crate::{
    limits::{NAME_CHARS, OFFER_BYTES, OFFER_LINK_CHARS},
    link::is_plain_https,
};

/// Schemes of an offer (OpenID4VCI 1.0 section 4.1.1; HAIP 1.0 section 4.2).
const SCHEMES: [&str; 2] = ["openid-credential-offer", "haip-vci"];
/// Most credentials in one offer.
const MAX_CARDS: usize = 8;
/// Longest identifier or code, in bytes.
pub(super) const MAX_TEXT: usize = 1_024;
/// Longest hint about the PIN, in characters (the specification's own bound).
const HINT_CHARS: usize = 300;
/// Longest PIN.
const MAX_PIN: u64 = 32;

/// Why an offer is refused. Nobody was asked for anything yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// More than [`OFFER_LINK_CHARS`] characters.
    #[error("this code is longer than any card offer; nothing was opened")]
    TooLong,
    /// Not a link that offers a credential.
    #[error("this is not a card offer; nothing was opened")]
    NotAnOffer,
    /// Neither an offer nor the address of one.
    #[error("this code is incomplete; nothing was opened")]
    Missing,
    /// A parameter stands twice, or an offer and an address of one.
    #[error("this code says one thing twice; nothing was opened")]
    Repeated,
    /// A parameter that is not known.
    #[error("this code carries something that isn't accepted; nothing was opened")]
    Unexpected,
    /// `credential_offer_uri` or `credential_issuer` isn't an acceptable `https` address.
    #[error("this code leads to an address that isn't accepted; nothing was opened")]
    BadAddress,
    /// Not JSON that reads one way only, or a member is missing or ill-typed.
    #[error("the offer is not well formed")]
    Malformed,
    /// More than eight credentials.
    #[error("the offer is for more cards than are taken at once")]
    TooMany,
    /// No way of getting it that is understood.
    #[error("the offer names no way of taking it that is known here")]
    NoGrant,
}

impl OfferError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "offer_link_too_long",
            Self::NotAnOffer => "offer_link_not_an_offer",
            Self::Missing => "offer_link_incomplete",
            Self::Repeated => "offer_link_repeated_parameter",
            Self::Unexpected => "offer_link_unexpected_parameter",
            Self::BadAddress => "offer_bad_address",
            Self::Malformed => "offer_malformed",
            Self::TooMany => "offer_too_many_cards",
            Self::NoGrant => "offer_no_grant",
        }
    }
}

/// What a code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferLink {
    /// `credential_offer`: the offer itself.
    Value(Box<CredentialOffer>),
    /// `credential_offer_uri`: where it is.
    Reference(Url),
}

/// Who offers what, and how it can be taken. Nothing of it is vouched for by anybody.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialOffer {
    /// The issuer's identifier, an address, as written: it is compared letter by letter.
    pub credential_issuer: String,
    /// Names of configurations in the issuer's metadata.
    pub configuration_ids: Vec<String>,
    /// A code that needs no sign-in.
    pub pre_authorized: Option<PreAuthorized>,
    /// Signing in at the issuer.
    pub authorization_code: Option<SignIn>,
}

/// A pre-authorized code (section 4.1.1).
#[derive(Clone, PartialEq, Eq)]
pub struct PreAuthorized {
    /// Worth a token, once.
    pub code: String,
    /// The PIN that comes with it by another way.
    pub tx_code: Option<TxCode>,
    /// Which of the issuer's authorization servers, if it has several.
    pub authorization_server: Option<String>,
}

/// What the PIN looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxCode {
    /// Digits only; else any text.
    pub digits: bool,
    /// How many characters.
    pub length: Option<u32>,
    /// The issuer's own words on where to find it.
    pub description: Option<String>,
}

/// Signing in (section 4.1.1, `authorization_code`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Goes back to the issuer with the sign-in.
    pub issuer_state: Option<String>,
    /// Which of the issuer's authorization servers, if it has several.
    pub authorization_server: Option<String>,
}

macro_rules! says_no_code {
    ($($it:ident)*) => {$(
        // The code in it is as good as a password.
        impl fmt::Debug for $it {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($it), "(…)"))
            }
        }
    )*};
}
says_no_code!(CredentialOffer PreAuthorized SignIn);

/// Whether a text begins like the link of an offer.
pub fn is_offer(text: &str) -> bool {
    let scheme = text.trim().split(':').next().unwrap_or_default();
    SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

impl FromStr for OfferLink {
    type Err = OfferError;

    fn from_str(text: &str) -> Result<Self, OfferError> {
        let text = text.trim();
        if text.len() > OFFER_LINK_CHARS {
            return Err(OfferError::TooLong);
        }
        if !is_offer(text) {
            return Err(OfferError::NotAnOffer);
        }
        let (_, query) = text.split_once('?').ok_or(OfferError::Missing)?;
        if query.contains('#') {
            return Err(OfferError::Unexpected);
        }
        let (mut value, mut reference) = (None, None);
        for (name, content) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "credential_offer" => &mut value,
                "credential_offer_uri" => &mut reference,
                _ => return Err(OfferError::Unexpected),
            };
            if place.replace(content.into_owned()).is_some() {
                return Err(OfferError::Repeated);
            }
        }
        match (value, reference) {
            (Some(offer), None) => Ok(Self::Value(Box::new(CredentialOffer::parse(offer.as_bytes())?))),
            (None, Some(uri)) => {
                let uri = Url::parse(&uri).map_err(|_| OfferError::BadAddress)?;
                is_plain_https(&uri)
                    .then_some(Self::Reference(uri))
                    .ok_or(OfferError::BadAddress)
            }
            (None, None) => Err(OfferError::Missing),
            (Some(_), Some(_)) => Err(OfferError::Repeated),
        }
    }
}

impl fmt::Display for OfferLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = form_urlencoded::Serializer::new(String::new());
        match self {
            Self::Value(offer) => query.append_pair("credential_offer", &offer.to_value().to_string()),
            Self::Reference(uri) => query.append_pair("credential_offer_uri", uri.as_str()),
        };
        write!(f, "{}://?{}", SCHEMES[0], query.finish())
    }
}

impl CredentialOffer {
    /// Reads an offer. Members that aren't known are passed over (section 4.1.1).
    pub fn parse(bytes: &[u8]) -> Result<Self, OfferError> {
        let offer = json::parse_object(bytes, OFFER_BYTES).map_err(|_| OfferError::Malformed)?;
        let issuer = text(&offer, "credential_issuer", MAX_TEXT).ok_or(OfferError::Malformed)?;
        identifier(issuer).ok_or(OfferError::BadAddress)?;
        let ids = offer
            .get("credential_configuration_ids")
            .and_then(Value::as_array);
        let ids = ids.ok_or(OfferError::Malformed)?;
        if ids.len() > MAX_CARDS {
            return Err(OfferError::TooMany);
        }
        let mut configuration_ids: Vec<String> = Vec::new();
        for id in ids {
            let id = id.as_str().filter(|id| !id.is_empty() && id.len() <= MAX_TEXT);
            let id = id.ok_or(OfferError::Malformed)?;
            if configuration_ids.iter().any(|other| other == id) {
                return Err(OfferError::Malformed);
            }
            configuration_ids.push(id.to_owned());
        }
        if configuration_ids.is_empty() {
            return Err(OfferError::Malformed);
        }
        let (pre_authorized, authorization_code) = match offer.get("grants") {
            // Without grants the issuer's server says how; signing in is what every server can do.
            None => (None, Some(SignIn::default())),
            Some(Value::Object(grants)) => (
                grants.get(PRE_AUTHORIZED).map(pre_authorized).transpose()?,
                grants.get("authorization_code").map(sign_in).transpose()?,
            ),
            Some(_) => return Err(OfferError::Malformed),
        };
        if pre_authorized.is_none() && authorization_code.is_none() {
            return Err(OfferError::NoGrant);
        }
        Ok(Self {
            credential_issuer: issuer.to_owned(),
            configuration_ids,
            pre_authorized,
            authorization_code,
        })
    }

    /// The offer as JSON.
    pub fn to_value(&self) -> Value {
        let mut grants = Map::new();
        if let Some(grant) = &self.pre_authorized {
            let mut value = json!({ "pre-authorized_code": grant.code });
            if let Some(tx_code) = &grant.tx_code {
                value["tx_code"] = json!({ "input_mode": if tx_code.digits { "numeric" } else { "text" } });
                if let Some(length) = tx_code.length {
                    value["tx_code"]["length"] = length.into();
                }
                if let Some(description) = &tx_code.description {
                    value["tx_code"]["description"] = description.as_str().into();
                }
            }
            server_into(&mut value, grant.authorization_server.as_ref());
            grants.insert(PRE_AUTHORIZED.to_owned(), value);
        }
        if let Some(sign_in) = &self.authorization_code {
            let mut value = json!({});
            if let Some(state) = &sign_in.issuer_state {
                value["issuer_state"] = state.as_str().into();
            }
            server_into(&mut value, sign_in.authorization_server.as_ref());
            grants.insert("authorization_code".to_owned(), value);
        }
        json!({
            "credential_issuer": self.credential_issuer,
            "credential_configuration_ids": self.configuration_ids,
            "grants": grants,
        })
    }

    /// The authorization server that the offer insists on.
    pub fn authorization_server(&self) -> Option<&str> {
        let pre = self
            .pre_authorized
            .as_ref()
            .map(|grant| &grant.authorization_server);
        let sign_in = self
            .authorization_code
            .as_ref()
            .map(|grant| &grant.authorization_server);
        pre.or(sign_in)?.as_deref()
    }
}

fn server_into(grant: &mut Value, server: Option<&String>) {
    if let Some(server) = server {
        grant["authorization_server"] = server.as_str().into();
    }
}

/// A text member that may be missing, but not ill-typed.
fn optional(map: &Map<String, Value>, name: &str) -> Result<Option<String>, OfferError> {
    match map.get(name) {
        None => Ok(None),
        Some(_) => text(map, name, MAX_TEXT)
            .map(|text| Some(text.to_owned()))
            .ok_or(OfferError::Malformed),
    }
}

fn pre_authorized(grant: &Value) -> Result<PreAuthorized, OfferError> {
    let grant = grant.as_object().ok_or(OfferError::Malformed)?;
    let tx_code = match grant.get("tx_code") {
        None => None,
        Some(Value::Object(tx_code)) => Some(self::tx_code(tx_code)?),
        Some(_) => return Err(OfferError::Malformed),
    };
    Ok(PreAuthorized {
        code: text(grant, "pre-authorized_code", MAX_TEXT)
            .ok_or(OfferError::Malformed)?
            .to_owned(),
        tx_code,
        authorization_server: optional(grant, "authorization_server")?,
    })
}

fn tx_code(tx_code: &Map<String, Value>) -> Result<TxCode, OfferError> {
    let digits = match tx_code.get("input_mode").map(Value::as_str) {
        None | Some(Some("numeric")) => true,
        Some(Some("text")) => false,
        Some(_) => return Err(OfferError::Malformed),
    };
    let length = match tx_code.get("length") {
        None => None,
        Some(length) => {
            let length = length.as_u64().filter(|length| (1..=MAX_PIN).contains(length));
            Some(u32::try_from(length.ok_or(OfferError::Malformed)?).map_err(|_| OfferError::Malformed)?)
        }
    };
    let description = match tx_code.get("description") {
        None => None,
        Some(Value::String(text)) if text.chars().count() <= HINT_CHARS.max(NAME_CHARS) => Some(text.clone()),
        Some(_) => return Err(OfferError::Malformed),
    };
    Ok(TxCode {
        digits,
        length,
        description,
    })
}

fn sign_in(grant: &Value) -> Result<SignIn, OfferError> {
    let grant = grant.as_object().ok_or(OfferError::Malformed)?;
    Ok(SignIn {
        issuer_state: optional(grant, "issuer_state")?,
        authorization_server: optional(grant, "authorization_server")?,
    })
}
