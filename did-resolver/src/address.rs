//! Where on the web a did:web or did:webvh has its files (did:web, section 3.2; did:webvh 1.0, "The DID to HTTPS
//! Transformation").
//!
//! A port may stand in the identifier (`%3A8443`). Whether it is asked is the client's matter: only origins that are
//! pinned as local may have another port than the usual one.

use url::{Host, Url};

use crate::error::ResolveError;

/// Longest host with its port, and most segments of a path.
const MAX_HOST: usize = 260;
const MAX_SEGMENTS: usize = 32;

/// Host, port and folder of an identifier's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    origin: String,
    /// Path of the folder, with a slash at both ends; `/` if the identifier names none.
    folder: String,
}

impl Location {
    /// Reads what stands after the method and, with did:webvh, the SCID: `host[%3Aport][:segment…]`.
    pub fn parse(text: &str) -> Result<Self, ResolveError> {
        let mut segments = text.split(':');
        let authority = segments.next().unwrap_or_default();
        let (host, port) = match authority.to_ascii_uppercase().find("%3A") {
            Some(at) => (&authority[..at], Some(&authority[at + 3..])),
            None => (authority, None),
        };
        if host.len() > MAX_HOST || host.contains(['%', '@', '[', ']', '\\']) {
            return Err(ResolveError::InvalidDid);
        }
        // Numbers in every spelling, which an address bar would take for an IPv4 address, are found here.
        let Ok(Host::Domain(host)) = Host::parse(host) else {
            return Err(ResolveError::InvalidDid);
        };
        if host.is_empty() || host.ends_with('.') {
            return Err(ResolveError::InvalidDid);
        }
        let port = match port {
            None => String::new(),
            Some(port) if !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) => {
                let port: u16 = port.parse().map_err(|_| ResolveError::InvalidDid)?;
                format!(":{port}")
            }
            Some(_) => return Err(ResolveError::InvalidDid),
        };
        let mut folder = "/".to_owned();
        for (count, segment) in segments.enumerate() {
            if count >= MAX_SEGMENTS || !is_plain(segment) {
                return Err(ResolveError::InvalidDid);
            }
            folder.push_str(segment);
            folder.push('/');
        }
        Ok(Self {
            origin: format!("https://{host}{port}"),
            folder,
        })
    }

    /// Address of a file of the identifier; without a folder, it lies under `/.well-known/`.
    pub fn file(&self, name: &str) -> Result<Url, ResolveError> {
        let folder = match self.folder.as_str() {
            "/" => "/.well-known/",
            folder => folder,
        };
        Url::parse(&format!("{}{folder}{name}", self.origin)).map_err(|_| ResolveError::InvalidDid)
    }
}

/// A name of one folder, whose percent signs hide nothing that would lead elsewhere.
fn is_plain(segment: &str) -> bool {
    if segment.is_empty() || segment.len() > MAX_HOST {
        return false;
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (Some(high), Some(low)) = (bytes.next().and_then(hex), bytes.next().and_then(hex)) else {
                return false;
            };
            decoded.push(high * 16 + low);
        } else if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || !byte.is_ascii() {
            decoded.push(byte);
        } else {
            return false;
        }
    }
    let dots = decoded.iter().all(|byte| *byte == b'.');
    let clean = decoded
        .iter()
        .all(|byte| *byte > 0x20 && *byte != 0x7f && !matches!(byte, b'/' | b'\\' | b'%' | b'?' | b'#'));
    !dots && clean && std::str::from_utf8(&decoded).is_ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(text: &str) -> Option<String> {
        Location::parse(text)
            .ok()?
            .file("did.json")
            .ok()
            .map(String::from)
    }

    #[test]
    fn identifiers_lead_where_their_specifications_say() {
        for (text, url) in [
            ("example.com", "https://example.com/.well-known/did.json"),
            (
                "w3c-ccg.github.io:user:alice",
                "https://w3c-ccg.github.io/user/alice/did.json",
            ),
            (
                "example.com%3A3000:dids:issuer",
                "https://example.com:3000/dids/issuer/did.json",
            ),
            (
                "jp納豆.例.jp:用户",
                "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8%E6%88%B7/did.json",
            ),
        ] {
            assert_eq!(file(text).as_deref(), Some(url));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "",
            ":",
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "%5B::1%5D",
            "a@b.example",
            "example.com.",
            "a%2Fb",
            "example.com%3A",
            "example.com%3A0",
            "example.com%3A99999",
            "example.com%3A80%3A81",
            "example.com:",
            "example.com:..",
            "example.com:a:%2e%2E",
            "example.com:a%2Fb",
            "example.com:a%5Cb",
            "example.com:a b",
            "example.com:%00",
            "example.com:%zz",
            "example.com:a%252e",
            "example.com/x",
            "example.com?x",
            "exa mple.com",
        ] {
            assert_eq!(file(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_leads_to_https_or_nowhere(text in "(example\\.com|[a-z0-9.%:@/\\\\]{0,20})?.{0,40}") {
            if let Ok(location) = Location::parse(&text) {
                let url = location.file("did.json").unwrap();
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(url.username().is_empty() && url.query().is_none());
                prop_assert!(url.path().ends_with("/did.json") && !url.path().contains("/../"));
            }
        }
    }
}
