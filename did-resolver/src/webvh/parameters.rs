//! What holds from one entry to the next ("did:webvh DID Method Parameters").

use serde_json::{Map, Value, json};

use super::{
    DEFAULT_TTL,
    entry::{is_multihash, key_hash},
    error::WebvhError,
};
use crate::key::PublicKey;

/// The version of the method that is understood here.
pub(super) const METHOD: &str = "did:webvh:1.0";
/// Most keys, announced hashes, witnesses or watchers at a time.
const MAX_ITEMS: usize = 64;

/// The parameters in force after an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) scid: String,
    /// Multikeys that may sign.
    pub(super) update_keys: Vec<String>,
    /// Hashes of the keys that may follow; empty without pre-rotation.
    pub(super) next_key_hashes: Vec<String>,
    pub(super) witness: Option<Witnesses>,
    pub(super) watchers: Vec<String>,
    pub(super) portable: bool,
    pub(super) deactivated: bool,
    /// Seconds.
    pub(super) ttl: u32,
}

/// Who witnesses, and how many of them it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Witnesses {
    pub(super) threshold: usize,
    /// Multikeys.
    pub(super) keys: Vec<String>,
    json: Value,
}

impl Witnesses {
    /// `{}` says that there are none.
    fn read(value: &Value) -> Result<Option<Self>, WebvhError> {
        let json = value.as_object().ok_or(WebvhError::Parameter)?;
        if json.is_empty() {
            return Ok(None);
        }
        let threshold = json
            .get("threshold")
            .and_then(Value::as_u64)
            .and_then(|threshold| usize::try_from(threshold).ok())
            .ok_or(WebvhError::Parameter)?;
        let listed = json
            .get("witnesses")
            .and_then(Value::as_array)
            .ok_or(WebvhError::Parameter)?;
        let mut keys: Vec<String> = Vec::new();
        for witness in listed.iter().take(MAX_ITEMS + 1) {
            let id = witness
                .get("id")
                .and_then(Value::as_str)
                .ok_or(WebvhError::Parameter)?;
            // It has to be a did:key. Some software writes the bare multikey, which means the same.
            let multikey = id.strip_prefix("did:key:").unwrap_or(id);
            if !is_ed25519(multikey) || keys.iter().any(|other| other == multikey) {
                return Err(WebvhError::Parameter);
            }
            keys.push(multikey.to_owned());
        }
        if keys.len() > MAX_ITEMS || !(1..=keys.len()).contains(&threshold) {
            return Err(WebvhError::Parameter);
        }
        Ok(Some(Self {
            threshold,
            keys,
            json: value.clone(),
        }))
    }

    /// As the document's metadata say it: without numbers.
    pub(super) fn metadata(&self) -> Value {
        let mut json = self.json.clone();
        json["threshold"] = json!(self.threshold.to_string());
        json
    }
}

/// What one entry changed, and who may have signed it.
#[derive(Debug)]
pub(super) struct Step {
    /// In force after the entry.
    pub(super) after: Parameters,
    /// Keys that may have signed it.
    pub(super) signers: Vec<String>,
    /// Witnesses that it takes.
    pub(super) witnesses: Option<Witnesses>,
}

impl Parameters {
    /// Those of the first entry, which all hold at once.
    pub(super) fn first(set: &Map<String, Value>) -> Result<Step, WebvhError> {
        known(set)?;
        match set.get("method").and_then(Value::as_str) {
            Some(METHOD) => {}
            Some(_) => return Err(WebvhError::Version),
            None => return Err(WebvhError::Parameter),
        }
        let scid = set
            .get("scid")
            .and_then(Value::as_str)
            .filter(|scid| is_multihash(scid))
            .ok_or(WebvhError::Parameter)?;
        let mut after = Self {
            scid: scid.to_owned(),
            update_keys: Vec::new(),
            next_key_hashes: Vec::new(),
            witness: None,
            watchers: Vec::new(),
            portable: flag(set, "portable")?.unwrap_or(false),
            deactivated: false,
            ttl: DEFAULT_TTL,
        };
        after.take(set)?;
        if after.update_keys.is_empty() {
            return Err(WebvhError::Parameter);
        }
        Ok(Step {
            signers: after.update_keys.clone(),
            witnesses: after.witness.clone(),
            after,
        })
    }

    /// Those after one more entry.
    pub(super) fn next(&self, set: &Map<String, Value>) -> Result<Step, WebvhError> {
        known(set)?;
        if self.deactivated {
            return Err(WebvhError::AfterDeactivation);
        }
        if set.contains_key("scid") {
            return Err(WebvhError::Parameter);
        }
        match set.get("method") {
            None => {}
            Some(Value::String(method)) if method == METHOD => {}
            Some(_) => return Err(WebvhError::Version),
        }
        let mut after = self.clone();
        match flag(set, "portable")? {
            Some(true) if !self.portable => return Err(WebvhError::Parameter),
            Some(portable) => after.portable = portable,
            None => {}
        }
        after.take(set)?;
        let rotating = !self.next_key_hashes.is_empty();
        if rotating {
            let announced = set.contains_key("updateKeys")
                && set.contains_key("nextKeyHashes")
                && !after.update_keys.is_empty()
                && after
                    .update_keys
                    .iter()
                    .all(|key| self.next_key_hashes.contains(&key_hash(key)));
            if !announced {
                return Err(WebvhError::PreRotation);
            }
        }
        Ok(Step {
            signers: if rotating {
                after.update_keys.clone()
            } else {
                self.update_keys.clone()
            },
            // New witnesses begin with the entry after; the first ones at once.
            witnesses: self.witness.clone().or_else(|| after.witness.clone()),
            after,
        })
    }

    fn take(&mut self, set: &Map<String, Value>) -> Result<(), WebvhError> {
        if let Some(keys) = list(set, "updateKeys", is_ed25519)? {
            self.update_keys = keys;
        }
        // Announced hashes may be anything: only those that fit a key count.
        if let Some(hashes) = list(set, "nextKeyHashes", |_| true)? {
            self.next_key_hashes = hashes;
        }
        if let Some(watchers) = list(set, "watchers", |_| true)? {
            self.watchers = watchers;
        }
        match set.get("witness") {
            None => {}
            Some(Value::Null) => self.witness = None,
            Some(value) => self.witness = Witnesses::read(value)?,
        }
        if let Some(deactivated) = flag(set, "deactivated")? {
            self.deactivated = deactivated;
        }
        match set.get("ttl") {
            None => {}
            Some(Value::Null) => self.ttl = DEFAULT_TTL,
            Some(value) => {
                self.ttl = value
                    .as_u64()
                    .filter(|ttl| *ttl <= 1 << 31)
                    .and_then(|ttl| u32::try_from(ttl).ok())
                    .ok_or(WebvhError::Parameter)?;
            }
        }
        Ok(())
    }
}

/// "The parameters object MUST only include properties defined in the version being used."
fn known(set: &Map<String, Value>) -> Result<(), WebvhError> {
    const NAMES: [&str; 9] = [
        "method",
        "scid",
        "updateKeys",
        "nextKeyHashes",
        "witness",
        "watchers",
        "portable",
        "deactivated",
        "ttl",
    ];
    if set.keys().all(|name| NAMES.contains(&name.as_str())) {
        Ok(())
    } else {
        Err(WebvhError::Parameter)
    }
}

fn flag(set: &Map<String, Value>, name: &str) -> Result<Option<bool>, WebvhError> {
    match set.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(WebvhError::Parameter),
    }
}

/// A list of distinct texts. `null` stands for an empty one, as early software wrote it.
fn list(
    set: &Map<String, Value>,
    name: &str,
    fits: fn(&str) -> bool,
) -> Result<Option<Vec<String>>, WebvhError> {
    let items = match set.get(name) {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(Vec::new())),
        Some(Value::Array(items)) if items.len() <= MAX_ITEMS => items,
        Some(_) => return Err(WebvhError::Parameter),
    };
    let mut texts: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match item.as_str() {
            Some(text) if fits(text) && !texts.iter().any(|other| other == text) => {
                texts.push(text.to_owned());
            }
            _ => return Err(WebvhError::Parameter),
        }
    }
    Ok(Some(texts))
}

fn is_ed25519(multikey: &str) -> bool {
    matches!(PublicKey::from_multikey(multikey), Ok(PublicKey::Ed25519(_)))
}
