//! What a process that had the wallet open keeps of it once it is locked: nothing, in any byte of its memory.
//!
//! The parent makes the vault, so it knows every secret; the child opens it, uses it and locks it. The parent reads the child's
//! memory while the wallet is open, which shows that the search finds, and again when it is locked.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    alloc::System,
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_tests::{
    memory::{Secret, found, found_in_files},
    processes::program,
};
use carnet_wallet_core::{
    Clock, Source, Wallet,
    keys::{Keys, RootKey},
    traces, unwatched,
    vault::{KdfChoice, Passphrase, Vault},
    words::Words,
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// As in the programs.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

const FOLDER: &str = "CARNET_MEMORY_TEST_FOLDER";
const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const CLINIC: &str = "northgate-clinic";

fn passphrase(file: &Path) -> Passphrase {
    Passphrase::new(String::from_utf8(fs::read(file).unwrap()).unwrap())
}

/// A text that stands in no program.
fn made_up(what: &str) -> String {
    format!("{what} {}", uuid::Uuid::new_v4())
}

/// Says where the child is, and waits until the parent has looked.
fn here(stage: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{stage}").unwrap();
    out.flush().unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

/// The part of the child, with everything that a person does.
fn live(dir: &Path) {
    let (old, new) = (passphrase(&dir.join("old")), passphrase(&dir.join("new")));
    let vault = dir.join("vault");
    {
        let wallet = Wallet::unlock(&vault, &old, Clock::system()).unwrap();
        wallet
            .import(
                &mut Source::file(&dir.join("records.json")).unwrap(),
                false,
                &mut unwatched,
            )
            .unwrap();
        let id = wallet.records(None).unwrap()[0].id.clone();
        let shown = (wallet.record(&id).unwrap(), wallet.record_raw(&id).unwrap());
        let words = Zeroizing::new(wallet.words().list().join(" "));
        wallet.change_passphrase(&old, &new, CHEAP).unwrap();
        wallet.check(&mut |_| ControlFlow::Continue(())).unwrap();
        drop(wallet);
        let vault = Vault::unlock(&vault, &new).unwrap();
        let keys = (
            vault.keys().derive_holder_key(CLINIC),
            vault.keys().derive_ledger_key(0),
            vault.keys().derive_revocation_secret(0),
        );
        here("open");
        drop((vault, keys, words, shown));
    }
    let wallet = Wallet::rotate_key(&vault, &new, CHEAP, Clock::system(), &mut |_| {
        ControlFlow::Continue(())
    });
    drop((wallet.unwrap(), old, new));
}

fn bytes_of(header: &Value, path: &str) -> Vec<u8> {
    hex::decode(header.pointer(path).unwrap().as_str().unwrap()).unwrap()
}

fn expand(salt: &[u8], key: &[u8], info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), key)
        .expand(info, &mut out)
        .unwrap();
    out
}

/// The keys behind a header, by the published rules.
fn secrets_of_the_vault(dir: &Path, entropy: &[u8; 32], passphrase: &str) -> Vec<Secret> {
    let header: Value =
        serde_json::from_slice(&fs::read(dir.join("vault/vault/header.json")).unwrap()).unwrap();
    let id = bytes_of(&header, "/id");
    let wrap = expand(
        b"carnet-keys-v1",
        entropy,
        &[b"vault-words-wrap\0", id.as_slice()].concat(),
    );
    let context = [
        b"carnet-vault-v1 words wrap".as_slice(),
        &1_u32.to_be_bytes(),
        &id,
    ]
    .concat();
    let nonce: [u8; 24] = bytes_of(&header, "/words_wrap/nonce").try_into().unwrap();
    let vault_key = XChaCha20Poly1305::new(&wrap.into())
        .decrypt(
            &nonce.into(),
            Payload {
                msg: &bytes_of(&header, "/words_wrap/sealed"),
                aad: &context,
            },
        )
        .unwrap();
    let number = |name: &str| header["kdf"][name].as_u64().unwrap() as u32;
    let params = Params::new(number("memory_kib"), number("passes"), number("lanes"), Some(32)).unwrap();
    let mut by_passphrase = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(
            passphrase.as_bytes(),
            &bytes_of(&header, "/kdf/salt"),
            &mut by_passphrase,
        )
        .unwrap();
    vec![
        Secret::key("vault key", &vault_key),
        Secret::key(
            "key of the values",
            &expand(&id, &vault_key, b"carnet-vault-v1 values"),
        ),
        Secret::key("key of the words", &wrap),
        Secret::key("key of the passphrase", &by_passphrase),
    ]
}

#[test]
fn a_locked_wallet_leaves_nothing_in_memory() {
    if let Some(dir) = env::var_os(FOLDER) {
        traces::wiped(|| live(Path::new(&dir)));
        return here("locked");
    }
    let story = Story::made();
    let (dir, secrets) = (story.dir.path(), &story.secrets);
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "a_locked_wallet_leaves_nothing_in_memory",
        ])
        .env(FOLDER, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut wait = |stage: &str| {
        let mut said = String::new();
        while !said.contains(stage) {
            assert_ne!(
                output.read_line(&mut said).unwrap(),
                0,
                "the child ended by itself: {said}"
            );
        }
    };
    wait("open");
    let open = found(child.id(), secrets).unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "go on").unwrap();
    wait("locked");
    let locked = found(child.id(), secrets).unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "go on").unwrap();
    assert!(child.wait().unwrap().success());
    let _ = output.read_to_end(&mut Vec::new());

    let names: BTreeSet<_> = open.iter().map(|(name, _)| *name).collect();
    for name in [
        "old passphrase",
        "new passphrase",
        "record",
        "words",
        "entropy",
        "key of the values",
        "ledger key",
        "revocation secret",
    ] {
        assert!(
            names.contains(name),
            "the search doesn't find: {name}; it finds {open:?}"
        );
    }
    assert_eq!(locked, BTreeSet::new(), "still there after locking");

    let given = ["old", "new", "records.json"];
    let left = found_in_files(dir, secrets, &given).unwrap();
    assert_eq!(left, BTreeSet::new(), "written down");
    let planted = found_in_files(dir, secrets, &given[1..]).unwrap();
    assert_eq!(planted.len(), 1, "the search finds what is there: {planted:?}");
}

/// A vault that is closed, what will be done with it, and every secret of it.
struct Story {
    dir: tempfile::TempDir,
    old: String,
    record: String,
    secrets: Vec<Secret>,
}

impl Story {
    fn made() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [old, new, marker] = ["quiet", "noisy", "Xylophonitis"].map(made_up);
        let record = format!(
            r#"{{"resourceType":"AllergyIntolerance","id":"a1","code":{{"text":"{marker}"}},"patient":{{"reference":"Patient/maria"}}}}"#
        );
        for (name, text) in [("old", &old), ("new", &new), ("records.json", &record)] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let vault = dir.path().join("vault");
        let made = Wallet::create(&vault, &Passphrase::new(old.clone()), CHEAP, Clock::system()).unwrap();
        let words = made.words.list().join(" ");
        drop(made);
        let entropy = entropy(&words);
        let keys = Keys::new(RootKey::new(Zeroizing::new(entropy)));
        let mut secrets = secrets_of_the_vault(dir.path(), &entropy, &old);
        secrets.extend([
            Secret::text("old passphrase", &old),
            Secret::text("new passphrase", &new),
            Secret::text("record", &marker),
            Secret::text("words", &words),
            Secret::key("entropy", &entropy),
            Secret::key("holder key", &keys.derive_holder_key(CLINIC).to_bytes()),
            Secret::key("ledger key", &keys.derive_ledger_key(0).to_bytes()),
            Secret::key("revocation secret", keys.derive_revocation_secret(0).as_slice()),
        ]);
        Self {
            dir,
            old,
            record,
            secrets,
        }
    }
}

/// The 256 bits behind the words (BIP-39).
fn entropy(words: &str) -> [u8; 32] {
    Words::parse(words).unwrap();
    let mnemonic = bip39::Mnemonic::parse_in_normalized(bip39::Language::English, words).unwrap();
    let (bytes, length) = mnemonic.to_entropy_array();
    bytes[..length].try_into().unwrap()
}

/// The commands of the app, as its pages call them.
struct App {
    child: std::process::Child,
    url: String,
    token: String,
    http: reqwest::Client,
}

impl App {
    fn started(vault: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pages = tempfile::tempdir().unwrap();
        let mut child = Command::new(program("examples/bridge").unwrap())
            .arg(pages.path())
            .arg("--vault")
            .arg(vault)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let link: Value = serde_json::from_str(&line).unwrap();
        let (url, token) = link["url"].as_str().unwrap().split_once("/#token=").unwrap();
        Self {
            child,
            url: url.to_owned(),
            token: token.to_owned(),
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    async fn call(&self, command: &str, arguments: Value) -> Value {
        let asked = self
            .http
            .post(format!("{}/__ipc/{command}", self.url))
            .header("origin", &self.url)
            .header("x-carnet-token", &self.token)
            .json(&arguments);
        let answer = asked.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{command}: {}",
            answer.text().await.unwrap()
        );
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_app_that_was_locked_keeps_nothing_in_memory() {
    let story = Story::made();
    let app = App::started(&story.dir.path().join("vault"));
    let look = || found(app.child.id(), &story.secrets).unwrap();
    app.call("unlock", json!({ "passphrase": story.old })).await;
    let content = STANDARD.encode(&story.record);
    let file = json!({ "fileName": "a.json", "contentBase64": content, "otherPerson": false });
    app.call("import_records", file).await;
    let records = app.call("records", json!({})).await;
    app.call("record", json!({ "id": records[0]["id"] })).await;
    let open: BTreeSet<_> = look().into_iter().map(|(name, _)| name).collect();
    assert!(
        open.contains("entropy") && open.contains("key of the values"),
        "{open:?}"
    );
    app.call("show_words", json!({ "passphrase": story.old })).await;
    app.call("lock", json!({})).await;
    // What was under way when it was locked may take a moment to end.
    let until = Instant::now() + Duration::from_secs(10);
    let mut left = look();
    while !left.is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
        left = look();
    }
    assert_eq!(left, BTreeSet::new(), "still there after locking");
}
