//! Vaults that this version made, kept so that later versions must open them.
//!
//! `UPDATE_FIXTURES=1 cargo nextest run --workspace --all-features --test fixture` makes them anew: only when a format changes
//! on purpose, and then beside the old ones.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use carnet_wallet_core::{
    Clock, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase, StoreEngine},
    words::Words,
};

const PASSPHRASE: &str = "kept for later versions";
const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
/// The words of 32 zero bytes (BIP-39 test vector).
const LAST_WORD: &str = "art";
const RECORDS: &str = r#"{"resourceType":"Bundle","type":"collection","entry":[
 {"resource":{"resourceType":"Patient","id":"maria","name":[{"family":"Duarte","given":["Maria"]}],"birthDate":"1951-04-02"}},
 {"resource":{"resourceType":"AllergyIntolerance","id":"a1","code":{"text":"Penicillin"},"patient":{"reference":"Patient/maria"}}},
 {"resource":{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}],"text":"HbA1c"},"subject":{"reference":"Patient/maria"},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":7.20,"unit":"%"}}}
]}"#;

fn kept(engine: StoreEngine) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(format!("vault-1-{}", engine.name()))
}

fn words() -> Words {
    let mut words = vec!["abandon"; 23];
    words.push(LAST_WORD);
    Words::parse(&words.join(" ")).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_owned())
}

/// Sample data only.
fn make(dir: &Path, engine: StoreEngine) {
    let wallet = Wallet::restore_from_words(dir, &words(), &passphrase(), CHEAP, Clock::system()).unwrap();
    wallet.rename_profile(0, "Maria").unwrap();
    let ana = wallet.add_profile("Ana").unwrap().number;
    let mut source = Source::bytes("maria.json", RECORDS.as_bytes());
    wallet.import(&mut source, false, &mut unwatched).unwrap();
    let large = format!(
        r#"{{"resourceType":"DocumentReference","id":"d1","status":"current","content":[{{"attachment":{{"contentType":"text/plain","data":"{}"}}}}]}}"#,
        "QUJD".repeat(40_000)
    );
    let ana = wallet.as_profile(ana).unwrap();
    let mut source = Source::bytes("ana.json", large.as_bytes());
    ana.import(&mut source, false, &mut unwatched).unwrap();
    drop((wallet, ana));
    Wallet::convert_store(dir, engine, &mut unwatched).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn opens_whole(engine: StoreEngine) {
    let kept = kept(engine);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let _ = fs::remove_dir_all(&kept);
        make(&kept, engine);
    }
    let dir = tempfile::tempdir().unwrap();
    copy(&kept, dir.path());
    let maria = Wallet::unlock(dir.path(), &passphrase(), Clock::system()).unwrap();
    assert_eq!(maria.words().list(), words().list());
    let check = maria.check(&mut unwatched).unwrap();
    assert_eq!(check.records, 4);
    let allergy = maria.records(Some("AllergyIntolerance")).unwrap();
    assert!(maria.record_raw(&allergy[0].id).unwrap().contains("Penicillin"));
    let ana = maria.as_profile(maria.find_profile("ana").unwrap()).unwrap();
    let letter = ana.records(None).unwrap();
    assert_eq!(ana.attachment(&letter[0].id, 0).unwrap().len(), 120_000);
    assert_eq!(
        maria.activity_of_everyone().unwrap().len() as u32,
        check.log_entries
    );
    drop((maria, ana));
    let fresh = Passphrase::new("forgotten and found".to_owned());
    Wallet::unlock_with_words(dir.path(), &words(), &fresh, CHEAP, Clock::system()).unwrap();
}

#[test]
fn a_vault_of_the_first_format_opens_with_sled() {
    opens_whole(StoreEngine::Sled);
}

#[test]
fn a_vault_of_the_first_format_opens_with_redb() {
    opens_whole(StoreEngine::Redb);
}
