//! What a QR code or a pasted link says: who asks, and where the request is.

use std::{fmt, str::FromStr};

use url::{Url, form_urlencoded};

use crate::limits::LINK_CHARS;

/// `openid4vp://?client_id=…&request_uri=…[&request_uri_method=post]` (OpenID4VP 1.0 section 5.7; HAIP 1.0 for `haip-vp`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLink {
    /// Who asks, not yet verified.
    pub client_id: String,
    /// Where the signed request is; `https`, no user name, no fragment.
    pub request_uri: Url,
    /// How it is fetched.
    pub method: RequestUriMethod,
}

/// How a request is fetched (`request_uri_method`, OpenID4VP 1.0 section 5.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestUriMethod {
    /// As it lies there.
    #[default]
    Get,
    /// Made for this wallet: it sends a nonce that must come back.
    Post,
}

/// Why a code is refused. Nothing was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// More than [`LINK_CHARS`] characters.
    #[error("this code is longer than any clinic's code; nothing was opened")]
    TooLong,
    /// Not a link that asks for a presentation.
    #[error("this is not a clinic's code; nothing was opened")]
    NotARequest,
    /// `client_id` or `request_uri` is missing.
    #[error("this code is incomplete; nothing was opened")]
    Missing,
    /// A parameter stands twice.
    #[error("this code says one thing twice; nothing was opened")]
    Repeated,
    /// A parameter other than these three. A request carried in the link itself would be unsigned or unbound.
    #[error("this code carries something that isn't accepted; nothing was opened")]
    Unexpected,
    /// `request_uri_method` is neither `get` nor `post`.
    #[error("this code wants its question fetched in a way that isn't known; nothing was opened")]
    BadMethod,
    /// `request_uri` isn't an `https` address without user name and fragment.
    #[error("this code leads to an address that isn't accepted; nothing was opened")]
    BadAddress,
}

impl LinkError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "link_too_long",
            Self::NotARequest => "link_not_a_request",
            Self::Missing => "link_incomplete",
            Self::Repeated => "link_repeated_parameter",
            Self::Unexpected => "link_unexpected_parameter",
            Self::BadMethod => "link_bad_method",
            Self::BadAddress => "link_bad_address",
        }
    }
}

impl FromStr for RequestLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_CHARS {
            return Err(LinkError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(LinkError::NotARequest)?;
        if !scheme.eq_ignore_ascii_case("openid4vp") && !scheme.eq_ignore_ascii_case("haip-vp") {
            return Err(LinkError::NotARequest);
        }
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let rest = rest.strip_prefix("authorize").unwrap_or(rest);
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let query = rest.strip_prefix('?').ok_or(LinkError::NotARequest)?;
        if query.contains('#') {
            return Err(LinkError::Unexpected);
        }

        let (mut client_id, mut request_uri, mut method) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "client_id" => &mut client_id,
                "request_uri" => &mut request_uri,
                "request_uri_method" => &mut method,
                _ => return Err(LinkError::Unexpected),
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(LinkError::Repeated);
            }
        }
        let client_id: String = client_id.filter(|id| !id.is_empty()).ok_or(LinkError::Missing)?;
        if !client_id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(LinkError::Unexpected);
        }
        // The values are case-sensitive (section 5.1).
        let method = match method.as_deref() {
            None | Some("get") => RequestUriMethod::Get,
            Some("post") => RequestUriMethod::Post,
            Some(_) => return Err(LinkError::BadMethod),
        };
        let request_uri = Url::parse(&request_uri.ok_or(LinkError::Missing)?);
        let request_uri = request_uri.map_err(|_| LinkError::BadAddress)?;
        if is_plain_https(&request_uri) {
            Ok(Self {
                client_id,
                request_uri,
                method,
            })
        } else {
            Err(LinkError::BadAddress)
        }
    }
}

impl fmt::Display for RequestLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &self.client_id)
            .append_pair("request_uri", self.request_uri.as_str());
        if self.method == RequestUriMethod::Post {
            query.append_pair("request_uri_method", "post");
        }
        write!(f, "openid4vp://?{}", query.finish())
    }
}

/// `https` with a host, no user name, no password, no fragment.
pub(crate) fn is_plain_https(url: &Url) -> bool {
    url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}
