//! Logs that five other implementations of did:webvh 1.0 wrote, and what each of them made of its own.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use carnet_did_resolver::{
    Options, ResolveError,
    webvh::{self, WebvhError},
};
use serde_json::{Value, json};

/// Beside the repository, where they are.
fn vectors() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&own).join("../../shared/data/vectors/didwebvh")
}

/// Entry 2 replaces two witnesses by one, and only that one speaks for it. Their makers let the new list hold at once;
/// the specification says that it "becomes active AFTER the new DID log entry has been published".
const TOO_FEW_WITNESSES: [(&str, &str); 2] = [("witness-update", "java"), ("witness-update", "ts")];

/// One implementation answers with the newest version, whichever was asked for.
const ALWAYS_THE_NEWEST: (&str, &str) = ("multi-update", "python");

#[test]
fn every_log_of_every_implementation_is_understood_as_the_specification_says() {
    let vectors = vectors();
    if !vectors.is_dir() {
        println!("skipped: ../shared/data is not here");
        return;
    }
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for scenario in folders(&vectors) {
        for tool in folders(&vectors.join(&scenario)) {
            let folder = vectors.join(&scenario).join(&tool);
            let log = fs::read(folder.join("did.jsonl")).unwrap();
            let witness = fs::read(folder.join("did-witness.json")).ok();
            let did = did_of(&log);
            for (options, file) in [
                (Options::default(), "resolutionResult.json"),
                (number(1), "resolutionResult.1.json"),
                (number(2), "resolutionResult.2.json"),
            ] {
                let Ok(expected) = fs::read(folder.join(file)) else {
                    continue;
                };
                let expected: Value = serde_json::from_slice(&expected).unwrap();
                let ours = webvh::resolve(&did, &log, witness.as_deref(), &options, now());
                let what = format!("{scenario}/{tool}/{file}");
                let refused = expected["didDocument"].is_null()
                    || TOO_FEW_WITNESSES.contains(&(scenario.as_str(), tool.as_str()));
                counts.entry(scenario.clone()).or_default()[usize::from(refused)] += 1;
                if refused {
                    assert_eq!(
                        ours,
                        Err(ResolveError::Webvh(WebvhError::WitnessThreshold)),
                        "{what}"
                    );
                    continue;
                }
                let ours = ours.unwrap_or_else(|error| panic!("{what}: {}", error.code()));
                let newest =
                    (scenario.as_str(), tool.as_str()) == ALWAYS_THE_NEWEST && options.names_version();
                if newest {
                    let number = options.version_number.unwrap_or_default().to_string();
                    let id = ours.metadata.version_id.clone().unwrap_or_default();
                    assert_eq!(id.split('-').next(), Some(number.as_str()), "{what}");
                    continue;
                }
                let state = Value::Object(ours.document().json().clone());
                assert_eq!(
                    state,
                    without_implicit_services(&expected["didDocument"], &state),
                    "{what}"
                );
                let metadata = serde_json::to_value(&*ours.metadata).unwrap();
                let expected = &expected["didDocumentMetadata"];
                for name in ["created", "versionId", "versionTime", "scid", "portable"] {
                    if !expected[name].is_null() {
                        assert_eq!(metadata[name], expected[name], "{what} {name}");
                    }
                }
                assert_eq!(
                    metadata["deactivated"] == json!(true),
                    expected["deactivated"] == json!(true),
                    "{what}"
                );
                if !options.names_version() {
                    assert_eq!(metadata["updated"], expected["updated"], "{what}");
                }
            }
        }
    }
    for (scenario, [resolved, refused]) in &counts {
        println!("{scenario:24} {resolved} resolved, {refused} refused for want of witnesses");
    }
    assert_eq!(counts.len(), 13);
}

/// Some implementations write the services that every did:webvh has without saying so into their answers.
fn without_implicit_services(document: &Value, state: &Value) -> Value {
    let mut document = document.clone();
    let own: Vec<Value> = state["service"].as_array().cloned().unwrap_or_default();
    let left: Vec<Value> = document["service"]
        .as_array()
        .map(|services| {
            services
                .iter()
                .filter(|service| own.contains(service))
                .cloned()
                .collect()
        })
        .unwrap_or_default();
    if left.is_empty() && own.is_empty() {
        document.as_object_mut().unwrap().remove("service");
    } else {
        document["service"] = json!(left);
    }
    document
}

fn did_of(log: &[u8]) -> String {
    let last = log.split(|b| *b == b'\n').rfind(|line| !line.is_empty()).unwrap();
    let entry: Value = serde_json::from_slice(last).unwrap();
    entry["state"]["id"].as_str().unwrap().to_owned()
}

fn folders(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn number(number: u64) -> Options {
    Options {
        version_number: Some(number),
        ..Options::default()
    }
}

fn now() -> jiff::Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}
