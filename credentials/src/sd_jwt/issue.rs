//! Making a credential (RFC 9901 section 4; SD-JWT VC draft 15, "Verifiable Credentials").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{
    ClaimPath, Step, TYP,
    disclose::{ALWAYS_SHOWN, Hash},
};
use crate::{jwk::PublicKey, jws, signature::Signer};

/// What a credential says and to whom it is bound.
#[derive(Debug, Clone)]
pub struct Issuance<'a> {
    /// All claims in the clear, `vct` included, without `cnf`.
    pub claims: Map<String, Value>,
    /// The claims and elements of arrays that the holder may withhold. A claim and one inside it can both be listed.
    pub disclosable: &'a [ClaimPath],
    /// One fresh random salt for each of them.
    pub salts: &'a [[u8; 16]],
    /// Digests that stand for nothing, so that their number says less (RFC 9901 section 4.2.5).
    pub decoys: &'a [Decoy],
    /// The holder's key, for `cnf`.
    pub holder: &'a PublicKey,
    /// Further header members, such as `kid` or `x5c`.
    pub header: Map<String, Value>,
}

/// A digest of nothing.
#[derive(Debug, Clone)]
pub struct Decoy {
    /// The object or array it stands in; the empty path is the credential itself.
    pub inside: ClaimPath,
    /// Fresh and random.
    pub random: [u8; 32],
}

/// Why nothing was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// As many salts as disclosable claims are needed.
    #[error("each claim that can be withheld needs a salt of its own")]
    Salts,
    /// A path leads to no claim, is listed twice, or means several.
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

/// One change to the claims.
enum Change<'a> {
    Hide(&'a ClaimPath, &'a [u8; 16]),
    Decoy(&'a Decoy),
}

impl Change<'_> {
    /// Innermost first: an outer disclosure must carry the digests of the inner ones. Decoys after what they hide
    /// among, because they move the elements of an array.
    fn order(&self) -> (std::cmp::Reverse<usize>, bool) {
        let (depth, decoy) = match self {
            Self::Hide(path, _) => (path.steps().len(), false),
            Self::Decoy(decoy) => (decoy.inside.steps().len() + 1, true),
        };
        (std::cmp::Reverse(depth), decoy)
    }
}

/// Issues a credential: `<jwt>~<disclosure>~…~`, signed with the algorithm of the key.
pub fn issue(issuance: &Issuance<'_>, key: &dyn Signer) -> Result<String, IssueError> {
    if issuance.salts.len() != issuance.disclosable.len() {
        return Err(IssueError::Salts);
    }
    let mut claims = Value::Object(issuance.claims.clone());
    if issuance.claims.contains_key("cnf") || issuance.claims.contains_key("_sd_alg") || reserved(&claims) {
        return Err(IssueError::AlwaysShown);
    }
    let hide = issuance.disclosable.iter().zip(issuance.salts);
    let mut changes: Vec<_> = hide
        .map(|(path, salt)| Change::Hide(path, salt))
        .chain(issuance.decoys.iter().map(Change::Decoy))
        .collect();
    changes.sort_by_key(Change::order);

    let mut disclosures = Vec::with_capacity(issuance.disclosable.len());
    for change in &changes {
        match change {
            Change::Hide(path, salt) => disclosures.push(hide_one(&mut claims, path.steps(), salt)?),
            Change::Decoy(decoy) => hide_nothing(&mut claims, decoy)?,
        }
    }
    claims["cnf"] = json!({ "jwk": issuance.holder.to_jwk() });
    if !changes.is_empty() {
        claims["_sd_alg"] = "sha-256".into();
    }

    let mut out = jws::sign(TYP, issuance.header.clone(), claims.to_string().as_bytes(), key);
    out.push('~');
    for disclosure in &disclosures {
        out.push_str(disclosure);
        out.push('~');
    }
    Ok(out)
}

/// Whether a name that RFC 9901 keeps for itself stands anywhere.
fn reserved(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(name, value)| name == "_sd" || name == "..." || reserved(value)),
        Value::Array(items) => items.iter().any(reserved),
        _ => false,
    }
}

fn walk<'v>(claims: &'v mut Value, steps: &[Step]) -> Result<&'v mut Value, IssueError> {
    if matches!(steps.first(), Some(Step::Member(first)) if ALWAYS_SHOWN.contains(&first.as_str())) {
        return Err(IssueError::AlwaysShown);
    }
    let mut at = claims;
    for step in steps {
        at = match step {
            Step::Member(name) => at.get_mut(name),
            Step::Element(place) => at.get_mut(place),
            Step::Every => None,
        }
        .ok_or(IssueError::NoSuchClaim)?;
    }
    Ok(at)
}

/// Puts a claim's digest in its place and returns its disclosure.
fn hide_one(claims: &mut Value, path: &[Step], salt: &[u8; 16]) -> Result<String, IssueError> {
    let salt = URL_SAFE_NO_PAD.encode(salt);
    let encode = |disclosure: Value| URL_SAFE_NO_PAD.encode(disclosure.to_string());
    let (last, parents) = path.split_last().ok_or(IssueError::NoSuchClaim)?;
    if matches!(last, Step::Member(name) if parents.is_empty() && ALWAYS_SHOWN.contains(&name.as_str())) {
        return Err(IssueError::AlwaysShown);
    }
    let parent = walk(claims, parents)?;
    match last {
        Step::Member(name) => {
            let parent = parent.as_object_mut().ok_or(IssueError::NoSuchClaim)?;
            let value = parent.remove(name).ok_or(IssueError::NoSuchClaim)?;
            let disclosure = encode(json!([salt, name, value]));
            add_digest(parent, Hash::Sha256.digest(&disclosure));
            Ok(disclosure)
        }
        Step::Element(place) => {
            let element = parent.as_array_mut().and_then(|items| items.get_mut(*place));
            let element = element.filter(|value| value.get("...").is_none());
            let element = element.ok_or(IssueError::NoSuchClaim)?;
            let disclosure = encode(json!([salt, element.take()]));
            *element = json!({ "...": Hash::Sha256.digest(&disclosure) });
            Ok(disclosure)
        }
        Step::Every => Err(IssueError::NoSuchClaim),
    }
}

fn hide_nothing(claims: &mut Value, decoy: &Decoy) -> Result<(), IssueError> {
    let digest = Hash::Sha256.digest(&URL_SAFE_NO_PAD.encode(decoy.random));
    match walk(claims, decoy.inside.steps())? {
        Value::Object(map) => add_digest(map, digest),
        Value::Array(items) => {
            // Anywhere: a decoy that always stood last would be known for one.
            let place = usize::from(decoy.random[0]) % (items.len() + 1);
            items.insert(place, json!({ "...": digest }));
        }
        _ => return Err(IssueError::NoSuchClaim),
    }
    Ok(())
}

/// Sorted by digest, so that their order says nothing (section 4.2.4.1).
fn add_digest(map: &mut Map<String, Value>, digest: String) {
    if let Value::Array(digests) = map.entry("_sd").or_insert_with(|| json!([])) {
        let place = digests.partition_point(|other| other.as_str() < Some(digest.as_str()));
        digests.insert(place, digest.into());
    }
}
