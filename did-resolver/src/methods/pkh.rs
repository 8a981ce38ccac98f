//! did:pkh (W3C CCG did:pkh method, with the account ids of CAIP-10): Ethereum-like, Bitcoin-like and Solana accounts.
//!
//! Such an account is a hash of a key, except on Solana. A signature is checked by who knows the chain's own rules, so
//! no key is given out for the others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{DID_CONTEXT, made};
use crate::{document::Document, error::ResolveError, key::PublicKey};

/// Bech32 characters (BIP 173).
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

pub(crate) fn document(did: &str, account: &str) -> Result<Document, ResolveError> {
    let mut parts = account.split(':');
    let (Some(namespace), Some(reference), Some(address), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(ResolveError::InvalidDid);
    };
    match namespace {
        "eip155" if is_chain_id(reference) && is_ethereum_address(address) => recovered(did, account),
        "bip122" if is_genesis(reference) && is_bitcoin_address(address) => recovered(did, account),
        "solana" if is_base58(reference, 32) => solana(did, account, address),
        "eip155" | "bip122" | "solana" => Err(ResolveError::InvalidDid),
        _ => Err(ResolveError::MethodNotSupported),
    }
}

/// An account whose key is found again from a signature.
fn recovered(did: &str, account: &str) -> Result<Document, ResolveError> {
    let id = format!("{did}#blockchainAccountId");
    let method = json!({
        "id": id,
        "type": "EcdsaSecp256k1RecoveryMethod2020",
        "controller": did,
        "blockchainAccountId": account,
    });
    let context = json!({
        "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
        "EcdsaSecp256k1RecoveryMethod2020":
            "https://identity.foundation/EcdsaSecp256k1RecoverySignature2020#EcdsaSecp256k1RecoveryMethod2020",
    });
    account_document(did, &context, &[method], &json!([id]))
}

/// An account that is its Ed25519 key.
fn solana(did: &str, account: &str, address: &str) -> Result<Document, ResolveError> {
    if !is_base58(address, 44) {
        return Err(ResolveError::InvalidDid);
    }
    let key: [u8; 32] = bs58::decode(address)
        .into_vec()
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(ResolveError::InvalidDid)?;
    PublicKey::from_ed25519_bytes(&key)?;
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key) });
    let method = |fragment: &str, kind: &str| {
        json!({
            "id": format!("{did}#{fragment}"),
            "type": kind,
            "controller": did,
            "blockchainAccountId": account,
            "publicKeyJwk": jwk,
        })
    };
    let methods = [
        method("controller", "Ed25519VerificationKey2018"),
        method("SolanaMethod2021", "SolanaMethod2021"),
    ];
    let context = json!({
        "blockchainAccountId": "https://w3id.org/security#blockchainAccountId",
        "publicKeyJwk": { "@id": "https://w3id.org/security#publicKeyJwk", "@type": "@json" },
        "Ed25519VerificationKey2018": "https://w3id.org/security#Ed25519VerificationKey2018",
        "SolanaMethod2021": "https://w3id.org/security#SolanaMethod2021",
    });
    let ids = json!([methods[0]["id"], methods[1]["id"]]);
    account_document(did, &context, &methods, &ids)
}

fn account_document(
    did: &str,
    context: &Value,
    methods: &[Value],
    ids: &Value,
) -> Result<Document, ResolveError> {
    made(json!({
        "@context": [DID_CONTEXT, context],
        "id": did,
        "verificationMethod": methods,
        "authentication": ids,
        "assertionMethod": ids,
        "capabilityDelegation": ids,
        "capabilityInvocation": ids,
    }))
}

/// CAIP-3: a decimal number of at most 32 digits, without leading zeros.
fn is_chain_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

fn is_ethereum_address(text: &str) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// CAIP-4: the first 32 hexadecimal digits of the genesis block's hash.
fn is_genesis(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Base58check with its checksum, or bech32 by its characters.
fn is_bitcoin_address(text: &str) -> bool {
    if text.len() > 90 {
        return false;
    }
    let bech32 = text.rsplit_once('1').is_some_and(|(prefix, data)| {
        prefix.len() >= 2
            && data.len() >= 8
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && data.chars().all(|c| BECH32.contains(c))
    });
    if bech32 {
        return true;
    }
    if !is_base58(text, 36) {
        return false;
    }
    let Ok(bytes) = bs58::decode(text).into_vec() else {
        return false;
    };
    let Some((body, checksum)) = bytes.split_last_chunk::<4>() else {
        return false;
    };
    body.len() == 21 && Sha256::digest(Sha256::digest(body))[..4] == checksum[..]
}

fn is_base58(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'))
}
