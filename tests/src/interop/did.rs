//! Identifiers: `resolve`, and did:webvh logs read (`read`) and written (`create`, `update`, `deactivate`, `witness`).

use carnet_did_resolver::{
    Options, PublicKey, ResolveError, resolution, resolve,
    webvh::{
        self,
        write::{self, Change, Create, Written},
    },
};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn answer(op: &str, input: &Value) -> Result<Value, String> {
    match op {
        "resolve" => Ok(json!(resolve(text(input, "did")?).map_err(code)?)),
        "key" => Ok(json!(PublicKey::from(&key(input)?).to_multikey())),
        "announce" => Ok(json!(write::announce(text(input, "multikey")?))),
        "read" => read(input),
        "create" => create(input),
        "update" => {
            let (did, log) = (text(input, "did")?, text(input, "log")?);
            write::update(did, log, change(input), &key(input)?, time(input)?)
                .map(written)
                .map_err(code)
        }
        "deactivate" => {
            let (did, log) = (text(input, "did")?, text(input, "log")?);
            write::deactivate(did, log, &key(input)?, time(input)?)
                .map(written)
                .map_err(code)
        }
        "witness" => write::witness(text(input, "versionId")?, &key(input)?, time(input)?).map_err(code),
        _ => Err("unknown_op".to_owned()),
    }
}

/// The W3C's result for a log, and perhaps its witnesses' file.
fn read(input: &Value) -> Result<Value, String> {
    let witness = input.get("witness").and_then(Value::as_str).map(str::as_bytes);
    let options = Options {
        version_number: input.get("versionNumber").and_then(Value::as_u64),
        ..Options::default()
    };
    let (did, log) = (text(input, "did")?, text(input, "log")?);
    let resolved = webvh::resolve(did, log.as_bytes(), witness, &options, time(input)?);
    match resolved {
        Ok(_) => Ok(resolution::result(&resolved)),
        Err(error) => Err(code(error)),
    }
}

fn create(input: &Value) -> Result<Value, String> {
    let create = Create {
        location: text(input, "location")?.to_owned(),
        document: input
            .get("document")
            .and_then(Value::as_object)
            .cloned()
            .ok_or("ill_formed")?,
        portable: input.get("portable").and_then(Value::as_bool).unwrap_or_default(),
        parameters: change(input),
    };
    write::create(create, &key(input)?, time(input)?)
        .map(written)
        .map_err(code)
}

fn change(input: &Value) -> Change {
    let texts = |name: &str| {
        input.get(name).and_then(Value::as_array).map(|items| {
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
    };
    Change {
        update_keys: texts("updateKeys"),
        next_key_hashes: texts("nextKeyHashes"),
        witnesses: texts("witnesses").map(|dids| (dids.len(), dids)),
        ttl: None,
        document: input.get("state").and_then(Value::as_object).cloned(),
    }
}

fn written(written: Written) -> Value {
    json!({ "did": written.did, "log": written.log, "versionId": written.version_id })
}

fn code(error: ResolveError) -> String {
    error.code().to_owned()
}

fn key(input: &Value) -> Result<SigningKey, String> {
    let mut seed = [0; 32];
    hex::decode_to_slice(text(input, "seed")?, &mut seed).map_err(|_| "ill_formed")?;
    Ok(SigningKey::from_bytes(&seed))
}

/// `now`, or now.
fn time(input: &Value) -> Result<Timestamp, String> {
    match input.get("now").and_then(Value::as_str) {
        Some(time) => time.parse().map_err(|_| "ill_formed".to_owned()),
        None => Ok(Timestamp::now()),
    }
}

fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, String> {
    input
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| "ill_formed".to_owned())
}
