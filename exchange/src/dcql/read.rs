//! Reading a query, strictly: an unknown member could change its meaning, so it refuses the whole.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::sd_jwt::ClaimPath;
use serde_json::{Map, Value};

use super::{Authority, ClaimQuery, CredentialQuery, CredentialSet, Format, LISTED, Query, QueryError};
use crate::limits::{
    QUERY_CLAIMS, QUERY_CREDENTIALS, QUERY_ID_CHARS, QUERY_LIST, QUERY_PATH_STEPS, QUERY_TEXT_CHARS,
};

type Read<T> = Result<T, QueryError>;

impl Query {
    /// Reads the value of `dcql_query`.
    pub fn read(query: &Value) -> Read<Self> {
        let query = object(query, &["credentials", "credential_sets"])?;
        let credentials = match query.get("credentials") {
            None => return Err(QueryError::Nothing),
            Some(credentials) => array(credentials, QUERY_CREDENTIALS)?,
        };
        if credentials.is_empty() {
            return Err(QueryError::Nothing);
        }
        let credentials: Vec<CredentialQuery> = credentials.iter().map(credential).collect::<Read<_>>()?;
        let mut ids = HashSet::new();
        if !credentials.iter().all(|query| ids.insert(query.id.as_str())) {
            return Err(QueryError::DuplicateId);
        }
        let sets = match query.get("credential_sets") {
            None => Vec::new(),
            Some(sets) => filled(sets, QUERY_LIST)?
                .iter()
                .map(|set| credential_set(set, &ids))
                .collect::<Read<_>>()?,
        };
        Ok(Self { credentials, sets })
    }
}

fn credential(query: &Value) -> Read<CredentialQuery> {
    let query = object(
        query,
        &[
            "id",
            "format",
            "meta",
            "multiple",
            "trusted_authorities",
            "require_cryptographic_holder_binding",
            "claims",
            "claim_sets",
        ],
    )?;
    let id = id(query.get("id").ok_or(QueryError::Malformed)?)?;
    let format = format(query)?;
    let claims: Vec<ClaimQuery> = match query.get("claims") {
        None if query.contains_key("claim_sets") => return Err(QueryError::ClaimSetsWithoutClaims),
        None => Vec::new(),
        Some(claims) => filled(claims, QUERY_CLAIMS)?
            .iter()
            .map(claim)
            .collect::<Read<_>>()?,
    };
    let mut ids = HashSet::new();
    if !claims
        .iter()
        .filter_map(|claim| claim.id.as_ref())
        .all(|id| ids.insert(id))
    {
        return Err(QueryError::DuplicateClaimId);
    }
    let claim_sets = match query.get("claim_sets") {
        None => Vec::new(),
        Some(_) if claims.iter().any(|claim| claim.id.is_none()) => return Err(QueryError::ClaimWithoutId),
        Some(sets) => filled(sets, QUERY_LIST)?
            .iter()
            .map(|set| claim_set(set, &claims))
            .collect::<Read<_>>()?,
    };
    let authorities = match query.get("trusted_authorities") {
        None => Vec::new(),
        Some(authorities) => filled(authorities, QUERY_LIST)?
            .iter()
            .map(authority)
            .collect::<Read<_>>()?,
    };
    Ok(CredentialQuery {
        id,
        format,
        multiple: flag(query, "multiple", false)?,
        authorities,
        holder_binding: flag(query, "require_cryptographic_holder_binding", true)?,
        claims,
        claim_sets,
    })
}

fn format(query: &Map<String, Value>) -> Read<Format> {
    let format = query.get("format").ok_or(QueryError::Malformed)?;
    let format = format.as_str().ok_or(QueryError::Malformed)?;
    let name = match format {
        "dc+sd-jwt" => "vct_values",
        "ldp_vc" | "jwt_vc_json" => "type_values",
        _ => return Err(QueryError::Format),
    };
    let meta = object(query.get("meta").ok_or(QueryError::MetaEmpty)?, &[name])?;
    let values = array(meta.get(name).ok_or(QueryError::MetaEmpty)?, QUERY_LIST)?;
    if values.is_empty() {
        return Err(QueryError::MetaEmpty);
    }
    if format == "dc+sd-jwt" {
        return Ok(Format::SdJwt(values.iter().map(text).collect::<Read<_>>()?));
    }
    let types = values
        .iter()
        .map(|types| match array(types, QUERY_LIST)? {
            [] => Err(QueryError::MetaEmpty),
            types => types.iter().map(text).collect(),
        })
        .collect::<Read<_>>()?;
    Ok(if format == "ldp_vc" {
        Format::LdpVc(types)
    } else {
        Format::JwtVcJson(types)
    })
}

fn claim(claim: &Value) -> Read<ClaimQuery> {
    let claim = object(claim, &["id", "path", "values"])?;
    let path = claim.get("path").ok_or(QueryError::ClaimPath)?;
    let steps = path.as_array().ok_or(QueryError::ClaimPath)?;
    let short = |step: &Value| step.as_str().is_none_or(|name| name.len() <= QUERY_TEXT_CHARS);
    if steps.len() > QUERY_PATH_STEPS || !steps.iter().all(short) {
        return Err(QueryError::TooLarge);
    }
    let path = ClaimPath::from_json(path).ok_or(QueryError::ClaimPath)?;
    let values = match claim.get("values") {
        None => Vec::new(),
        Some(values) => {
            let values = values.as_array().ok_or(QueryError::ClaimValues)?;
            let comparable = |value: &Value| value.is_string() || value.is_boolean() || is_whole(value);
            if values.is_empty() || !values.iter().all(comparable) {
                return Err(QueryError::ClaimValues);
            }
            if values.len() > QUERY_LIST {
                return Err(QueryError::TooLarge);
            }
            values.clone()
        }
    };
    Ok(ClaimQuery {
        id: claim.get("id").map(id).transpose()?,
        path,
        values,
    })
}

fn claim_set(set: &Value, claims: &[ClaimQuery]) -> Read<Vec<usize>> {
    let place = |name: &Value| {
        let name = name.as_str().ok_or(QueryError::Malformed)?;
        let place = claims.iter().position(|claim| claim.id.as_deref() == Some(name));
        place.ok_or(QueryError::UnknownId)
    };
    filled(set, QUERY_CLAIMS)?.iter().map(place).collect()
}

fn credential_set(set: &Value, ids: &HashSet<&str>) -> Read<CredentialSet> {
    let set = object(set, &["options", "required"])?;
    let known = |name: &Value| {
        let name = name.as_str().ok_or(QueryError::Malformed)?;
        ids.contains(name)
            .then(|| name.to_owned())
            .ok_or(QueryError::UnknownId)
    };
    let options = filled(set.get("options").ok_or(QueryError::Malformed)?, QUERY_LIST)?;
    Ok(CredentialSet {
        options: options
            .iter()
            .map(|option| filled(option, QUERY_CREDENTIALS)?.iter().map(known).collect())
            .collect::<Read<_>>()?,
        required: flag(set, "required", true)?,
    })
}

fn authority(authority: &Value) -> Read<Authority> {
    let authority = object(authority, &["type", "values"])?;
    let kind = text(authority.get("type").ok_or(QueryError::Malformed)?)?;
    let values = filled(authority.get("values").ok_or(QueryError::Malformed)?, QUERY_LIST)?;
    let values: Vec<String> = values.iter().map(text).collect::<Read<_>>()?;
    Ok(match kind.as_str() {
        "aki" => Authority::KeyId(
            values
                .iter()
                .map(|value| URL_SAFE_NO_PAD.decode(value).map_err(|_| QueryError::Malformed))
                .collect::<Read<_>>()?,
        ),
        LISTED => Authority::Listed(values),
        _ => Authority::Other { kind, values },
    })
}

fn object<'a>(value: &'a Value, known: &[&str]) -> Read<&'a Map<String, Value>> {
    let object = value.as_object().ok_or(QueryError::Malformed)?;
    if object.keys().all(|name| known.contains(&name.as_str())) {
        Ok(object)
    } else {
        Err(QueryError::UnknownMember)
    }
}

fn array(value: &Value, most: usize) -> Read<&[Value]> {
    let array = value.as_array().ok_or(QueryError::Malformed)?;
    if array.len() > most {
        Err(QueryError::TooLarge)
    } else {
        Ok(array)
    }
}

/// An array that may not be empty.
fn filled(value: &Value, most: usize) -> Read<&[Value]> {
    match array(value, most)? {
        [] => Err(QueryError::Malformed),
        array => Ok(array),
    }
}

fn text(value: &Value) -> Read<String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    let text = text.ok_or(QueryError::Malformed)?;
    if text.len() > QUERY_TEXT_CHARS {
        Err(QueryError::TooLarge)
    } else {
        Ok(text.to_owned())
    }
}

/// Section 6.1: letters, digits, underscore, hyphen.
fn id(value: &Value) -> Read<String> {
    let id = text(value)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if id.len() > QUERY_ID_CHARS || !id.bytes().all(plain) {
        Err(QueryError::Malformed)
    } else {
        Ok(id)
    }
}

fn flag(object: &Map<String, Value>, name: &str, absent: bool) -> Read<bool> {
    object
        .get(name)
        .map_or(Some(absent), Value::as_bool)
        .ok_or(QueryError::Malformed)
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}
