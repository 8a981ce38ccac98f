//! A vault whose process is killed at any moment opens again, with everything that was confirmed; or there is none, and one
//! can be made.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use carnet_wallet_core::vault::{KdfChoice, Passphrase, Table, Vault};

const FOLDER: &str = "CARNET_VAULT_TEST_FOLDER";
const CHEAP: KdfChoice = KdfChoice::Fixed { mib: 64, passes: 3 };
const KILLS: u32 = 8;

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").unwrap();
    out.flush().unwrap();
}

/// The part of the child: makes or opens the vault, then changes it without end.
fn change_without_end(dir: &Path) {
    say("begun");
    let vault = if Vault::exists(dir) {
        Vault::unlock(dir, &passphrase()).unwrap()
    } else {
        Vault::create(dir, &passphrase(), CHEAP).unwrap().0
    };
    say("opened");
    loop {
        let mut change = vault.change();
        let number = change.next_consent_number().unwrap();
        change.put(Table::Consents, &number.to_string(), &number);
        change.put_bytes(Table::Deliveries, "newest", &vec![number as u8; 100_000]);
        change.put(Table::Outbox, "newest", &number);
        change.commit().unwrap();
        say(&format!("confirmed {number}"));
    }
}

#[test]
fn a_killed_process_leaves_a_whole_vault_or_none() {
    if let Some(dir) = env::var_os(FOLDER) {
        return change_without_end(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut made = 0;
    for round in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "a_killed_process_leaves_a_whole_vault_or_none",
            ])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        // The first rounds strike while the vault is being made, the later ones while it is changed.
        let wait_for = if round < 4 { "begun" } else { "confirmed" };
        let mut said = String::new();
        while !said.contains(wait_for) {
            assert_ne!(
                output.read_line(&mut said).unwrap(),
                0,
                "the child ended by itself"
            );
        }
        let heard = Instant::now();
        let pause = if round < 4 {
            Duration::from_millis(60) * round
        } else {
            Duration::from_micros(700) * round
        };
        while heard.elapsed() < pause {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut said).unwrap();

        if !Vault::exists(dir.path()) {
            assert!(!said.contains("opened"), "a vault that was opened is gone");
            continue;
        }
        made += 1;
        let vault = Vault::unlock(dir.path(), &passphrase()).unwrap();
        let confirmed = said
            .lines()
            .filter_map(|line| line.split_once("confirmed "))
            .next_back();
        let confirmed: Option<u64> = confirmed.map(|(_, number)| number.parse().unwrap());
        let newest = vault.get::<u64>(Table::Outbox, "newest").unwrap();
        assert!(newest >= confirmed, "confirmed {confirmed:?}, found {newest:?}");
        let delivery = vault.get_bytes(Table::Deliveries, "newest").unwrap();
        assert!(delivery.is_none_or(|bytes| bytes.iter().all(|byte| Some(*byte) == newest.map(|n| n as u8))));
        if let Some(newest) = newest {
            assert_eq!(
                vault.get::<u64>(Table::Consents, &newest.to_string()).unwrap(),
                Some(newest)
            );
            assert!(
                vault.change().next_consent_number().unwrap() > newest,
                "a number would be given twice"
            );
        }
    }
    assert!(made >= KILLS / 2);
}
