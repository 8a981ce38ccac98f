//! Records that nobody here made: the official FHIR R4 examples from the npm registry, put together as one person's
//! bundle, and, where the folder is there, the larger collections beside the project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::processes::Trouble;

/// The project's root.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder of larger published data beside the project; `None` (and a line that says so) where it is absent.
pub fn larger_data() -> Option<PathBuf> {
    let folder = project().join("../shared/data/fhir");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: no larger FHIR data beside the project ({})",
        folder.display()
    );
    None
}

/// Every official example about this patient, with the patient, as one collection Bundle written to `file`.
///
/// `subject` is the example's own reference, such as `Patient/example`.
pub fn official_examples(subject: &str, file: &Path) -> Result<Value, Trouble> {
    let folder = project().join("tests/node_modules/hl7.fhir.r4.examples");
    let names = fs::read_dir(&folder).map_err(|e| {
        Trouble(format!(
            "the FHIR examples are not installed ({e}): run `npm ci` in tests/"
        ))
    })?;
    let mut paths: Vec<_> = names.filter_map(|n| n.ok().map(|n| n.path())).collect();
    paths.sort();
    let kinds = [
        "AllergyIntolerance",
        "Condition",
        "Observation",
        "Immunization",
        "MedicationRequest",
        "Procedure",
        "Encounter",
        "DiagnosticReport",
        "CarePlan",
        "Goal",
    ];
    let mut entries = vec![];
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let kind = name.split('-').next().unwrap_or_default();
        if !kinds.contains(&kind) && name != format!("{}.json", subject.replace('/', "-")) {
            continue;
        }
        let Ok(resource) = serde_json::from_slice::<Value>(&fs::read(&path).unwrap_or_default()) else {
            continue;
        };
        let about = ["subject", "patient"]
            .iter()
            .find_map(|field| resource[field]["reference"].as_str());
        if about == Some(subject) || kind == "Patient" {
            entries.push(json!({
                "fullUrl": format!("http://hl7.org/fhir/{}/{}", kind, resource["id"].as_str().unwrap_or_default()),
                "resource": resource,
            }));
        }
    }
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    fs::write(file, serde_json::to_vec(&bundle).unwrap_or_default())
        .map_err(|e| Trouble(format!("{}: {e}", file.display())))?;
    Ok(bundle)
}

/// Long, distinctive strings of a bundle: what a search for leaks looks for.
pub fn distinctive_strings(bundle: &Value, at_most: usize) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(s)
                if s.len() >= 14 && !s.starts_with("http") && !s.starts_with("urn:") && s.contains(' ') =>
            {
                found.push(s.chars().filter(char::is_ascii).take(40).collect::<String>());
            }
            Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
            Value::Object(fields) => fields.values().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let mut found = vec![];
    collect(bundle, &mut found);
    found.sort();
    found.dedup();
    // Only what JSON writes as it is: an escaped quote or newline would never be found, and so prove nothing.
    found.retain(|s| s.len() >= 14 && !s.contains(['"', '\\', '\n', '\t', '<', '&']));
    let step = (found.len() / at_most.max(1)).max(1);
    found.into_iter().step_by(step).take(at_most).collect()
}
