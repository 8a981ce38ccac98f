//! Content types. What arrives under another one is refused before it is read.

/// The signed request (RFC 9101 section 10.2).
pub const REQUEST: &str = "application/oauth-authz-req+jwt";
/// What a wallet posts to fetch a request, and its answer (one field, `response`).
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The sealed records as a JWE with ECDH-ES.
pub const DELIVERY: &str = "application/jose";
/// The sealed records by HPKE.
pub const DELIVERY_HPKE: &str = "application/vnd.carnet.hpke+jose";
/// A manage request.
pub const MANAGE: &str = "application/jwt";
/// Replies and refusals.
pub const JSON: &str = "application/json";

/// Whether a `Content-Type` header names this media type; parameters such as `charset` don't count.
pub fn is(header: &str, media_type: &str) -> bool {
    header
        .split(';')
        .next()
        .is_some_and(|name| name.trim().eq_ignore_ascii_case(media_type))
}
