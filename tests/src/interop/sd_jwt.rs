//! SD-JWT VC and its status list.

use std::sync::Arc;

use carnet_credentials::{
    issuer::IssuerMetadata,
    jwk::PublicKey,
    sd_jwt::{self, ClaimPath, Decoy, Expect, Issuance, Issuer, KbClaims, Rules, StatusRule},
    status::token::{self, Bits, Publication, Status, StatusList, Statuses},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::keys::signer;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn answer(op: &str, input: &Value) -> Result<Value, String> {
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    match op {
        "issue" => issue(input).map(Value::from),
        "present" => {
            let kb = KbClaims {
                aud: text("aud"),
                nonce: text("nonce"),
                iat: time(&input["iat"])?,
                extra: Map::new(),
            };
            let holder = signer(&input["key"])?;
            let shown = sd_jwt::present(
                text("credential"),
                &paths(&input["disclose"])?,
                &kb,
                holder.as_ref(),
            );
            shown.map(Value::from).map_err(|e| e.code().to_owned())
        }
        "receive" => {
            let mine = public(&input["mine"])?;
            with_rules(input, |rules| {
                let issued = sd_jwt::check_issued(text("credential"), rules, &mine);
                issued.map(|i| i.claims.into()).map_err(|e| e.code().to_owned())
            })
        }
        "check" => with_rules(input, |rules| {
            let expect = Expect {
                credential: rules.clone(),
                aud: text("aud"),
                nonce: text("nonce"),
                max_age: SignedDuration::from_mins(5),
            };
            let checked = sd_jwt::check(text("presentation"), &expect);
            checked.map(|c| c.claims.into()).map_err(|e| e.code().to_owned())
        }),
        "publish" => publish(input).map(Value::from),
        _ => Err("unknown_op".to_owned()),
    }
}

fn issue(input: &Value) -> Result<String, String> {
    let random = |_| {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map(|()| random)
    };
    let disclosable = paths(&input["disclosable"])?;
    let salts: Result<Vec<[u8; 32]>, _> = (0..disclosable.len()).map(random).collect();
    let salts = salts.map_err(|_| "no_random".to_owned())?;
    let salts: Vec<[u8; 16]> = salts
        .iter()
        .filter_map(|salt| salt[..16].try_into().ok())
        .collect();
    let decoys: Result<Vec<Decoy>, _> = paths(&input["decoys"])?
        .into_iter()
        .enumerate()
        .map(|(i, inside)| random(i).map(|random| Decoy { inside, random }))
        .collect();
    let issuance = Issuance {
        claims: input["claims"].as_object().cloned().unwrap_or_default(),
        disclosable: &disclosable,
        salts: &salts,
        decoys: &decoys.map_err(|_| "no_random".to_owned())?,
        holder: &public(&input["holder"])?,
        header: input["header"].as_object().cloned().unwrap_or_default(),
    };
    sd_jwt::issue(&issuance, signer(&input["key"])?.as_ref()).map_err(|e| e.code().to_owned())
}

/// `issuer` is `{iss, key}` or `{iss, metadata}`; `status`, where given, is `{uri, text}` of a list by the same issuer.
fn with_rules<T>(input: &Value, check: impl FnOnce(&Rules<'_>) -> Result<T, String>) -> Result<T, String> {
    let now = time(&input["now"])?;
    let from = &input["issuer"];
    let iss = from["iss"].as_str().unwrap_or_default();
    let (key, metadata);
    let issuer = if from["metadata"].is_object() {
        metadata = IssuerMetadata::parse(from["metadata"].to_string().as_bytes(), iss)
            .map_err(|e| e.code().to_owned())?;
        Issuer::Metadata(&metadata)
    } else {
        key = public(&from["key"])?;
        Issuer::Key { iss, key: &key }
    };
    let status = &input["status"];
    let list = match (status["uri"].as_str(), status["text"].as_str()) {
        (Some(uri), Some(text)) => {
            let list = StatusList::check(text, uri, &issuer, now, LEEWAY);
            Some(Arc::new(list.map_err(|e| e.code().to_owned())?))
        }
        _ => None,
    };
    let find = |uri: &str| list.clone().filter(|list| list.uri() == uri);
    check(&Rules {
        vct: input["vct"].as_str().unwrap_or_default(),
        issuer,
        status: StatusRule::Lists {
            find: &find,
            max_age: DAY,
        },
        legacy_typ: input["legacy"] == true,
        now,
        leeway: LEEWAY,
    })
}

/// A list with two bits for each of `entries`, the numbers of its statuses.
fn publish(input: &Value) -> Result<String, String> {
    let entries = input["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut statuses = Statuses::new(Bits::Two, entries.len()).map_err(|e| e.code().to_owned())?;
    for (index, entry) in entries.iter().enumerate() {
        let status = match entry.as_u64() {
            Some(0) => Status::Valid,
            Some(1) => Status::Invalid,
            Some(2) => Status::Suspended,
            _ => Status::Other(3),
        };
        statuses.set(index, status).map_err(|e| e.code().to_owned())?;
    }
    let publication = Publication {
        uri: input["uri"].as_str().unwrap_or_default(),
        iat: time(&input["iat"])?,
        exp: None,
        ttl: Some(DAY),
        header: Map::new(),
    };
    Ok(token::issue(
        &statuses,
        &publication,
        signer(&input["key"])?.as_ref(),
    ))
}

fn public(jwk: &Value) -> Result<PublicKey, String> {
    PublicKey::from_jwk(jwk).map_err(|e| e.code().to_owned())
}

fn time(seconds: &Value) -> Result<Timestamp, String> {
    let seconds = seconds.as_i64().unwrap_or_default();
    Timestamp::from_second(seconds).map_err(|_| "bad_input".to_owned())
}

/// The empty array is the credential itself.
fn paths(paths: &Value) -> Result<Vec<ClaimPath>, String> {
    let one = |path: &Value| match path.as_array().map(Vec::is_empty) {
        Some(true) => Some(ClaimPath::default()),
        _ => ClaimPath::from_json(path),
    };
    let paths = paths.as_array().map(Vec::as_slice).unwrap_or_default();
    let all: Option<_> = paths.iter().map(one).collect();
    all.ok_or_else(|| "bad_input".to_owned())
}
