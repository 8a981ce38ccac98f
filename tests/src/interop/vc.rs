//! W3C credentials: signing with keys that follow from a seed, and deciding with `did:key` and `did:jwk` only.

use carnet_credentials::{
    data_integrity::{Signing, Suite, sign},
    signature::Signer,
    status::bitstring::NoLists,
    vc::{Conditions, Expected, Offline, check, check_presentation, jose},
};
use carnet_did_resolver::document::Relationship;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) fn answer(op: &str, input: &Value) -> Result<Value, String> {
    match op {
        "key" => with_key(input, |_, kid| {
            Ok(json!({ "kid": kid, "did": kid.split('#').next() }))
        }),
        "issue" => with_key(input, |key, kid| {
            proven(input, "credential", Relationship::AssertionMethod, key, kid)
        }),
        "present" => with_key(input, |key, kid| {
            proven(input, "presentation", Relationship::Authentication, key, kid)
        }),
        "check" => check(&object(input, "credential")?, &conditions(input)?)
            .map(|checked| json!({ "issuer": checked.issuer }))
            .map_err(|e| e.code().to_owned()),
        "check-presentation" => check_presentation(
            &object(input, "presentation")?,
            &expected(input)?,
            &conditions(input)?,
        )
        .map(|checked| json!({ "holder": checked.holder, "credentials": checked.credentials.len() }))
        .map_err(|e| e.code().to_owned()),
        "jose-issue" => with_key(input, |key, kid| {
            jose::issue(&object(input, "credential")?, kid, key)
                .map(Value::from)
                .map_err(|e| e.code().to_owned())
        }),
        "jose-present" => with_key(input, |key, kid| {
            let (audience, nonce) = (text(input, "domain")?, text(input, "challenge")?);
            jose::present(object(input, "presentation")?, audience, nonce, kid, key)
                .map(Value::from)
                .map_err(|e| e.code().to_owned())
        }),
        "jose-check" => jose::check(text(input, "text")?, &conditions(input)?)
            .map(|checked| json!({ "issuer": checked.issuer }))
            .map_err(|e| e.code().to_owned()),
        "jose-check-presentation" => {
            jose::check_presentation(text(input, "text")?, &expected(input)?, &conditions(input)?)
                .map(|checked| json!({ "holder": checked.holder, "credentials": checked.credentials.len() }))
                .map_err(|e| e.code().to_owned())
        }
        _ => Err("unknown_op".to_owned()),
    }
}

fn proven(
    input: &Value,
    name: &str,
    purpose: Relationship,
    key: &dyn Signer,
    kid: &str,
) -> Result<Value, String> {
    let suite = Suite::named(text(input, "suite")?).ok_or("unknown_suite")?;
    let how = Signing {
        challenge: input["challenge"].as_str(),
        domain: input["domain"].as_str(),
        ..Signing::new(suite, purpose, kid, Timestamp::now())
    };
    sign(object(input, name)?, &how, key)
        .map(Value::Object)
        .map_err(|e| e.code().to_owned())
}

fn conditions(input: &Value) -> Result<Conditions<'static>, String> {
    let now = match input["now"].as_str() {
        Some(now) => now.parse().map_err(|_| "bad_now")?,
        None => Timestamp::now(),
    };
    Ok(Conditions {
        now,
        documents: &Offline,
        statuses: &NoLists,
    })
}

fn expected(input: &Value) -> Result<Expected<'_>, String> {
    Ok(Expected {
        challenge: text(input, "challenge")?,
        domain: Some(text(input, "domain")?),
        about_holder: false,
    })
}

/// Runs with the key of `curve` that follows from `seed` (one byte, repeated), and its full id.
fn with_key(
    input: &Value,
    run: impl FnOnce(&dyn Signer, &str) -> Result<Value, String>,
) -> Result<Value, String> {
    let seed = input["seed"]
        .as_u64()
        .and_then(|seed| u8::try_from(seed).ok())
        .unwrap_or(7);
    let named = |key: &dyn Signer| {
        let public = key.public();
        format!("{}#{}", public.did_key(), public.to_multikey())
    };
    match text(input, "curve")? {
        "Ed25519" => {
            let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
            run(&key, &named(&key))
        }
        "P-256" => {
            let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).map_err(|_| "bad_seed")?;
            run(&key, &named(&key))
        }
        "P-384" => {
            let key = p384::ecdsa::SigningKey::from_slice(&[seed; 48]).map_err(|_| "bad_seed")?;
            run(&key, &named(&key))
        }
        _ => Err("unknown_curve".to_owned()),
    }
}

fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, String> {
    input[name].as_str().ok_or_else(|| format!("missing_{name}"))
}

fn object(input: &Value, name: &str) -> Result<Map<String, Value>, String> {
    input[name]
        .as_object()
        .cloned()
        .ok_or_else(|| format!("missing_{name}"))
}
