//! A pharmacy and a patient with the cable out: a code against a code. Real station, real terminals, no network at all.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey that can't go on has failed"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use carnet_tests::{
    Carnet, Desk, Station,
    processes::{answer_of, program},
};
use fast_qr::{ECL, QRBuilder};
use image::{GrayImage, Luma};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSPHRASE: &str = "a lamp, two boats and the long road";
const AGE: &str = r#"{"id":"age-at-least","fields":{"years":65}}"#;

struct Scene {
    folder: TempDir,
    pharmacy: Option<Station>,
    patient: Carnet,
}

/// A pharmacy that issues proofs too, and a patient who holds twenty of today.
fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("pharmacy");
    let pharmacy = Station::start_as(&data, "Corner Pharmacy", "pharmacy,issuer").unwrap();
    let patient = Carnet::new(
        &folder.path().join("vault"),
        PASSPHRASE,
        Some(&pharmacy.trust_list),
    );
    patient.ok(&["init"]).unwrap();
    let body = json!({ "template": "proof-of-age", "claims": { "birth_date": "1950-06-01" } });
    let desk = Desk::at(&pharmacy).unwrap();
    let (status, offer) = desk.call("POST", "/api/cards/offers", Some(&body)).unwrap();
    assert_eq!(status, 200, "{offer}");
    let pin = folder.path().join("pin");
    fs::write(&pin, text(&offer, "pin")).unwrap();
    let uri = text(&offer, "uri");
    patient
        .ok(&["credentials", "accept", uri, "--pin-file", pin.to_str().unwrap()])
        .unwrap();
    Scene {
        folder,
        pharmacy: Some(pharmacy),
        patient,
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// The same command where there is no network at all, not even loopback.
fn cut_off(command: &Command) -> Output {
    let mut alone = Command::new("unshare");
    let without_network = alone
        .args(["--map-root-user", "--net", "true"])
        .stderr(Stdio::null());
    let allowed = without_network.status().is_ok_and(|status| status.success());
    let mut run = if allowed {
        let mut run = Command::new("unshare");
        run.args(["--map-root-user", "--net"]).arg(command.get_program());
        run
    } else {
        // Some machines don't let anybody but the administrator do this.
        eprintln!("not cut off: unshare is not permitted here");
        Command::new(command.get_program())
    };
    run.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => run.env(name, value),
            None => run.env_remove(name),
        };
    }
    run.stdin(Stdio::null()).output().unwrap()
}

impl Scene {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn proves(&self, further: &[&str]) -> Result<Value, String> {
        let arguments = [&["prove", "--yes"], further].concat();
        let output = cut_off(&self.patient.command(&arguments).unwrap());
        let answer = answer_of(&arguments, &output).unwrap();
        answer.map_err(|failure| failure.code)
    }

    /// The station's program on its folder, cut off.
    fn station(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(program("carnet-station").unwrap());
        command
            .args(arguments)
            .arg("--data")
            .arg(self.folder.path().join("pharmacy"));
        let output = cut_off(&command);
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

fn line<'a>(said: &'a str, beginning: &str) -> &'a str {
    said.lines()
        .find_map(|line| line.strip_prefix(beginning))
        .unwrap_or_else(|| panic!("no {beginning:?} in {said}"))
}

// ATTACKS 28
#[test]
fn a_pharmacy_sees_yes_with_the_cable_out_and_each_code_counts_once() {
    let scene = scene();
    let desk = Desk::at(scene.pharmacy.as_ref().unwrap()).unwrap();
    let ask = || {
        let body = json!({ "statement": serde_json::from_str::<Value>(AGE).unwrap() });
        let (status, asked) = desk.call("POST", "/api/counter", Some(&body)).unwrap();
        assert_eq!(status, 200, "{asked}");
        asked
    };
    let answer = |id: &str, text: &str| {
        let place = format!("/api/counter/{id}/answer");
        desk.call("POST", &place, Some(&json!({ "text": text }))).unwrap()
    };
    let (first, second) = (ask(), ask());
    assert!(text(&first, "says").starts_with("65 or older on "));
    assert!(text(&first, "text").len() <= 450);
    assert_eq!(
        (&first["check"]["result"], &first["list_expired"]),
        (&json!(null), &json!(false))
    );

    let shown = scene.proves(&[text(&first, "text")]).unwrap();
    assert_eq!(shown["asked"]["verifier"]["name"], "Corner Pharmacy");
    let (_, scanned) = desk
        .call("POST", "/api/scan", Some(&json!({ "text": shown["uri"] })))
        .unwrap();
    assert_eq!(scanned, json!({ "kind": "answer" }));

    // Into the other session: nothing is known, and the session stays open.
    let (status, check) = answer(text(&second, "id"), text(&shown, "uri"));
    assert_eq!((status, text(&check, "result")), (200, "cannot_check"));
    assert_eq!(text(&check, "reason"), "counter_answer_not_for_this");
    let (status, check) = answer(text(&first, "id"), text(&shown, "uri"));
    assert_eq!((status, text(&check, "result")), (200, "yes"), "{check}");
    assert_eq!(text(&check, "issuer"), "Corner Pharmacy");
    assert_eq!(check["digits"], shown["digits"]);
    assert!(check["list_issued"].is_string() && check["valid_until"].is_string());
    assert!(!check.to_string().contains("1950-06"));

    let (status, refused) = answer(text(&first, "id"), text(&shown, "uri"));
    assert_eq!(
        (status, text(&refused["error"], "code")),
        (410, "counter_answered")
    );
    assert_eq!(
        scene.proves(&[text(&first, "text")]).unwrap_err(),
        "challenge_used"
    );
    let other = scene.proves(&[text(&second, "text")]).unwrap();
    assert_eq!(
        answer(text(&second, "id"), text(&other, "uri")).1["result"],
        "yes"
    );
    let held = scene.patient.ok(&["statements"]).unwrap();
    assert_eq!(held["statements"][0]["copies"], 18);

    // Ten wrong ones close a session.
    let third = ask();
    for _ in 0..10 {
        let (_, check) = answer(text(&third, "id"), text(&other, "uri"));
        assert_eq!(text(&check, "result"), "cannot_check");
    }
    let (status, refused) = answer(text(&third, "id"), "CARNET:A1/");
    assert_eq!((status, text(&refused["error"], "code")), (410, "counter_closed"));
    let (status, _) = answer("AAAAAAAAAAAAAAAAAAAAAA", text(&other, "uri"));
    assert_eq!(status, 404);
    let (status, refused) = desk
        .call("POST", "/api/scan", Some(&json!({ "text": third["text"] })))
        .unwrap();
    assert_eq!(
        (status, text(&refused["error"], "code")),
        (400, "scanned_question")
    );
    // No key of a session that is over is left.
    let keys = fs::read_dir(scene.folder.path().join("pharmacy/delivery-keys")).unwrap();
    let left = keys.filter(|file| file.as_ref().unwrap().path().extension() == Some("counter".as_ref()));
    assert_eq!(left.count(), 0);
}

#[test]
fn both_terminals_play_it_through_with_pictures() {
    let mut scene = scene();
    let (code, said) = scene.station(&["challenge", AGE]);
    assert_eq!(code, 1);
    assert!(said.contains("station_running"), "{said}");
    scene.pharmacy.take();

    let (code, said) = scene.station(&["challenge", AGE]);
    assert_eq!(code, 0, "{said}");
    let id = line(&said, "id: ").to_owned();
    let challenge = said
        .lines()
        .find(|line| line.starts_with("carnet:check?d="))
        .unwrap();
    let picture = scene.file("challenge.png");
    draw(challenge, &picture);
    let svg = scene.file("answer.svg");
    let shown = scene
        .proves(&[
            "--picture",
            picture.to_str().unwrap(),
            "--out",
            svg.to_str().unwrap(),
        ])
        .unwrap();
    assert!(fs::read_to_string(svg).unwrap().starts_with("<svg"));

    // Nobody has shown anything yet.
    let empty = scene.file("empty");
    fs::write(&empty, "\n").unwrap();
    let (code, said) = scene.station(&["check", empty.to_str().unwrap()]);
    assert_eq!((code, said.lines().next()), (3, Some("NOT SHOWN")), "{said}");

    let photo = scene.file("answer.png");
    draw(text(&shown, "uri"), &photo);
    let (code, said) = scene.station(&["check", photo.to_str().unwrap()]);
    assert_eq!((code, said.lines().next()), (0, Some("YES")), "{said}");
    assert_eq!(line(&said, "Their phone must show: "), text(&shown, "digits"));
    assert_eq!(line(&said, "Issued by: "), "Corner Pharmacy");
    assert!(said.contains("The list of organisations is less than a day old."));
    let again = ["check", photo.to_str().unwrap(), "--challenge", &id];
    let (code, said) = scene.station(&again);
    assert_eq!(
        (code, said.lines().next()),
        (4, Some("CANNOT CHECK (counter_answered)")),
        "{said}"
    );

    let (_, said) = scene.station(&["challenge", AGE]);
    let other = line(&said, "id: ").to_owned();
    let (code, said) = scene.station(&["check", photo.to_str().unwrap(), "--challenge", &other]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.starts_with("CANNOT CHECK (counter_answer_not_for_this)"),
        "{said}"
    );
}

fn draw(text: &str, file: &Path) {
    let code = QRBuilder::new(text).ecl(ECL::L).build().unwrap();
    let side = (code.size as u32 + 8) * 4;
    GrayImage::from_fn(side, side, |x, y| {
        let place = |at: u32| {
            let at = (at / 4).checked_sub(4).map(|at| at as usize);
            at.filter(|at| *at < code.size)
        };
        let dark = place(x).zip(place(y)).is_some_and(|(x, y)| code[y][x].value());
        Luma([if dark { 0 } else { 255 }])
    })
    .save(file)
    .unwrap();
}
