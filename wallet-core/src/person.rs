//! Whose wallet this is, and whether a file is about somebody else.

use carnet_fhir::{Person, Record, person_of};

use crate::kept::KeptPerson;

/// References of one person that are remembered at most.
const MOST_REFERENCES: usize = 1_000;

/// What a file says about whose it is, record by record.
pub(crate) struct Whose<'k> {
    known: Option<&'k KeptPerson>,
    /// The first person described in the file.
    person: Option<Person>,
    /// Somebody described is another than the wallet's person, or than the first in the file.
    other_described: bool,
    /// A record is about somebody whom the wallet does not know.
    other_referred: bool,
    /// References under which the file speaks of its person.
    references: Vec<String>,
}

impl<'k> Whose<'k> {
    pub(crate) fn new(known: Option<&'k KeptPerson>) -> Self {
        Self {
            known,
            person: None,
            other_described: false,
            other_referred: false,
            references: Vec::new(),
        }
    }

    pub(crate) fn see(&mut self, record: &Record) {
        if let Some(person) = person_of(record) {
            let (name, birth_date) = match (self.known, &self.person) {
                (Some(known), _) => (known.name.as_deref(), known.birth_date.as_deref()),
                (None, Some(first)) => (first.name.as_deref(), first.birth_date.as_deref()),
                (None, None) => (person.name.as_deref(), person.birth_date.as_deref()),
            };
            let other = !same(name, birth_date, &person);
            self.other_described |= other;
            for reference in references_of(&person, record) {
                if self.references.len() < MOST_REFERENCES && !self.references.contains(&reference) {
                    self.references.push(reference);
                }
            }
            self.person.get_or_insert(person);
        } else if let (Some(known), Some(subject)) = (self.known, subject(record)) {
            self.other_referred |= !known.references.is_empty() && !known.references.contains(&subject);
        }
    }

    /// The first person described in the file.
    pub(crate) fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    /// About somebody else than the wallet's person, or about several people. Where the file describes people, name and birth
    /// date decide; where it describes nobody, the references of its records do.
    pub(crate) fn other(&self) -> bool {
        if self.person.is_some() {
            self.other_described
        } else {
            self.other_referred
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
