//! Decades of records: taken in by parts, stopped and killed at any moment, found again at once, and the files inside them.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    collections::HashSet,
    env,
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
};

use carnet_wallet_core::{
    Clock, Described, Progress, Source, Wallet, unwatched,
    vault::{KdfChoice, Passphrase},
    views::{ImportView, RecordsFilter},
};

const FOLDER: &str = "CARNET_RECORDS_TEST_FOLDER";
/// Two and a half durable parts.
const MANY: u32 = 10_000;

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery".to_owned())
}

fn clock() -> Clock {
    let now = "2026-11-22T10:00:00Z".parse().unwrap();
    Clock::new(move || now)
}

fn create(dir: &Path) -> Wallet {
    let kdf = KdfChoice::Fixed { mib: 64, passes: 3 };
    Wallet::create(dir, &passphrase(), kdf, clock()).unwrap().wallet
}

fn open(dir: &Path) -> Wallet {
    Wallet::unlock(dir, &passphrase(), clock()).unwrap()
}

fn import(wallet: &Wallet, name: &str, bytes: &[u8]) -> ImportView {
    wallet
        .import(&mut Source::bytes(name, bytes), false, &mut unwatched)
        .unwrap()
}

fn resource(n: u32) -> String {
    let (year, day) = (1990 + n % 30, 1 + n % 28);
    let note = "Taken at the bedside before breakfast. ".repeat(20);
    match n % 4 {
        0 => format!(
            r#"{{"resourceType":"Encounter","id":"e{n}","status":"finished","class":{{"code":"AMB"}},"type":[{{"text":"Visit {n}"}}],"subject":{{"reference":"Patient/maria"}},"period":{{"start":"{year}-03-{day:02}"}}}}"#
        ),
        _ => format!(
            r#"{{"resourceType":"Observation","id":"o{n}","status":"final","category":[{{"coding":[{{"code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"4548-{}"}}],"text":"Value {}"}},"subject":{{"reference":"Patient/maria"}},"effectiveDateTime":"{year}-03-{day:02}","valueQuantity":{{"value":{n},"unit":"%"}},"note":[{{"text":"{note}"}}]}}"#,
            n % 5,
            n % 5
        ),
    }
}

fn many() -> String {
    (0..MANY).fold(String::new(), |mut lines, n| {
        let _ = writeln!(lines, "{}", resource(n));
        lines
    })
}

/// Every record of the list, by its bytes.
fn all(wallet: &Wallet) -> HashSet<String> {
    let mut out = Vec::new();
    assert_eq!(
        wallet.export_records(&mut out).unwrap() as usize,
        wallet.records(None).unwrap().len()
    );
    let bundle: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_cancelled_import_keeps_what_it_took_and_the_same_file_brings_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = create(dir.path());
    let lines = many();
    let preview = wallet
        .preview_import(
            &mut Source::bytes("many.ndjson", lines.as_bytes()),
            &mut unwatched,
        )
        .unwrap();
    let counts: Vec<(&str, u32)> = preview
        .groups
        .iter()
        .map(|group| (group.group.as_str(), group.count))
        .collect();
    assert_eq!(counts, [("laboratory", MANY / 4 * 3), ("visits", MANY / 4)]);

    let mut steps: Vec<Progress> = Vec::new();
    let cancelled = wallet
        .import(
            &mut Source::bytes("many.ndjson", lines.as_bytes()),
            false,
            &mut |progress| {
                steps.push(progress);
                if progress.done * 10 > progress.total * 9 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )
        .unwrap_err();
    assert_eq!(cancelled.code(), "cancelled");
    assert!(steps.is_sorted_by_key(|step| step.done) && steps.len() > 20);
    let kept = all(&wallet);
    assert!(!kept.is_empty() && (kept.len() as u32) < MANY);
    assert!(
        cancelled.to_string().contains(&kept.len().to_string()),
        "{cancelled}"
    );
    assert_eq!(wallet.home().unwrap().records as usize, kept.len());

    drop(wallet);
    let wallet = open(dir.path());
    assert_eq!(all(&wallet), kept);
    let rest = import(&wallet, "many.ndjson", lines.as_bytes());
    assert_eq!(rest.already_here as usize, kept.len());
    assert_eq!(rest.imported + rest.already_here, MANY);
    assert_eq!(all(&wallet).len() as u32, MANY);
    let lines: Vec<(String, Option<String>, u32)> = wallet
        .activity()
        .unwrap()
        .into_iter()
        .map(|line| {
            let counted = line.groups.iter().map(|group| group.count).sum();
            (line.what, line.code, counted)
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("imported".to_owned(), None, rest.imported),
            (
                "imported".to_owned(),
                Some("cancelled".to_owned()),
                rest.already_here
            ),
        ]
    );
}

#[test]
fn a_record_is_found_with_its_series_and_the_list_is_shown_by_pages() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = create(dir.path());
    let some: Vec<String> = (0..1_200).map(resource).collect();
    import(&wallet, "a.ndjson", some[..700].join("\n").as_bytes());
    import(&wallet, "b.ndjson", some[700..].join("\n").as_bytes());
    // The same whether the index grew or was read anew.
    for wallet in [wallet, open_again(dir.path())] {
        let lines = wallet.records(None).unwrap();
        assert_eq!(lines.len(), 1_200);
        assert!(lines.is_sorted_by(|one, other| one.date >= other.date));
        let line = lines
            .iter()
            .find(|line| line.resource_type == "Observation")
            .unwrap();
        let view = wallet.record(&line.id[..12]).unwrap();
        assert_eq!(view.line.title, line.title);
        assert_eq!(view.series.len(), 180);
        assert!(view.series.is_sorted_by(|one, other| one.date <= other.date));
        assert_eq!(view.unit.as_deref(), Some("%"));
        assert!(some.contains(&wallet.record_raw(&line.id).unwrap()));

        let visits = RecordsFilter {
            resource_type: Some("Encounter".to_owned()),
            ..RecordsFilter::default()
        };
        let page = wallet.records_page(&visits, 290, 50).unwrap();
        assert_eq!((page.total, page.lines.len()), (300, 10));
        let whole = wallet.records(Some("Encounter")).unwrap();
        assert_eq!(page.lines[9].id, whole[299].id);
        let text = RecordsFilter {
            text: Some("vISIT 1196".to_owned()),
            ..RecordsFilter::default()
        };
        assert_eq!(wallet.records_page(&text, 0, 10).unwrap().total, 1);
        assert_eq!(wallet.record("0g").unwrap_err().code(), "unknown_record");
        drop(wallet);
    }
}

fn open_again(dir: &Path) -> Wallet {
    // The other one is open in this process: a copy of the folder stands for the next start.
    let copy = dir.join("copy");
    copy_folder(&dir.join("vault"), &copy.join("vault"));
    open(&copy)
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn a_letter_becomes_a_document_once_and_comes_out_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = create(dir.path());
    import(&wallet, "me.json", br#"{"resourceType":"Patient","id":"maria","name":[{"text":"Maria Duarte"}],"birthDate":"1951-04-02"}"#);
    let letter = [b"%PDF-1.7\n".as_slice(), &vec![0xa5; 3 << 20]].concat();
    let preview = wallet
        .preview_import(&mut Source::bytes("letter.pdf", &letter), &mut unwatched)
        .unwrap();
    assert_eq!(
        (preview.groups[0].group.as_str(), preview.other_person),
        ("notes", false)
    );
    assert_eq!(import(&wallet, "letter.pdf", &letter).imported, 1);
    let again = import(&wallet, "same letter.pdf", &letter);
    assert_eq!((again.imported, again.already_here), (0, 1));
    drop(wallet);
    let wallet = open(dir.path());
    let line = wallet.records(Some("DocumentReference")).unwrap().remove(0);
    assert_eq!(line.title, "letter.pdf");
    let attachment = wallet.attachments(&line.id).unwrap().remove(0);
    assert_eq!(
        (attachment.content_type.as_str(), attachment.bytes),
        ("application/pdf", Some(letter.len() as u32))
    );
    assert!(*wallet.attachment(&line.id, 0).unwrap() == letter);
    assert_eq!(
        wallet.attachment(&line.id, 1).unwrap_err().code(),
        "unknown_attachment"
    );
    let raw: serde_json::Value = serde_json::from_str(&wallet.record_raw(&line.id).unwrap()).unwrap();
    assert_eq!(raw["subject"]["reference"], "Patient/maria");
    let large = [b"%PDF-1.7\n".as_slice(), &vec![0; 50 << 20]].concat();
    let refused = wallet.import(&mut Source::bytes("x.pdf", &large), false, &mut unwatched);
    assert_eq!(refused.unwrap_err().code(), "attachment_too_large");
}

/// The part of the child: imports, saying how many records it counts as durable.
fn import_and_tell(dir: &Path) {
    let wallet = create(dir);
    let lines = many();
    let mut told = 0;
    let _ = wallet.import(
        &mut Source::bytes("many.ndjson", lines.as_bytes()),
        false,
        &mut |_| {
            let durable = wallet.home().unwrap().records;
            if durable > told {
                told = durable;
                let mut out = std::io::stdout().lock();
                writeln!(out, "durable {durable}").unwrap();
                out.flush().unwrap();
            }
            ControlFlow::Continue(())
        },
    );
}

#[test]
fn a_killed_import_keeps_every_durable_part_and_the_same_file_brings_the_rest() {
    if let Some(dir) = env::var_os(FOLDER) {
        return import_and_tell(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_killed_import_keeps_every_durable_part_and_the_same_file_brings_the_rest",
            "--nocapture",
        ])
        .env(FOLDER, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.rsplit_once("durable ")?.1.parse::<u32>().ok())
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let wallet = open(dir.path());
    let kept = all(&wallet).len() as u32;
    assert!(kept >= told, "{kept} of {told}");
    assert_eq!(wallet.home().unwrap().records, kept);
    let rest = import(&wallet, "many.ndjson", many().as_bytes());
    assert_eq!((rest.already_here, rest.imported), (kept, MANY - kept));
    assert_eq!(all(&wallet).len() as u32, MANY);
    let logged: u32 = wallet
        .activity()
        .unwrap()
        .iter()
        .flat_map(|line| &line.groups)
        .map(|group| group.count)
        .sum();
    assert_eq!(logged, MANY, "the log tells of the killed import too");
}
