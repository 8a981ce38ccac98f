//! Several people in one vault, and the log that tells of all of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use carnet_wallet_core::{
    Clock, Described, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase},
};

const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const ALLERGY: &str = r#"{"resourceType":"AllergyIntolerance","id":"a1","code":{"text":"Penicillin"},"patient":{"reference":"Patient/maria"}}"#;

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn made() -> (tempfile::TempDir, Wallet) {
    let dir = tempfile::tempdir().unwrap();
    let made = Wallet::create(dir.path(), &passphrase(), CHEAP, Clock::system()).unwrap();
    (dir, made.wallet)
}

fn import(wallet: &Wallet) {
    let mut source = Source::bytes("allergy.json", ALLERGY.as_bytes());
    wallet.import(&mut source, false, &mut unwatched).unwrap();
}

#[test]
fn each_person_has_records_and_a_log_of_their_own() {
    let (dir, maria) = made();
    maria.rename_profile(0, "Maria").unwrap();
    let number = maria.add_profile(" Ana ").unwrap().number;
    let ana = maria.as_profile(number).unwrap();
    import(&ana);
    assert_eq!(maria.records(None).unwrap().len(), 0);
    assert_eq!(ana.records(None).unwrap().len(), 1);
    assert!(
        maria
            .activity()
            .unwrap()
            .iter()
            .all(|line| line.what != "imported")
    );
    assert_eq!(ana.activity().unwrap()[0].what, "imported");
    assert_eq!(maria.activity_of_everyone().unwrap().len(), 2);

    drop((maria, ana));
    let maria = Wallet::unlock(dir.path(), &passphrase(), Clock::system()).unwrap();
    let names: Vec<_> = maria
        .profiles()
        .unwrap()
        .into_iter()
        .map(|person| (person.number, person.name, person.acting, person.records))
        .collect();
    assert_eq!(
        names,
        [
            (0, Some("Maria".into()), true, 0),
            (1, Some("Ana".into()), false, 1)
        ]
    );
    assert_eq!(maria.find_profile("ANA").unwrap(), 1);
    assert_eq!(maria.find_profile("1").unwrap(), 1);
    assert_eq!(maria.find_profile("Anna").unwrap_err().code(), "unknown_profile");
}

#[test]
fn names_are_told_apart_and_a_removed_person_leaves_nothing_but_a_used_number() {
    let (_dir, maria) = made();
    maria.rename_profile(0, "Maria").unwrap();
    for (name, code) in [
        ("maria ", "profile_name_taken"),
        ("", "profile_name_refused"),
        ("7", "profile_name_refused"),
        ("a\nb", "profile_name_refused"),
    ] {
        assert_eq!(maria.add_profile(name).unwrap_err().code(), code, "{name:?}");
    }
    let ana = maria.add_profile("Ana").unwrap().number;
    import(&maria.as_profile(ana).unwrap());
    assert_eq!(maria.remove_profile(0).unwrap_err().code(), "first_profile");
    maria.remove_profile(ana).unwrap();
    assert_eq!(maria.as_profile(ana).unwrap_err().code(), "unknown_profile");
    assert_eq!(maria.add_profile("Ana").unwrap().number, ana + 1);
}

#[test]
fn an_exported_log_is_whole_until_anything_in_it_is_touched() {
    let (_dir, wallet) = made();
    import(&wallet);
    wallet.add_profile("Ana").unwrap();
    let exported = wallet.export_log().unwrap();
    let view = Wallet::verify_exported_log(exported.as_bytes()).unwrap();
    assert_eq!(view.entries, 3);
    assert_eq!(view.hash, wallet.verify_log().unwrap().hash);
    assert!(!exported.contains("Penicillin"));

    let code = |text: &str| Wallet::verify_exported_log(text.as_bytes()).unwrap_err().code();
    assert_eq!(code(&exported.replace("imported", "exported")), "log_broken");
    assert_eq!(
        code(&exported.replace("\"count\": 3", "\"count\": 2")),
        "log_broken"
    );
    assert_eq!(
        code(&exported.replace("\"carnet_log\": 1", "\"carnet_log\": 2")),
        "log_newer_version"
    );
    assert_eq!(code("{}"), "not_a_log");
    let mut cut: serde_json::Value = serde_json::from_str(&exported).unwrap();
    cut["lines"].as_array_mut().unwrap().remove(1);
    assert_eq!(code(&cut.to_string()), "log_broken");
    cut["lines"].as_array_mut().unwrap().pop();
    assert_eq!(code(&cut.to_string()), "log_broken");
}
