//! did:peer, methods 0, 2 and 4 (DIF peer DID method specification, section "Generation Method").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{DID_CONTEXT, MULTIKEY_CONTEXT, key, made};
use crate::{document::Document, error::ResolveError, json, key::PublicKey};

/// Longest did:peer that is looked at, in bytes. Base58 takes time that grows with the square of the length.
pub const MAX_PEER_LEN: usize = 8_192;

/// multihash of SHA-256: code and length.
const SHA2_256: [u8; 2] = [0x12, 0x20];
/// multicodec `json`, as an unsigned varint.
const MULTICODEC_JSON: [u8; 2] = [0x80, 0x04];

/// Relationship of each purpose code of method 2.
const PURPOSES: [(char, &str); 5] = [
    ('A', "assertionMethod"),
    ('E', "keyAgreement"),
    ('V', "authentication"),
    ('I', "capabilityInvocation"),
    ('D', "capabilityDelegation"),
];

pub(crate) fn document(did: &str, id: &str) -> Result<Document, ResolveError> {
    match id.split_at_checked(1) {
        // One key, as did:key has it.
        Some(("0", multikey)) => key::document(did, multikey),
        Some(("2", elements)) => keys_and_services(did, elements),
        Some(("4", rest)) => match rest.split_once(':') {
            Some((hash, encoded)) => whole_document(did, hash, encoded, did, &short_of(hash)),
            // The short form says nothing without the long one.
            None if is_hash(rest) => Err(ResolveError::NotFound),
            None => Err(ResolveError::InvalidDid),
        },
        Some(("1" | "3", _)) => Err(ResolveError::MethodNotSupported),
        _ => Err(ResolveError::InvalidDid),
    }
}

/// The document of a short did:peer:4 whose long form is known. Pure.
pub fn with_long_form(short: &str, long: &str) -> Result<Document, ResolveError> {
    let rest = long.strip_prefix("did:peer:4").ok_or(ResolveError::InvalidDid)?;
    let (hash, encoded) = rest.split_once(':').ok_or(ResolveError::InvalidDid)?;
    if long.len() > MAX_PEER_LEN || short_of(hash) != short {
        return Err(ResolveError::InvalidDid);
    }
    whole_document(short, hash, encoded, short, long)
}

/// The short form of a long did:peer:4.
pub(crate) fn short_form(did: &str) -> Option<String> {
    let (hash, _) = did.strip_prefix("did:peer:4")?.split_once(':')?;
    Some(short_of(hash))
}

fn short_of(hash: &str) -> String {
    format!("did:peer:4{hash}")
}

/// Method 2: keys with their purposes, and services.
fn keys_and_services(did: &str, elements: &str) -> Result<Document, ResolveError> {
    let elements = elements.strip_prefix('.').ok_or(ResolveError::InvalidDid)?;
    let mut document = json!({ "@context": [DID_CONTEXT, MULTIKEY_CONTEXT], "id": did });
    let mut methods = Vec::new();
    let mut services = Vec::new();
    let mut nameless = 0;
    for element in elements.split('.') {
        let mut rest = element.chars();
        let purpose = rest.next().ok_or(ResolveError::InvalidDid)?;
        let encoded = rest.as_str();
        if purpose == 'S' {
            services.push(service(encoded, &mut nameless)?);
            continue;
        }
        let (_, relationship) = PURPOSES
            .iter()
            .find(|(code, _)| *code == purpose)
            .ok_or(ResolveError::InvalidDid)?;
        PublicKey::from_multikey(encoded)?;
        let id = format!("#key-{}", methods.len() + 1);
        methods.push(json!({
            "id": id, "controller": did, "type": "Multikey", "publicKeyMultibase": encoded,
        }));
        match document.get_mut(relationship) {
            Some(Value::Array(ids)) => ids.push(json!(id)),
            _ => document[*relationship] = json!([id]),
        }
    }
    document["verificationMethod"] = Value::Array(methods);
    if !services.is_empty() {
        document["service"] = Value::Array(services);
    }
    document["alsoKnownAs"] = json!([format!(
        "did:peer:3z{}",
        multihash(format!(".{elements}").as_bytes())
    )]);
    made(document)
}

fn service(encoded: &str, nameless: &mut usize) -> Result<Value, ResolveError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| ResolveError::InvalidDid)?;
    let short = json::parse_object(&bytes, MAX_PEER_LEN).map_err(|_| ResolveError::InvalidDid)?;
    let mut service = spelled_out(short);
    match service.get("id") {
        None => {
            let id = match *nameless {
                0 => "#service".to_owned(),
                n => format!("#service-{n}"),
            };
            *nameless += 1;
            service.insert("id".to_owned(), json!(id));
        }
        Some(Value::String(id)) if id.starts_with('#') => {}
        Some(_) => return Err(ResolveError::InvalidDid),
    }
    Ok(Value::Object(service))
}

/// Undoes the abbreviations of names and of the type.
fn spelled_out(short: Map<String, Value>) -> Map<String, Value> {
    short
        .into_iter()
        .map(|(name, value)| {
            let name = match name.as_str() {
                "t" => "type",
                "s" => "serviceEndpoint",
                "r" => "routingKeys",
                "a" => "accept",
                other => other,
            }
            .to_owned();
            let value = match value {
                Value::String(kind) if name == "type" && kind == "dm" => json!("DIDCommMessaging"),
                Value::Object(inner) => Value::Object(spelled_out(inner)),
                Value::Array(items) => items
                    .into_iter()
                    .map(|item| match item {
                        Value::Object(inner) => Value::Object(spelled_out(inner)),
                        other => other,
                    })
                    .collect(),
                other => other,
            };
            (name, value)
        })
        .collect()
}

/// Method 4: a document without its own name, and the hash of it.
fn whole_document(
    did: &str,
    hash: &str,
    encoded: &str,
    id: &str,
    also_known_as: &str,
) -> Result<Document, ResolveError> {
    if did.len() > MAX_PEER_LEN || hash != format!("z{}", multihash(encoded.as_bytes())) {
        return Err(ResolveError::InvalidDid);
    }
    let bytes = encoded
        .strip_prefix('z')
        .and_then(|base58| bs58::decode(base58).into_vec().ok())
        .ok_or(ResolveError::InvalidDid)?;
    let text = bytes
        .strip_prefix(&MULTICODEC_JSON)
        .ok_or(ResolveError::InvalidDid)?;
    let mut json = json::parse_object(text, MAX_PEER_LEN)?;
    if json.contains_key("id") {
        return Err(ResolveError::InvalidDid);
    }
    for name in [
        "verificationMethod",
        "authentication",
        "assertionMethod",
        "keyAgreement",
        "capabilityInvocation",
        "capabilityDelegation",
    ] {
        for method in json
            .get_mut(name)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Value::Object(method) = method {
                method.entry("controller").or_insert_with(|| json!(id));
            }
        }
    }
    json.insert("id".to_owned(), json!(id));
    match json.entry("alsoKnownAs").or_insert_with(|| json!([])) {
        Value::Array(names) => names.push(json!(also_known_as)),
        _ => return Err(ResolveError::InvalidDid),
    }
    Ok(Document::read(json)?)
}

fn is_hash(text: &str) -> bool {
    text.len() <= 64
        && text
            .strip_prefix('z')
            .and_then(|base58| bs58::decode(base58).into_vec().ok())
            .is_some_and(|bytes| bytes.len() == 34 && bytes.starts_with(&SHA2_256))
}

fn multihash(bytes: &[u8]) -> String {
    bs58::encode([&SHA2_256[..], &Sha256::digest(bytes)].concat()).into_string()
}
