//! Who lends a name to whom within one file: a medicine given by reference is called what the entry it points at is called.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use crate::{Record, Sensitivity, text::words};

/// Types whose name may stand for a record that only points at them.
const LENDERS: &[&str] = &[
    "Medication",
    "Practitioner",
    "Organization",
    "Device",
    "Substance",
    "Location",
];

/// Bytes of different names that are remembered; what comes later lends its sensitivity, but no name.
const MOST_TEXT: usize = 32 << 20;

/// What the entries of one file lend. Bounded: about 16 bytes for each address, and 32 MiB of names.
#[derive(Default)]
pub struct Names {
    lent: HashMap<u64, Loan>,
    titles: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32>,
    text: usize,
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Loan {
    title: Option<u32>,
    /// As [`Sensitivity::bits`].
    sensitive: u8,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Names({} addresses)", self.lent.len())
    }
}

impl Names {
    /// Remembers a record that can lend. The first under an address is the one that does.
    pub(crate) fn note(&mut self, record: &Record) {
        let summary = &record.summary;
        if !LENDERS.contains(&summary.resource_type.as_str()) {
            return;
        }
        let by_id = summary
            .fhir_id
            .as_deref()
            .map(|id| self.address(&format!("{}/{id}", summary.resource_type)));
        let by_url = record.full_url.as_deref().map(|url| self.address(url));
        let new: Vec<u64> = by_id
            .into_iter()
            .chain(by_url)
            .filter(|address| !self.lent.contains_key(address))
            .collect();
        if new.is_empty() {
            return;
        }
        let loan = Loan {
            title: (summary.title != words(&summary.resource_type))
                .then(|| self.title(&summary.title))
                .flatten(),
            sensitive: Sensitivity::bits(&summary.sensitive),
        };
        self.lent.extend(new.into_iter().map(|address| (address, loan)));
    }

    /// Gives a record the name that it asks for by this reference.
    pub(crate) fn give(&self, record: &mut Record, reference: &str) {
        let address = reference
            .split_once("/_history/")
            .map_or(reference, |(before, _)| before);
        let Some(loan) = self.lent.get(&self.address(address)) else {
            return;
        };
        if let Some(title) = loan.title.and_then(|place| self.titles.get(place as usize)) {
            record.summary.title = title.to_string();
        }
        let mut sensitive: BTreeSet<_> = record.summary.sensitive.iter().copied().collect();
        sensitive.extend(Sensitivity::of_bits(loan.sensitive));
        record.summary.sensitive = sensitive.into_iter().collect();
    }

    /// Addresses by a keyed hash of 64 bits: a file can't make two of them meet.
    fn address(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    fn title(&mut self, title: &str) -> Option<u32> {
        if let Some(place) = self.places.get(title) {
            return Some(*place);
        }
        if self.text + title.len() > MOST_TEXT {
            return None;
        }
        self.text += title.len();
        let place = u32::try_from(self.titles.len()).ok()?;
        let title: Arc<str> = title.into();
        self.titles.push(Arc::clone(&title));
        self.places.insert(title, place);
        Some(place)
    }
}
