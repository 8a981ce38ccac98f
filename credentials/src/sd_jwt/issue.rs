//! Making a credential (RFC 9901 section 4; SD-JWT VC section 3.2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{TYP, disclose::digest};
use crate::{jwk::PublicKey, jws, signature::Signer};

/// Claims of SD-JWT VC section 3.2.2.2 that a holder must not be able to withhold.
const ALWAYS_SHOWN: [&str; 9] = [
    "iss",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "status",
    "_sd",
    "_sd_alg",
];

/// What a credential says and to whom it is bound.
#[derive(Debug, Clone)]
pub struct Issuance<'a> {
    /// All claims in the clear, `iss` and `vct` included, without `cnf`.
    pub claims: Map<String, Value>,
    /// Paths of claims that the holder may withhold, from the outermost member in, such as `["address",
    /// "country"]`. A claim and one inside it can both be listed.
    pub disclosable: &'a [&'a [&'a str]],
    /// One fresh random salt for each path.
    pub salts: &'a [[u8; 16]],
    /// The holder's key, for `cnf`.
    pub holder: &'a PublicKey,
    /// Further header members, such as `kid` or `x5c`.
    pub header: Map<String, Value>,
}

/// Why nothing was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// As many salts as disclosable claims are needed.
    #[error("each claim that can be withheld needs a salt of its own")]
    Salts,
    /// A path leads to no claim, is listed twice, or goes through an array.
    #[error("a claim that should be withholdable is not there")]
    NoSuchClaim,
    /// The claim must always be shown, or its name is reserved.
    #[error("a claim that must always be shown can't be withheld")]
    AlwaysShown,
}

impl IssueError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Salts => "issue_salts",
            Self::NoSuchClaim => "issue_no_such_claim",
            Self::AlwaysShown => "issue_always_shown",
        }
    }
}

/// Issues a credential: `<jwt>~<disclosure>~…~`, signed with the algorithm of the key.
pub fn issue(issuance: &Issuance<'_>, key: &dyn Signer) -> Result<String, IssueError> {
    if issuance.salts.len() != issuance.disclosable.len() {
        return Err(IssueError::Salts);
    }
    let mut claims = issuance.claims.clone();
    if ["_sd", "_sd_alg", "...", "cnf"]
        .iter()
        .any(|name| claims.contains_key(*name))
    {
        return Err(IssueError::AlwaysShown);
    }
    claims.insert("cnf".into(), json!({ "jwk": issuance.holder.to_jwk() }));

    // Innermost first: an outer disclosure must carry the digests of the inner ones.
    let mut order: Vec<_> = issuance.disclosable.iter().copied().zip(issuance.salts).collect();
    order.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    let mut disclosures = Vec::with_capacity(order.len());
    for (path, salt) in order {
        let (name, parents) = path.split_last().ok_or(IssueError::NoSuchClaim)?;
        if (parents.is_empty() && ALWAYS_SHOWN.contains(name)) || matches!(*name, "_sd" | "...") {
            return Err(IssueError::AlwaysShown);
        }
        let mut object = &mut claims;
        for parent in parents {
            object = object
                .get_mut(*parent)
                .and_then(Value::as_object_mut)
                .ok_or(IssueError::NoSuchClaim)?;
        }
        let value = object.remove(*name).ok_or(IssueError::NoSuchClaim)?;
        let disclosure = json!([URL_SAFE_NO_PAD.encode(salt), name, value]).to_string();
        let disclosure = URL_SAFE_NO_PAD.encode(disclosure);
        let hidden = object.entry("_sd").or_insert_with(|| json!([]));
        let hidden = hidden.as_array_mut().ok_or(IssueError::AlwaysShown)?;
        hidden.push(digest(&disclosure).into());
        // Sorted by digest, so that their order says nothing (section 4.2.4.1).
        hidden.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        disclosures.push(disclosure);
    }
    if !disclosures.is_empty() {
        claims.insert("_sd_alg".into(), "sha-256".into());
    }

    let payload = Value::Object(claims).to_string();
    let mut out = jws::sign(TYP, issuance.header.clone(), payload.as_bytes(), key);
    out.push('~');
    for disclosure in &disclosures {
        out.push_str(disclosure);
        out.push('~');
    }
    Ok(out)
}
