//! The authority's command line: who is taken in, changed, taken off, and what a list says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{path::Path, process::Command};

use serde_json::{Value, json};

fn trust(arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_carnet-station"))
        .arg("trust")
        .args(arguments)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    let error: Value = serde_json::from_slice(&output.stderr)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    Err(error["error"]["code"].as_str().unwrap().to_owned())
}

fn entry(dir: &Path, id: &str, name: &str, port: u16) -> String {
    let file = dir.join(format!("{id}.json"));
    let entry = json!({
        "id": id, "name": name,
        "client_ids": [format!("x509_san_dns:host{port}.example")],
        "origins": [format!("https://host{port}.example")],
        "purposes": ["TREAT"], "roles": ["verifier"],
    });
    std::fs::write(&file, entry.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_authority_takes_in_warns_updates_takes_off_and_signs_ever_newer_lists() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("authority");
    let dir = dir.to_str().unwrap();
    trust(&["init", "--dir", dir, "--name", "Authority"]).unwrap();
    assert_eq!(trust(&["init", "--dir", dir]), Err("authority_exists".into()));

    let add = |id: &str, name: &str, port| {
        trust(&[
            "add",
            "--dir",
            dir,
            "--entry",
            &entry(folder.path(), id, name, port),
        ])
    };
    assert_eq!(
        add("northgate", "Northgate Clinic", 1).unwrap(),
        json!({"changed": true, "warnings": []})
    );
    assert_eq!(add("northgate", "Northgate Clinic", 1).unwrap()["changed"], false);
    let warned = add("n0rthgate", "N0rthgate Clinic", 2).unwrap();
    assert_eq!(warned["warnings"].as_array().unwrap().len(), 1, "{warned}");
    let mixed = add("lakeside", "L\u{430}keside", 3).unwrap();
    assert_eq!(mixed["warnings"].as_array().unwrap().len(), 1, "{mixed}");
    assert_eq!(add("northgate", "Other", 9), Err("name_taken".into()));
    assert_eq!(
        add("bad", "Right\u{202e}to left", 8),
        Err("trust_bad_name".into())
    );

    let first = trust(&["sign", "--dir", dir, "--days", "10"]).unwrap();
    let list = first["list"].as_str().unwrap();
    let old = folder.path().join("old.jws");
    std::fs::copy(list, &old).unwrap();
    let said = trust(&["inspect", list]).unwrap();
    assert_eq!(
        (&said["holds"], &said["list"]["version"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(
        said["look_alikes"],
        json!([["Northgate Clinic", "N0rthgate Clinic"]])
    );
    let root = said["fingerprint"].as_str().unwrap();
    assert_eq!(
        trust(&["inspect", list, "--root", root]).unwrap()["root_checked"],
        true
    );
    assert_eq!(
        trust(&["inspect", list, "--root", "0000 0000 0000 0000"]),
        Err("trust_wrong_root".into())
    );

    // A renewed certificate: another client id under the same id.
    let renewed = entry(folder.path(), "northgate", "Northgate Clinic", 4);
    assert_eq!(
        trust(&["update", "--dir", dir, "--entry", &renewed]).unwrap()["changed"],
        true
    );
    assert_eq!(
        trust(&["update", "--dir", dir, "--entry", &renewed]).unwrap()["changed"],
        false
    );
    let unknown = entry(folder.path(), "unknown", "Unknown", 5);
    assert_eq!(
        trust(&["update", "--dir", dir, "--entry", &unknown]),
        Err("unknown_entry".into())
    );
    trust(&["remove", "--dir", dir, "--id", "n0rthgate"]).unwrap();
    assert_eq!(
        trust(&["remove", "--dir", dir, "--id", "n0rthgate"]),
        Err("unknown_entry".into())
    );
    assert_eq!(trust(&["sign", "--dir", dir]).unwrap()["version"], 2);
    let shown = trust(&["show", "--dir", dir]).unwrap();
    let ids: Vec<&Value> = shown["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["id"])
        .collect();
    assert_eq!(ids, ["northgate", "lakeside"]);
    assert_eq!(
        shown["entries"][0]["client_ids"],
        json!(["x509_san_dns:host4.example"])
    );

    // An altered list says so.
    let text = std::fs::read_to_string(&old).unwrap();
    std::fs::write(&old, text.replacen("eyJ", "eyK", 2)).unwrap();
    assert!(trust(&["inspect", old.to_str().unwrap()]).is_err());
}
