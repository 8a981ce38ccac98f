//! Texts and lists that many rows share, each kept once and known by its place. Place 0 is the empty one.

use indexmap::IndexSet;

#[derive(Clone)]
pub(super) struct Texts {
    texts: IndexSet<Box<str>>,
    lists: IndexSet<Box<[u32]>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            texts: IndexSet::from([Box::from("")]),
            lists: IndexSet::from([Box::from([])]),
        }
    }
}

/// Longer texts are left out: names of codes and references that no real record has.
const LONGEST: usize = 4096;

impl Texts {
    pub(super) fn put(&mut self, text: &str) -> u32 {
        if text.len() > LONGEST {
            return 0;
        }
        if let Some(place) = self.texts.get_index_of(text) {
            return place as u32;
        }
        self.texts.insert_full(text.into()).0 as u32
    }

    pub(super) fn put_optional(&mut self, text: Option<&str>) -> u32 {
        text.map_or(0, |text| self.put(text))
    }

    pub(super) fn put_list(&mut self, list: &[u32]) -> u32 {
        if let Some(place) = self.lists.get_index_of(list) {
            return place as u32;
        }
        self.lists.insert_full(list.into()).0 as u32
    }

    pub(super) fn text(&self, place: u32) -> &str {
        self.texts.get_index(place as usize).map_or("", |text| text)
    }

    /// None for the empty text.
    pub(super) fn optional(&self, place: u32) -> Option<String> {
        (place != 0).then(|| self.text(place).to_owned())
    }

    pub(super) fn list(&self, place: u32) -> &[u32] {
        self.lists.get_index(place as usize).map_or(&[], |list| list)
    }

    pub(super) fn place(&self, text: &str) -> Option<u32> {
        self.texts.get_index_of(text).map(|place| place as u32)
    }

    pub(super) fn all_texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }

    pub(super) fn all_lists(&self) -> impl Iterator<Item = &[u32]> {
        self.lists.iter().map(AsRef::as_ref)
    }
}
