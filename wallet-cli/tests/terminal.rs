//! The terminal's contract: one JSON object on stdout and exit 0, or one error on stderr and another exit.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn carnet(vault: &Path, passphrase: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carnet"))
        .arg("--vault")
        .arg(vault)
        .arg("--json")
        .args(arguments)
        .env("CARNET_PASSPHRASE", passphrase)
        .env("CARNET_KDF", "64,3")
        .output()
        .unwrap()
}

fn answer(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn failure(output: &Output) -> String {
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    for part in ["code", "message", "next"] {
        assert!(
            error["error"][part].as_str().is_some_and(|text| !text.is_empty()),
            "{part}: {error}"
        );
    }
    error["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn every_command_answers_in_the_agreed_shape() {
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let run = |arguments: &[&str]| carnet(&vault, "correct horse battery", arguments);
    assert_eq!(failure(&run(&["records", "list"])), "no_vault");

    let made = answer(&run(&["init"]));
    assert_eq!(made["words"].as_array().unwrap().len(), 24);
    assert!(made["fingerprint"].is_string());
    assert_eq!(failure(&run(&["init"])), "vault_exists");
    assert_eq!(
        failure(&carnet(&vault, "wrong horse battery", &["sync"])),
        "wrong_passphrase"
    );

    let file = dir.path().join("records.json");
    let resource = r#"{"resourceType":"AllergyIntolerance","id":"a1","code":{"text":"Penicillin"},"patient":{"reference":"Patient/maria"}}"#;
    std::fs::write(&file, format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{resource}}},{{"resource":{{"resourceType":"Nonsense"}}}}]}}"#)).unwrap();
    let imported = answer(&run(&["records", "import", file.to_str().unwrap()]));
    assert_eq!(imported["imported"], 1);
    assert_eq!(imported["rejected"][0]["entry"], "entry[1]");
    let listed = answer(&run(&["records", "list", "--type", "AllergyIntolerance"]));
    let line = &listed["records"][0];
    assert_eq!(
        (line["type"].as_str(), line["title"].as_str()),
        (Some("AllergyIntolerance"), Some("Penicillin"))
    );
    let shown = run(&["records", "show", line["id"].as_str().unwrap()]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout).trim_end(), resource);
    assert_eq!(answer(&run(&["records", "export"]))["resourceType"], "Bundle");

    let (letter, out) = (dir.path().join("letter.pdf"), dir.path().join("out.pdf"));
    std::fs::write(&letter, b"%PDF-1.7 Dear Maria").unwrap();
    let arrived = answer(&run(&["records", "import", letter.to_str().unwrap()]));
    assert_eq!(
        (&arrived["imported"], &arrived["rejected_total"]),
        (&1.into(), &0.into())
    );
    let listed = answer(&run(&["records", "list", "--type", "DocumentReference"]));
    let id = listed["records"][0]["id"].as_str().unwrap();
    let files = answer(&run(&["records", "attachment", id]));
    assert_eq!(files["attachments"][0]["content_type"], "application/pdf");
    let to = out.to_str().unwrap();
    answer(&run(&["records", "attachment", id, "0", "--out", to]));
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&letter).unwrap());
    assert_eq!(
        failure(&run(&["records", "attachment", id, "1", "--out", to])),
        "unknown_attachment"
    );

    assert_eq!(
        answer(&run(&["consents", "list"]))["consents"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        answer(&run(&["sync"])),
        serde_json::json!({ "sent": 0, "waiting": 0 })
    );
    assert_eq!(failure(&run(&["trust", "show"])), "no_trust_list");
    assert_eq!(
        failure(&run(&["inspect", "https://example.org"])),
        "link_not_a_request"
    );
    assert_eq!(failure(&run(&["consents", "revoke", "abc"])), "unknown_consent");
    assert_eq!(
        failure(&run(&["records", "import", vault.to_str().unwrap()])),
        "unreadable_file"
    );
    let text = dir.path().join("letter.txt");
    std::fs::write(&text, "Dear Maria").unwrap();
    assert_eq!(
        failure(&run(&["records", "import", text.to_str().unwrap()])),
        "not_json"
    );
    assert_eq!(
        answer(&run(&["credentials", "list"])),
        serde_json::json!({ "cards": [] })
    );
    assert_eq!(failure(&run(&["credentials", "show", "abc"])), "unknown_card");
    assert_eq!(
        failure(&run(&["credentials", "import", text.to_str().unwrap()])),
        "card_unreadable"
    );
    assert_eq!(
        failure(&run(&["credentials", "import", "no-such-file"])),
        "unreadable_file"
    );
    let issue = |form: &str| {
        failure(&run(&[
            "credentials",
            "issue",
            "--consent",
            "abc",
            "--form",
            form,
        ]))
    };
    assert_eq!(issue("json"), "unknown_consent");
    // Pages are not for a screen.
    assert_eq!(
        (issue("pdf").as_str(), issue("paper").as_str()),
        ("usage", "usage")
    );
    let check = answer(&run(&["vault", "check"]));
    assert_eq!(check["records"], 2);
    assert!(check["entries"].as_u64() > Some(2) && check["root"].as_str().unwrap().len() == 64);
    assert_eq!(answer(&run(&["vault", "rotate-key"]))["rotated"], true);
    let words = answer(&run(&["vault", "words"]))["words"].clone();
    assert_eq!(words, made["words"]);

    let change = |arguments: &[&str], old: &str, new: &str| {
        let file = dir.path().join("new-passphrase");
        std::fs::write(&file, new).unwrap();
        let file = ["--new-passphrase-file", file.to_str().unwrap()];
        carnet(&vault, old, &[arguments, &file].concat())
    };
    let (old, new) = ("correct horse battery", "another horse altogether");
    assert_eq!(
        failure(&change(&["vault", "passphrase"], new, old)),
        "wrong_passphrase"
    );
    assert_eq!(
        failure(&change(&["vault", "passphrase"], old, "short")),
        "passphrase_too_short"
    );
    assert_eq!(
        answer(&change(&["vault", "passphrase"], old, new))["changed"],
        true
    );
    assert_eq!(failure(&run(&["vault", "check"])), "wrong_passphrase");
    let words: Vec<_> = words
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let file = dir.path().join("words");
    let reset = [
        "vault",
        "reset-passphrase",
        "--words-file",
        file.to_str().unwrap(),
    ];
    std::fs::write(&file, words[1..].join(" ")).unwrap();
    assert_eq!(failure(&change(&reset, "forgotten", old)), "words_wrong_count");
    std::fs::write(&file, words.join(" ")).unwrap();
    assert_eq!(
        answer(&change(&reset, "forgotten", old))["fingerprint"],
        made["fingerprint"]
    );
    assert_eq!(answer(&run(&["vault", "check"]))["records"], 2);
    assert_eq!(failure(&run(&["answer", "openid4vp://"])), "usage");
    assert_eq!(failure(&run(&["--no-such-thing"])), "usage");
}
