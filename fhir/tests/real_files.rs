//! Real FHIR files: Synthea, International Patient Summaries of many countries, HL7's examples. They lie beside the
//! checkout in `../shared/data/fhir`; where they are absent this passes and says so. `CARNET_FHIR_DATA` names another folder.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use carnet_fhir::{Group, person_of, pretty, read_file, read_record};

fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            json_files(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            out.push(path);
        }
    }
}

/// Types that name things for software, whose titles nobody reads.
fn is_clinical(group: Group) -> bool {
    !matches!(group, Group::Other | Group::Directory | Group::Administrative)
}

#[test]
fn every_real_file_imports_with_readable_titles() {
    let folder = std::env::var_os("CARNET_FHIR_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fhir"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!("no real files at {}: nothing checked", folder.display());
        return;
    }
    let mut files = Vec::new();
    json_files(&folder, &mut files);
    let (mut records, mut clinical, mut refused_files) = (0, 0, Vec::new());
    let mut bare: BTreeMap<String, u32> = BTreeMap::new();
    let mut coded: BTreeMap<String, u32> = BTreeMap::new();
    let mut rejected: BTreeMap<String, u32> = BTreeMap::new();
    let mut bare_clinical = 0;
    for path in &files {
        let bytes = fs::read(path).unwrap();
        let file = match read_file(&bytes) {
            Ok(file) => file,
            Err(error) => {
                refused_files.push(format!(
                    "{} {}",
                    error.code(),
                    path.file_name().unwrap().display()
                ));
                continue;
            }
        };
        for refusal in &file.rejected.listed {
            *rejected
                .entry(format!("{} {}", refusal.code, refusal.message))
                .or_default() += 1;
        }
        let mut text: &str = std::str::from_utf8(&bytes).unwrap();
        for record in &file.records {
            records += 1;
            let at = text
                .find(&record.raw)
                .unwrap_or_else(|| panic!("bytes kept, in order: {}", path.display()));
            text = &text[at + record.raw.len()..];
            let summary = &record.summary;
            let again = read_record(&record.raw, record.full_url.as_deref()).unwrap();
            assert_eq!(again.summary.codes, summary.codes);
            assert!(!pretty(&record.raw).is_empty());
            let _ = person_of(record);
            clinical += u32::from(is_clinical(summary.group));
            let bare_name =
                summary.title.to_lowercase().replace(' ', "") == summary.resource_type.to_lowercase();
            if bare_name {
                *bare.entry(summary.resource_type.clone()).or_default() += 1;
                bare_clinical += u32::from(is_clinical(summary.group));
            }
            if summary.title.starts_with("SNOMED CT ") || summary.title.starts_with("LOINC ") {
                *coded.entry(summary.resource_type.clone()).or_default() += 1;
            }
            if std::env::var_os("CARNET_FHIR_SHOW").is_some() {
                println!(
                    "{} | {} | {:?} | {} | {:?} {:?} {:?}",
                    summary.resource_type,
                    summary.title,
                    summary.detail,
                    summary.date.as_ref().map(ToString::to_string).unwrap_or_default(),
                    summary.group,
                    summary.sensitive,
                    summary.contained_types
                );
            }
        }
    }
    let share = f64::from(bare_clinical) * 100.0 / f64::from(clinical);
    println!(
        "{} files, {records} records; refused files: {refused_files:?}",
        files.len()
    );
    println!("rejected entries: {rejected:#?}");
    println!(
        "titles that are a bare type name: {bare:?}; of {clinical} clinical records {bare_clinical} ({share:.1} %)"
    );
    println!("titles that are a code: {coded:?}");
    assert!(share < 3.0, "titles must be readable");
}
