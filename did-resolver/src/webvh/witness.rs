//! The witnesses' file, `did-witness.json` ("DID Witnesses").

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{MAX_WITNESS_LEN, entry::PURPOSE, error::WebvhError, history::Version, parameters::Witnesses};
use crate::{json, key::PublicKey, proof};

/// Every version that takes witnesses must have enough of them behind it, or behind a later version.
pub(super) fn check(
    versions: &[Version],
    needed: &[Option<Witnesses>],
    file: &[u8],
    now: Timestamp,
) -> Result<(), WebvhError> {
    let proofs = Proofs::read(versions, file)?;
    // A proof speaks for all versions before it, so the latest good one of each witness is enough.
    let mut latest: HashMap<&str, Option<usize>> = HashMap::new();
    for (number, witnesses) in needed.iter().enumerate() {
        let Some(witnesses) = witnesses else { continue };
        let mut behind = 0;
        for key in &witnesses.keys {
            let last = latest
                .entry(key)
                .or_insert_with(|| proofs.latest_of(key, versions, now));
            behind += usize::from(last.is_some_and(|last| last >= number));
        }
        if behind < witnesses.threshold {
            return Err(WebvhError::WitnessThreshold);
        }
    }
    Ok(())
}

/// The place of a version in the log, and a proof for it.
type Voice = (usize, Map<String, Value>);

/// Proofs by the multikey of their witness.
struct Proofs(HashMap<String, Vec<Voice>>);

impl Proofs {
    fn read(versions: &[Version], file: &[u8]) -> Result<Self, WebvhError> {
        let json = json::parse(file, MAX_WITNESS_LEN).map_err(|_| WebvhError::WitnessMalformed)?;
        let places: HashMap<&str, usize> = versions
            .iter()
            .enumerate()
            .map(|(place, version)| (version.id.as_str(), place))
            .collect();
        let mut by_witness: HashMap<String, Vec<Voice>> = HashMap::new();
        let Value::Array(items) = json else {
            return Err(WebvhError::WitnessMalformed);
        };
        for mut item in items {
            let place = item
                .get("versionId")
                .and_then(Value::as_str)
                .ok_or(WebvhError::WitnessMalformed)?;
            // What is not published yet says nothing.
            let Some(place) = places.get(place).copied() else {
                continue;
            };
            let proofs = match item.get_mut("proof").map(Value::take) {
                Some(Value::Array(proofs)) => proofs,
                Some(one @ Value::Object(_)) => vec![one],
                None => continue,
                Some(_) => return Err(WebvhError::WitnessMalformed),
            };
            for proof in proofs {
                let Value::Object(proof) = proof else {
                    return Err(WebvhError::WitnessMalformed);
                };
                // A proof of somebody else, or a bad one, is no voice; it doesn't silence the others.
                if let Ok(key) = proof::did_key_of(&proof) {
                    let multikey = PublicKey::Ed25519(key).to_multikey();
                    by_witness.entry(multikey).or_default().push((place, proof));
                }
            }
        }
        for proofs in by_witness.values_mut() {
            proofs.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        }
        Ok(Self(by_witness))
    }

    /// Place of the last version with a good proof of this witness.
    fn latest_of(&self, multikey: &str, versions: &[Version], now: Timestamp) -> Option<usize> {
        self.0.get(multikey)?.iter().find_map(|(place, proof)| {
            let key = proof::did_key_of(proof).ok()?;
            let document = json!({ "versionId": versions.get(*place)?.id });
            proof::verify(&document, proof, PURPOSE, &key, now).ok()?;
            Some(*place)
        })
    }
}
