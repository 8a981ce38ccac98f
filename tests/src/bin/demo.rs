//! `make demo`: the whole story in the terminal. Two real programs, a station and a wallet, talk over loopback TLS; what
//! is printed is what they answered. Sample data: nobody here is a real person.
#![expect(clippy::print_stdout, reason = "a demo speaks to the person who started it")]

use std::process::ExitCode;

use carnet_tests::{Carnet, Desk, Station, processes::Trouble, records};
use serde_json::Value;

fn main() -> ExitCode {
    match story() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("\nThe story stopped: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Trouble> {
    value[field]
        .as_str()
        .ok_or_else(|| Trouble(format!("no `{field}` in {value}")))
}

fn expect(holds: bool, what: &str) -> Result<(), Trouble> {
    if holds {
        Ok(())
    } else {
        Err(Trouble(format!("expected: {what}")))
    }
}

/// A JSON value as a person reads it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn chapter(title: &str) {
    println!("\n\x1b[1m{title}\x1b[0m");
}

fn story() -> Result<(), Trouble> {
    let home = tempfile::tempdir().map_err(|e| Trouble(e.to_string()))?;
    println!(
        "Carnet, the main story. Sample data; everything lives in a temporary folder and is removed at the end."
    );

    chapter("1. Northgate Clinic starts its station");
    let station = Station::start(&home.path().join("station"), "Northgate Clinic")?;
    println!("   staff page   {}", station.staff_url);
    println!(
        "   for wallets  {} (TLS; its key is pinned by the trust list)",
        station.public_url
    );
    let desk = Desk::at(&station)?;

    chapter("2. Maria makes her vault and takes in her records");
    let maria = Carnet::new(
        &home.path().join("vault"),
        "a lamp, two boats and the long road",
        Some(&station.trust_list),
    );
    let made = maria.ok(&["init"])?;
    println!(
        "   vault {}, {} words to write down",
        text(&made, "fingerprint")?,
        made["words"].as_array().map_or(0, Vec::len)
    );
    let file = records::project().join("demo/maria.json");
    let import = maria.ok(&["records", "import", &file.to_string_lossy()])?;
    println!(
        "   {} records taken in, {} refused",
        import["imported"],
        import["rejected"].as_array().map_or(0, Vec::len)
    );

    chapter("3. The desk asks, the code is shown");
    let asked = desk.ask(
        "TREAT",
        &[
            ("patient/AllergyIntolerance.rs", true),
            ("patient/MedicationRequest.rs", true),
            ("patient/Observation.rs?category=laboratory", false),
            ("patient/DocumentReference.rs", false),
        ],
        30,
    )?;
    let uri = text(&asked, "uri")?;
    println!("   {uri}");

    chapter("4. Maria sees who asks, what for, until when, and what would go");
    let question = maria.ok(&["inspect", uri])?;
    println!(
        "   {} asks, to treat her ({})",
        question["verifier"]["name"], question["purpose"][0]
    );
    for item in question["items"].as_array().into_iter().flatten() {
        let mark = |field: &str, word: &'static str| if item[field] == true { word } else { "" };
        println!(
            "   - {:45} {:>3} records {}{}{}",
            text(item, "scope")?,
            item["matching"].to_string(),
            mark("required", "· needed "),
            mark("sensitive", "· sensitive "),
            mark("excess", "· more than the purpose needs"),
        );
    }
    println!("   until {}", text(&question["period"], "end")?);

    chapter("5. She grants her allergies and medicines, and nothing else");
    let answer = maria.ok(&[
        "answer",
        uri,
        "--grant",
        "patient/AllergyIntolerance.rs",
        "patient/MedicationRequest.rs",
    ])?;
    println!(
        "   {} · {} · on the ledger: {}",
        text(&answer, "decision")?,
        text(&answer, "state")?,
        plain(&answer["ledger"]["status"])
    );
    let (grant, code) = (
        text(&answer, "grant_id")?.to_owned(),
        text(&answer, "code")?.to_owned(),
    );
    expect(answer["state"] == "granted", "the consent is granted")?;

    chapter("6. Before the four digits are typed, nobody can read");
    let (status, refusal) = desk.records(&grant)?;
    println!("   the desk tries: {status} {}", plain(&refusal["error"]["code"]));
    expect(status == 403, "403 before the digits")?;
    println!("   Maria reads out {code}; the desk types it");
    let (status, confirmed) = desk.confirm(text(&asked, "id")?, &code)?;
    expect(status == 200, "the digits are right")?;
    println!("   {}", plain(&confirmed["state"]));

    chapter("7. The desk reads her records");
    let (status, bundle) = desk.records(&grant)?;
    expect(status == 200, "the records can be read")?;
    for entry in bundle["entry"].as_array().into_iter().flatten() {
        let resource = &entry["resource"];
        let named = ["code", "medicationCodeableConcept"]
            .iter()
            .find_map(|f| resource[f]["text"].as_str());
        println!(
            "   {:20} {}",
            resource["resourceType"].as_str().unwrap_or("?"),
            named.unwrap_or("")
        );
    }
    let reads = maria.ok(&["consents", "reads", text(&answer, "consent_id")?])?;
    for read in reads["reads"].as_array().into_iter().flatten() {
        println!(
            "   Maria sees: {} read {} at {}",
            plain(&read["who"]),
            plain(&read["what"]),
            plain(&read["when"])
        );
    }

    chapter("8. She takes it back");
    let revoked = maria.ok(&["consents", "revoke", text(&answer, "consent_id")?])?;
    println!(
        "   recorded on the ledger: {} · clinic: {} · deletion receipt: {}",
        text(&revoked, "ledger")?,
        text(&revoked, "clinic")?,
        revoked["deletion_receipt"]
    );

    chapter("9. The clinic can't read any more");
    let (status, refusal) = desk.records(&grant)?;
    println!("   the desk tries: {status} {}", plain(&refusal["error"]["code"]));
    expect(
        status == 403 && refusal["error"]["code"] == "revoked",
        "403 revoked",
    )?;

    println!(
        "\nThat was the story. What it does not undo: paper that was printed and copies that were exported stay with the clinic."
    );
    Ok(())
}
