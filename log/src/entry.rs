//! What stands in Carnet's logs. An entry can be made anew by whoever was told what it is about, and by nobody else be read:
//! it holds no name and no record type.

use sha2::{Digest as _, Sha256};

/// In seconds.
const HOUR: u64 = 60 * 60;

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A grant.
    Grant,
    /// A grant taken back.
    Revoke,
}

/// Name of the log of a registry's operations. `registry` is `0x` and 40 lower-case hex digits.
pub fn operations(chain_id: &str, registry: &str) -> String {
    format!("carnet-registry/{chain_id}/{registry}/operations")
}

/// Name of the log of what a station's people have read. `station` is its stable id in the trust list: several stations may use
/// one registry, and each answers for its own readings.
pub fn reads(station: &str) -> String {
    format!("carnet-station/{station}/reads")
}

/// The entry of an operation: lines of its name, the grant's id (lower-case hex), its sequence and the hour of its `time` (Unix
/// seconds), after `carnet-operation-v1`. It stands at the place sequence − 1. The log is for everybody to read, so it says no
/// more than the hour.
pub fn operation(operation: Operation, grant_id: &str, sequence: u64, time: u64) -> Vec<u8> {
    let name = match operation {
        Operation::Grant => "grant",
        Operation::Revoke => "revoke",
    };
    let grant_id = grant_id.strip_prefix("0x").unwrap_or(grant_id);
    let time = on_the_hour(time);
    format!("carnet-operation-v1\n{name}\n{grant_id}\n{sequence}\n{time}\n").into_bytes()
}

/// The hour that has begun at this time, both Unix seconds: the only times that everybody may know.
pub fn on_the_hour(time: u64) -> u64 {
    time - time % HOUR
}

/// The entry of a read: SHA-256(`carnet-read-v1` ‖ salt ‖ what was written down of it). Who isn't told the salt learns nothing
/// from it, not even that two reads were alike.
pub fn read(salt: &[u8; 16], what: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"carnet-read-v1")
        .chain_update(salt)
        .chain_update(what)
        .finalize()
        .into()
}
