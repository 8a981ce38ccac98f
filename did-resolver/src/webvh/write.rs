//! Writing logs: for whoever issues, so that a hospital can have a DID. Pure: no key is made here and no file written.
//!
//! What is written is read again before it is given out: no log leaves here that would be refused here.

use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Log,
    entry::{PLACEHOLDER, PURPOSE, hash_of, key_hash, replaced},
    error::WebvhError,
    parameters::METHOD,
};
use crate::{
    address::Location,
    error::ResolveError,
    key::PublicKey,
    proof::{self, whole_second},
};

/// A log and the DID it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The DID.
    pub did: String,
    /// Content of `did.jsonl`.
    pub log: String,
    /// Id of the version written last: what witnesses sign.
    pub version_id: String,
}

/// What a DID begins with.
#[derive(Debug, Clone)]
pub struct Create {
    /// Where it lives: `host[%3Aport][:folder…]`.
    pub location: String,
    /// The document; `{SCID}` stands wherever the SCID will. `id` is set.
    pub document: Map<String, Value>,
    /// Whether it may move later. This can't be changed from no to yes.
    pub portable: bool,
    /// What else holds from the beginning.
    pub parameters: Change,
}

/// What an entry changes; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Multikeys that may sign the next entry; with pre-rotation, this one.
    pub update_keys: Option<Vec<String>>,
    /// Hashes of the keys that may come next, see [`announce`]; an empty list ends pre-rotation.
    pub next_key_hashes: Option<Vec<String>>,
    /// Witnesses, by DID, and how many it takes; an empty list ends it.
    pub witnesses: Option<(usize, Vec<String>)>,
    /// Seconds for which it may be kept.
    pub ttl: Option<u32>,
    /// The new document; its `id` may differ only if the DID is portable.
    pub document: Option<Map<String, Value>>,
}

/// The hash by which a future key is announced (pre-rotation).
pub fn announce(multikey: &str) -> String {
    key_hash(multikey)
}

/// Makes a DID. Without other keys, the signer's is the one that may change it.
pub fn create(create: Create, signer: &SigningKey, now: Timestamp) -> Result<Written, ResolveError> {
    Location::parse(&create.location)?;
    let mut parameters = create.parameters.set();
    parameters.insert("method".to_owned(), json!(METHOD));
    parameters.insert("scid".to_owned(), json!(PLACEHOLDER));
    parameters
        .entry("updateKeys")
        .or_insert_with(|| json!([PublicKey::from(signer).to_multikey()]));
    if create.portable {
        parameters.insert("portable".to_owned(), json!(true));
    }
    let mut state = create.document;
    state.insert(
        "id".to_owned(),
        json!(format!("did:webvh:{PLACEHOLDER}:{}", create.location)),
    );
    let preliminary = json!({
        "versionId": PLACEHOLDER,
        "versionTime": whole_second(now),
        "parameters": parameters,
        "state": state,
    });
    let scid = hash_of(&preliminary)?;
    let mut entry = replaced(preliminary, PLACEHOLDER, &scid);
    entry["versionId"] = json!(scid);
    let did = format!("did:webvh:{scid}:{}", create.location.replace(PLACEHOLDER, &scid));
    written(did, "", entry, 1, signer, now)
}

/// Adds a version.
pub fn update(
    did: &str,
    log: &str,
    change: Change,
    signer: &SigningKey,
    now: Timestamp,
) -> Result<Written, ResolveError> {
    let parameters = change.set();
    append(did, log, change.document, parameters, signer, now)
}

/// Ends the DID for good. With pre-rotation, the signer's key must be an announced one.
pub fn deactivate(
    did: &str,
    log: &str,
    signer: &SigningKey,
    now: Timestamp,
) -> Result<Written, ResolveError> {
    let before = Log::read(did, log.as_bytes(), now)?;
    let parameters = if before.parameters().next_key_hashes.is_empty() {
        json!({ "deactivated": true, "updateKeys": [] })
    } else {
        let own = PublicKey::from(signer).to_multikey();
        json!({ "deactivated": true, "updateKeys": [own], "nextKeyHashes": [] })
    };
    let Value::Object(parameters) = parameters else {
        return Err(WebvhError::Malformed.into());
    };
    append(did, log, None, parameters, signer, now)
}

/// A witness's voice for a version and all before it: one member of `proof` in `did-witness.json`.
pub fn witness(version_id: &str, witness: &SigningKey, now: Timestamp) -> Result<Value, ResolveError> {
    let proof = proof::create(&json!({ "versionId": version_id }), PURPOSE, witness, now);
    Ok(Value::Object(proof.map_err(WebvhError::Proof)?))
}

impl Change {
    fn set(&self) -> Map<String, Value> {
        let witness = self.witnesses.as_ref().map(|(threshold, dids)| {
            if dids.is_empty() {
                json!({})
            } else {
                let witnesses: Vec<Value> = dids.iter().map(|did| json!({ "id": did })).collect();
                json!({ "threshold": threshold, "witnesses": witnesses })
            }
        });
        [
            ("updateKeys", self.update_keys.as_ref().map(|keys| json!(keys))),
            (
                "nextKeyHashes",
                self.next_key_hashes.as_ref().map(|hashes| json!(hashes)),
            ),
            ("witness", witness),
            ("ttl", self.ttl.map(|ttl| json!(ttl))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

fn append(
    did: &str,
    log: &str,
    document: Option<Map<String, Value>>,
    parameters: Map<String, Value>,
    signer: &SigningKey,
    now: Timestamp,
) -> Result<Written, ResolveError> {
    let before = Log::read(did, log.as_bytes(), now)?;
    let number = before.len() + 1;
    let last = before.last().ok_or(WebvhError::Empty)?;
    let state = document.unwrap_or_else(|| last.document.json().clone());
    let did = state
        .get("id")
        .and_then(Value::as_str)
        .ok_or(WebvhError::WrongDid)?
        .to_owned();
    let entry = json!({
        "versionId": last.id,
        "versionTime": whole_second(now),
        "parameters": parameters,
        "state": state,
    });
    written(did, log, entry, number, signer, now)
}

fn written(
    did: String,
    before: &str,
    mut entry: Value,
    number: usize,
    signer: &SigningKey,
    now: Timestamp,
) -> Result<Written, ResolveError> {
    let version_id = format!("{number}-{}", hash_of(&entry)?);
    entry["versionId"] = json!(version_id);
    let proof = proof::create(&entry, PURPOSE, signer, now).map_err(WebvhError::Proof)?;
    entry["proof"] = json!([proof]);
    let mut log = before.to_owned();
    if !log.is_empty() && !log.ends_with('\n') {
        log.push('\n');
    }
    log.push_str(&entry.to_string());
    log.push('\n');
    Log::read(&did, log.as_bytes(), now)?;
    Ok(Written { did, log, version_id })
}
