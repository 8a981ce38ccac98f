//! Whose wallet this is, and whether a file is about somebody else.

use carnet_fhir::{File, Person, Record, person_of};

use crate::kept::KeptPerson;

/// What a file says about whose it is.
pub(crate) struct Whose {
    /// The first person described in the file.
    pub(crate) person: Option<Person>,
    /// Somebody else than the wallet's person, or several people.
    pub(crate) other: bool,
    /// References under which the file speaks of its person.
    references: Vec<String>,
}

impl Whose {
    /// Compares a file with the person known so far. Where the file describes people, name and birth date decide; where it
    /// describes nobody, the references of its records do.
    pub(crate) fn of(file: &File, known: Option<&KeptPerson>) -> Self {
        let people: Vec<(Person, &Record)> = file
            .records
            .iter()
            .filter_map(|record| person_of(record).map(|person| (person, record)))
            .collect();
        let references: Vec<String> = people
            .iter()
            .flat_map(|(person, record)| references_of(person, record))
            .collect();
        let other = match (known, people.first()) {
            (Some(known), Some(_)) => people
                .iter()
                .any(|(person, _)| !same(known.name.as_deref(), known.birth_date.as_deref(), person)),
            (None, Some((first, _))) => people
                .iter()
                .any(|(person, _)| !same(first.name.as_deref(), first.birth_date.as_deref(), person)),
            (Some(known), None) => file
                .records
                .iter()
                .filter_map(subject)
                .any(|subject| !known.references.is_empty() && !known.references.contains(&subject)),
            (None, None) => false,
        };
        Self {
            person: people.into_iter().next().map(|(person, _)| person),
            other,
            references,
        }
    }

    /// The wallet's person after this file was taken in; `None` when nothing changes.
    pub(crate) fn merged(&self, known: Option<&KeptPerson>) -> Option<KeptPerson> {
        let person = self.person.as_ref()?;
        let mut after = known.cloned().unwrap_or_else(|| KeptPerson {
            name: person.name.clone(),
            birth_date: person.birth_date.clone(),
            references: Vec::new(),
        });
        let before = after.references.len();
        for reference in &self.references {
            if !after.references.contains(reference) {
                after.references.push(reference.clone());
            }
        }
        (known.is_none() || after.references.len() > before).then_some(after)
    }
}

fn references_of(person: &Person, record: &Record) -> Vec<String> {
    let by_id = person.id.as_deref().map(|id| format!("Patient/{id}"));
    let by_url = record.full_url.as_deref().map(short_reference);
    by_id.into_iter().chain(by_url).collect()
}

fn subject(record: &Record) -> Option<String> {
    let reference = record.summary.subject.as_deref()?;
    let short = short_reference(reference);
    (short.starts_with("Patient/") || short.starts_with("urn:")).then_some(short)
}

/// `https://x/fhir/Patient/1/_history/2` and `Patient/1` are the same person to us: `Patient/1`.
fn short_reference(reference: &str) -> String {
    let reference = reference.split("/_history/").next().unwrap_or(reference);
    match reference.rfind("Patient/") {
        Some(at) if at == 0 || reference[..at].ends_with('/') => reference[at..].to_owned(),
        _ => reference.to_owned(),
    }
}

/// Birth dates must not contradict each other, and every word of the shorter name must be in the longer one.
fn same(name: Option<&str>, birth_date: Option<&str>, person: &Person) -> bool {
    let dates_fit = match (birth_date, person.birth_date.as_deref()) {
        (Some(a), Some(b)) => a.starts_with(b) || b.starts_with(a),
        _ => true,
    };
    let names_fit = match (name, person.name.as_deref()) {
        (Some(a), Some(b)) => {
            let (a, b) = (words(a), words(b));
            let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
            !short.is_empty() && short.iter().all(|word| long.contains(word))
        }
        _ => birth_date.is_some() && person.birth_date.is_some(),
    };
    dates_fit && names_fit
}

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
