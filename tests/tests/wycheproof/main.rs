//! Project Wycheproof's vectors, where they are at hand: every file whose algorithm is used here.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]
#![expect(
    clippy::print_stdout,
    reason = "how many vectors there were belongs into the test's output"
)]

mod encryption;
mod signatures;
mod vault;

use std::{fs, path::PathBuf};

use serde_json::Value;

/// The groups of a file, where the vectors are at hand.
fn groups(file: &str) -> Option<Vec<Value>> {
    // Not `env!`: the vectors are beside the sources that are tested, wherever those were compiled.
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap();
    let path = folder
        .join("../../shared/data/vectors/wycheproof/testvectors_v1")
        .join(file);
    let Ok(text) = fs::read(path) else {
        println!("skipped: ../shared/data is not here");
        return None;
    };
    let Value::Object(mut file) = serde_json::from_slice(&text).unwrap() else {
        unreachable!()
    };
    serde_json::from_value(file.remove("testGroups").unwrap()).unwrap()
}

/// Asks about every vector; `answer` is none for those of another algorithm, which are refused as a whole.
fn agree(file: &str, mut answer: impl FnMut(&Value, &Value) -> Option<bool>) {
    let Some(groups) = groups(file) else {
        return;
    };
    let (mut accepted, mut refused, mut not_ours, mut total) = (0, 0, 0, 0);
    for group in &groups {
        for test in group["tests"].as_array().unwrap() {
            total += 1;
            let Some(good) = answer(group, test) else {
                // Of an algorithm that is not spoken here: refused as a whole, good or bad.
                not_ours += 1;
                continue;
            };
            *if good { &mut accepted } else { &mut refused } += 1;
            if test["result"] != "acceptable" {
                assert_eq!(
                    good,
                    test["result"] == "valid",
                    "{file} {}: {}",
                    test["tcId"],
                    test["comment"]
                );
            }
        }
    }
    println!(
        "{file}: {accepted} accepted, {refused} refused, {not_ours} of other algorithms; {total} in all"
    );
    assert!(accepted + refused > 0, "nothing of {file} is spoken here");
}

fn bytes(test: &Value, name: &str) -> Vec<u8> {
    hex::decode(test[name].as_str().unwrap()).unwrap()
}
