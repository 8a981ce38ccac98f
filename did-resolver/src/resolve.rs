//! Methods whose document follows from the identifier: nobody is asked.

pub use crate::error::ResolveError;
use crate::{
    document::{Document, VerificationMethod},
    key::{KeyError, PublicKey},
    methods::{jwk, key, peer, pkh},
};

pub use crate::methods::peer::{MAX_PEER_LEN, with_long_form};

/// Longest DID that is looked at, in bytes; a did:peer may carry a whole document, up to [`MAX_PEER_LEN`].
pub const MAX_DID_LEN: usize = 2_048;

/// The document of a did:key, did:jwk, did:pkh or did:peer. Pure.
pub fn resolve(did: &str) -> Result<Document, ResolveError> {
    let (method, id) = parts(did)?;
    match method {
        "jwk" => jwk::document(did, id),
        "key" => key::document(did, id),
        "pkh" => pkh::document(did, id),
        "peer" => peer::document(did, id),
        _ => Err(ResolveError::MethodNotSupported),
    }
}

/// The single key behind a did:key or did:jwk.
pub fn key_of(did: &str) -> Result<PublicKey, ResolveError> {
    if !matches!(parts(did)?.0, "key" | "jwk") {
        return Err(ResolveError::MethodNotSupported);
    }
    let document = resolve(did)?;
    document
        .verification_method
        .first()
        .and_then(VerificationMethod::public_key)
        .ok_or(ResolveError::Key(KeyError::Malformed))
}

/// Method and method-specific id (DID Core section 3.1).
pub(crate) fn parts(did: &str) -> Result<(&str, &str), ResolveError> {
    let (method, id) = did
        .strip_prefix("did:")
        .and_then(|rest| rest.split_once(':'))
        .ok_or(ResolveError::InvalidDid)?;
    let longest = if method == "peer" {
        MAX_PEER_LEN
    } else {
        MAX_DID_LEN
    };
    let name = !method.is_empty()
        && method
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    // A path, query or fragment makes it a DID URL, which names something else.
    let bare = !id.is_empty() && !id.contains(['/', '?', '#']) && !id.contains(char::is_whitespace);
    if did.len() <= longest && name && bare {
        Ok((method, id))
    } else {
        Err(ResolveError::InvalidDid)
    }
}
