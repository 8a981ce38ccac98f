//! The DCQL query (OpenID4VP 1.0 section 6). What is asked for besides the consent is proof of the holder key, and
//! nothing else yet.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{FORMAT, HOLDER_VCT, RequestError};

const OTHER_LANGUAGES: [&str; 5] = [
    "presentation_definition",
    "presentation_definition_uri",
    "scope",
    "dcql_query_uri",
    "claims",
];
const MAX_QUERIES: usize = 8;

/// Ids of the credential queries.
pub(super) fn query_ids(payload: &Map<String, Value>) -> Result<Vec<String>, RequestError> {
    if OTHER_LANGUAGES.iter().any(|name| payload.contains_key(*name)) {
        return Err(RequestError::OtherQueryLanguage);
    }
    let query = payload.get("dcql_query").ok_or(RequestError::NoQuery)?;
    let query = query.as_object().ok_or(RequestError::QueryMalformed)?;
    if query.contains_key("credential_sets") {
        return Err(RequestError::QueryUnsupported);
    }
    let credentials = query.get("credentials").ok_or(RequestError::NoQuery)?;
    let credentials = credentials.as_array().ok_or(RequestError::QueryMalformed)?;
    if credentials.is_empty() {
        return Err(RequestError::NoQuery);
    }
    if credentials.len() > MAX_QUERIES || query.len() > 1 {
        return Err(RequestError::QueryMalformed);
    }

    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(credentials.len());
    for credential in credentials {
        let credential = credential.as_object().ok_or(RequestError::QueryMalformed)?;
        let id = credential
            .get("id")
            .and_then(Value::as_str)
            .ok_or(RequestError::QueryMalformed)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
            return Err(RequestError::QueryMalformed);
        }
        if !seen.insert(id) {
            return Err(RequestError::DuplicateQueryId);
        }
        one_query(credential)?;
        ids.push(id.to_owned());
    }
    // One holder key answers once: a second query for it has no meaning.
    if ids.len() > 1 {
        Err(RequestError::QueryUnsupported)
    } else {
        Ok(ids)
    }
}

fn one_query(credential: &Map<String, Value>) -> Result<(), RequestError> {
    let format = credential
        .get("format")
        .and_then(Value::as_str)
        .ok_or(RequestError::QueryMalformed)?;
    if format != FORMAT {
        return Err(RequestError::Format);
    }
    let meta = credential.get("meta").ok_or(RequestError::MetaEmpty)?;
    let meta = meta.as_object().ok_or(RequestError::QueryMalformed)?;
    let vct_values = meta.get("vct_values").ok_or(RequestError::MetaEmpty)?;
    let vct_values = vct_values.as_array().ok_or(RequestError::QueryMalformed)?;
    if vct_values.is_empty() {
        return Err(RequestError::MetaEmpty);
    }
    if !vct_values.iter().all(Value::is_string) {
        return Err(RequestError::QueryMalformed);
    }
    if !vct_values.iter().any(|v| v == HOLDER_VCT) {
        return Err(RequestError::QueryUnsupported);
    }
    match credential.get("require_cryptographic_holder_binding") {
        None | Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Err(RequestError::QueryUnsupported),
        Some(_) => return Err(RequestError::QueryMalformed),
    }
    // The holder credential has no claims to choose from and no outside authority.
    let known = ["id", "format", "meta", "require_cryptographic_holder_binding"];
    if credential.keys().all(|name| known.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(RequestError::QueryUnsupported)
    }
}
