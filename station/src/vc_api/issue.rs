//! `POST /credentials/issue`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use carnet_credentials::{
    contexts::CREDENTIALS_V2,
    data_integrity::{Signing, Suite, sign},
    status::bitstring::NoLists,
    vc::{Conditions, Offline, VcError, check, jose},
};
use carnet_did_resolver::document::Relationship;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Issuer, names,
    problem::{Problem, read},
};

/// Signs a credential as `options.cryptosuite` says: a Data Integrity suite (`eddsa-rdfc-2022` if none is named) or
/// `vc+jwt`. A credential without an issuer gets ours; another one's is refused.
pub(crate) async fn credential(State(issuer): State<Arc<Issuer>>, body: Bytes) -> Response {
    match signed(&issuer, &body) {
        Ok(credential) => (
            StatusCode::CREATED,
            Json(json!({ "verifiableCredential": credential })),
        )
            .into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn signed(issuer: &Issuer, body: &[u8]) -> Result<Value, Problem> {
    let (mut credential, options) = read(body, "credential")?;
    let suite = match options.get("cryptosuite") {
        None => "eddsa-rdfc-2022",
        Some(Value::String(suite)) => suite,
        Some(_) => return Err(unknown_suite()),
    };
    let [ed25519, p256] = issuer.signers();
    let signer = if suite.starts_with("ecdsa") { p256 } else { ed25519 };
    let (did, kid) = names(signer);
    credential.entry("issuer").or_insert_with(|| did.clone().into());
    if suite == jose::VC_TYP {
        let text = jose::issue(&credential, &kid, signer)?;
        return Ok(json!({
            "@context": [CREDENTIALS_V2],
            "id": format!("data:application/vc+jwt,{text}"),
            "type": "EnvelopedVerifiableCredential",
        }));
    }
    let suite = Suite::named(suite).ok_or_else(unknown_suite)?;
    let now = Timestamp::now();
    let how = Signing::new(suite, Relationship::AssertionMethod, &kid, now);
    let credential = sign(credential, &how, signer)?;
    would_be_believed(&credential, now)?;
    Ok(Value::Object(credential))
}

/// Nothing leaves that its own gate would refuse, but for what time and status lists decide later.
fn would_be_believed(credential: &Map<String, Value>, now: Timestamp) -> Result<(), Problem> {
    let conditions = Conditions {
        now,
        documents: &Offline,
        statuses: &NoLists,
    };
    match check(credential, &conditions) {
        Ok(_) | Err(VcError::Expired | VcError::NotYetValid | VcError::StatusUnchecked) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn unknown_suite() -> Problem {
    Problem::malformed(
        "cryptosuite_unknown",
        "The option cryptosuite names none that is supported.",
    )
}
