//! Published lists of codes. Issuer, holder and verifier know a list by the SHA-256 of its bytes; whoever doesn't have the list can't tell
//! what is asked, and says nothing.

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::kind::ListDigest;

const LONG_TERM_CONDITIONS: &[u8] = include_bytes!("../lists/long-term-conditions.json");

static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    [LONG_TERM_CONDITIONS]
        .into_iter()
        .filter_map(List::read)
        .collect()
});

/// A list of codes in a fixed order: a code's place is what an issuer commits to, a family is an interval of places.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// SHA-256 of its bytes as published.
    #[serde(skip, default = "nothing")]
    pub digest: ListDigest,
    /// What it is a list of.
    pub name: String,
    /// When it was put together.
    pub edition: String,
    /// The code system (FHIR URI).
    pub system: String,
    /// Neighbours under one name.
    pub families: Vec<Family>,
    /// Ascending by code; the first has place 0.
    pub codes: Vec<Entry>,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// As the code system writes it.
    pub code: String,
    /// In plain words.
    pub name: String,
}

/// Codes that stand next to each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// In plain words.
    pub name: String,
    /// First code.
    pub first: String,
    /// Last code, included.
    pub last: String,
}

/// The bundled lists.
pub fn lists() -> &'static [List] {
    &LISTS
}

/// The list of this digest, if it is bundled.
pub fn known(digest: &ListDigest) -> Option<&'static List> {
    LISTS.iter().find(|list| list.digest == *digest)
}

impl List {
    /// Where a code stands.
    pub fn place(&self, code: &str) -> Option<u16> {
        let place = self.codes.iter().position(|entry| entry.code == code)?;
        u16::try_from(place).ok()
    }

    /// What stands there.
    pub fn entry(&self, place: u16) -> Option<&Entry> {
        self.codes.get(usize::from(place))
    }

    /// The family that is exactly this interval.
    pub fn family(&self, first: u16, last: u16) -> Option<&Family> {
        let is = |family: &&Family| {
            self.place(&family.first) == Some(first) && self.place(&family.last) == Some(last)
        };
        self.families.iter().find(is)
    }

    /// None where the order leaves two meanings: codes must ascend, and families be intervals of them.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut list: Self = serde_json::from_slice(bytes).ok()?;
        list.digest = ListDigest(Sha256::digest(bytes).into());
        let ascending = list.codes.windows(2).all(|two| two[0].code < two[1].code);
        let intervals = list.families.iter().all(|family| {
            list.place(&family.first) < list.place(&family.last) && list.place(&family.first).is_some()
        });
        (ascending && intervals && u16::try_from(list.codes.len()).is_ok()).then_some(list)
    }
}

fn nothing() -> ListDigest {
    ListDigest([0; 32])
}
