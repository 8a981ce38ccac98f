//! A lifetime of records, made by the program, the same at each run; and what it costs a `carnet` process to take them in.

use std::{
    fmt::Write as _,
    fs,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::processes::{Trouble, program};

/// Enough to look irregular, and the same everywhere (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Code, name, unit, middle of what is usual.
const MEASURED: [(&str, &str, &str, f64); 12] = [
    ("4548-4", "Hemoglobin A1c", "%", 6.1),
    ("2339-0", "Glucose", "mg/dL", 101.0),
    ("2160-0", "Creatinine", "mg/dL", 0.9),
    ("33914-3", "Estimated glomerular filtration rate", "mL/min", 71.0),
    ("2093-3", "Total cholesterol", "mg/dL", 182.0),
    ("18262-6", "Low density lipoprotein cholesterol", "mg/dL", 104.0),
    ("718-7", "Hemoglobin", "g/dL", 13.9),
    ("6690-2", "Leukocytes", "10*3/uL", 6.8),
    ("777-3", "Platelets", "10*3/uL", 248.0),
    ("29463-7", "Body weight", "kg", 71.0),
    ("8867-4", "Heart rate", "/min", 72.0),
    ("6301-6", "INR", "{INR}", 2.4),
];
const MEDICINES: [&str; 6] = [
    "Warfarin 5 MG",
    "Metformin 850 MG",
    "Lisinopril 10 MG",
    "Atorvastatin 20 MG",
    "Sertraline 50 MG",
    "Omeprazole 20 MG",
];
const CONDITIONS: [(&str, &str); 5] = [
    ("38341003", "Hypertension"),
    ("44054006", "Type 2 diabetes mellitus"),
    ("49436004", "Atrial fibrillation"),
    ("195662009", "Acute viral pharyngitis"),
    ("370143000", "Major depressive disorder"),
];

/// Writes a Bundle of so many resources (about 2 KB each) to `file`. Returns its length in bytes.
pub fn write_decades(file: &Path, resources: u32) -> Result<u64, Trouble> {
    let wrong = |error: std::io::Error| Trouble(format!("{}: {error}", file.display()));
    let mut out = BufWriter::new(fs::File::create(file).map_err(wrong)?);
    let mut dice = Dice(7);
    write!(out, r#"{{"resourceType":"Bundle","type":"collection","entry":["#).map_err(wrong)?;
    for n in 0..resources {
        let resource = resource(n, &mut dice);
        let entry = json!({"fullUrl": format!("urn:uuid:{}", uuid(n)), "resource": resource});
        let before = if n == 0 { "" } else { ",\n" };
        write!(out, "{before}{entry}").map_err(wrong)?;
    }
    out.write_all(b"]}").map_err(wrong)?;
    out.flush().map_err(wrong)?;
    Ok(fs::metadata(file).map_err(wrong)?.len())
}

fn uuid(n: u32) -> String {
    format!("{n:08x}-1b5c-4f2e-9d3a-7e60{n:08x}")
}

fn resource(n: u32, dice: &mut Dice) -> Value {
    let (year, month, day) = (1986 + dice.roll(40), 1 + dice.roll(12), 1 + dice.roll(28));
    let date = format!("{year}-{month:02}-{day:02}");
    let moment = format!("{date}T{:02}:{:02}:00+01:00", 7 + dice.roll(12), dice.roll(60));
    let subject = json!({"reference": "Patient/decades", "display": "Maria Duarte"});
    let visit = json!({"reference": format!("Encounter/{}", uuid(n / 12))});
    let mut words = |about: &str, sentences: u64| {
        let mut told = String::new();
        for _ in 0..sentences {
            let (one, two) = (dice.roll(90), dice.roll(1_000_000));
            let _ = write!(
                told,
                "<p>{about}: seen again after {one} days, filed under {two} by the practice, nothing else to report.</p>"
            );
        }
        json!({"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{told}</div>")})
    };
    let meta =
        json!({"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z", "source": "urn:example:practice"});
    if n == 0 {
        return json!({"resourceType": "Patient", "id": "decades", "name": [{"family": "Duarte", "given": ["Maria"]}], "birthDate": "1951-04-02"});
    }
    if n <= MEDICINES.len() as u32 {
        return json!({"resourceType": "Medication", "id": format!("m{n}"), "code": {"text": MEDICINES[n as usize - 1]}});
    }
    match n % 20 {
        0..=11 => {
            let text = words("Laboratory", 11);
            let (code, name, unit, middle) = MEASURED[dice.roll(12) as usize];
            let value = (middle * (80.0 + dice.roll(400) as f64 / 10.0) / 10.0).round() / 10.0;
            json!({"resourceType": "Observation", "id": uuid(n), "meta": meta, "text": text, "status": "final",
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": name}], "text": name},
                "subject": subject, "encounter": visit, "effectiveDateTime": moment, "issued": moment,
                "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
                "referenceRange": [{"low": {"value": middle * 0.8, "unit": unit}, "high": {"value": middle * 1.2, "unit": unit}}]})
        }
        12 | 13 => {
            let (text, which) = (words("Prescription", 11), 1 + dice.roll(6));
            json!({"resourceType": "MedicationRequest", "id": uuid(n), "meta": meta, "text": text, "status": "completed", "intent": "order",
                "medicationReference": {"reference": format!("Medication/m{which}")}, "subject": subject, "encounter": visit,
                "authoredOn": date, "dosageInstruction": [{"text": "1 tablet in the morning"}]})
        }
        14 => {
            let (text, (code, name)) = (words("Problem", 11), CONDITIONS[dice.roll(5) as usize]);
            json!({"resourceType": "Condition", "id": uuid(n), "meta": meta, "text": text,
                "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "resolved"}]},
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": name}], "text": name},
                "subject": subject, "encounter": visit, "onsetDateTime": date})
        }
        15..=17 => {
            let text = words("Visit", 11);
            json!({"resourceType": "Encounter", "id": uuid(n), "meta": meta, "text": text, "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "185349003", "display": "Encounter for check up"}]}],
                "subject": subject, "period": {"start": moment, "end": moment}, "serviceProvider": {"display": "Northgate Clinic"}})
        }
        _ => {
            let text = words("Letter", 4);
            let letter = format!(
                "Dear colleague, thank you for your letter of {date}. {}",
                "All is well. ".repeat(50)
            );
            json!({"resourceType": "DocumentReference", "id": uuid(n), "meta": meta, "text": text, "status": "current",
                "type": {"coding": [{"system": "http://loinc.org", "code": "34133-9", "display": "Summary of episode note"}]},
                "subject": subject, "date": moment, "description": format!("Letter of {date}"),
                "content": [{"attachment": {"contentType": "text/plain", "data": STANDARD.encode(letter), "title": "letter.txt"}}]})
        }
    }
}

/// What a process cost.
#[derive(Debug, Clone)]
pub struct Cost {
    pub wall: Duration,
    /// User and system time (Linux; granular to 10 ms).
    pub cpu: Duration,
    /// Most memory it held at any time, in bytes (Linux, VmHWM).
    pub peak: u64,
    /// What it answered.
    pub answer: Value,
}

/// Runs `carnet --json` with these arguments on the vault in `vault`, whose passphrase costs 64 MiB.
pub fn cost_of(vault: &Path, passphrase: &str, arguments: &[&str]) -> Result<Cost, Trouble> {
    let (begun, before) = (Instant::now(), children_cpu());
    let mut child = Command::new(program("carnet")?)
        .arg("--json")
        .arg("--vault")
        .arg(vault)
        .args(arguments)
        .env("CARNET_PASSPHRASE", passphrase)
        .env("CARNET_KDF", "64,3")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Trouble(error.to_string()))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let stdout = child.stdout.take().ok_or_else(|| Trouble("no stdout".into()))?;
    let reader = std::thread::spawn(move || std::io::read_to_string(stdout));
    // Asked again and again: it is gone with the process.
    while child
        .try_wait()
        .map_err(|error| Trouble(error.to_string()))?
        .is_none()
    {
        peak = peak.max(high_water(&status));
        std::thread::sleep(Duration::from_millis(5));
    }
    let (wall, cpu) = (begun.elapsed(), children_cpu().saturating_sub(before));
    let text = reader.join().ok().and_then(Result::ok).unwrap_or_default();
    let answer = serde_json::from_str(&text)
        .map_err(|_| Trouble(format!("carnet {arguments:?} did not answer in JSON")))?;
    Ok(Cost {
        wall,
        cpu,
        peak,
        answer,
    })
}

fn high_water(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// Time that the children waited for were on a processor (proc_pid_stat(5), fields 16 and 17, in hundredths of a second).
fn children_cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Bytes of all files under a folder.
pub fn bytes_under(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes_under(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
