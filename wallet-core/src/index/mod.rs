//! What is known of every record, in memory: read once from the vault when it is first asked for, kept in step by the import,
//! gone with the wallet.
//!
//! ```text
//! Pages  "catalogue"   how many records of which group, and how many packs and pages: what the first screen needs
//! Pages  "p00000000"…  up to 500 rows, with the texts they share
//! Packs  "00000000"…   up to 256 KiB of records, one after the other; a larger record alone
//! ```
//! A row says in which pack a record is, and where. All three change in one commit, or not at all.

mod catalogue;
mod held;
mod intake;
mod packs;
mod page;
mod shelf;
mod texts;

pub(crate) use catalogue::Catalogue;
pub(crate) use held::Held;
pub(crate) use intake::{Intake, bytes_id, record_id};
pub(crate) use packs::Packs;
pub(crate) use shelf::Shelf;

use std::{cmp::Reverse, collections::HashMap, fmt, sync::OnceLock};

use self::{page::Row, texts::Texts};

/// All rows, in the order in which they were taken in.
#[derive(Default, Clone)]
pub(crate) struct Index {
    texts: Texts,
    rows: Vec<Row>,
    by_id: HashMap<[u8; 16], u32>,
    /// Places of the rows, newest first, undated last.
    order: OnceLock<Box<[u32]>>,
    /// Places of the rows of one measurement (code, unit) that have a date, oldest first.
    series: OnceLock<HashMap<(u32, u32), Vec<u32>>>,
}

/// Why an id names no record.
pub(crate) enum NotFound {
    Unknown,
    Ambiguous,
}

impl Index {
    pub(crate) fn has(&self, id: &[u8; 16]) -> bool {
        self.by_id.contains_key(id)
    }

    /// Every record as it was taken in: each pack's one after the other.
    pub(crate) fn in_packs(&self) -> impl Iterator<Item = Held<'_>> {
        self.rows.iter().map(|row| Held::new(&self.texts, row))
    }

    /// Every record, newest first, undated ones last.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = Held<'_>> {
        self.order().iter().filter_map(|place| self.at(*place))
    }

    /// The record of this id. A unique beginning of it will do.
    pub(crate) fn find(&self, id: &str) -> Result<Held<'_>, NotFound> {
        let mut whole = [0; 16];
        if hex::decode_to_slice(id, &mut whole).is_ok() {
            let place = self.by_id.get(&whole).ok_or(NotFound::Unknown)?;
            return self.at(*place).ok_or(NotFound::Unknown);
        }
        let mut matching = self
            .in_packs()
            .filter(|held| !id.is_empty() && held.begins_with(id));
        match (matching.next(), matching.next()) {
            (Some(held), None) => Ok(held),
            (None, _) => Err(NotFound::Unknown),
            _ => Err(NotFound::Ambiguous),
        }
    }

    /// Whether there is a record of this type with this FHIR id.
    pub(crate) fn has_resource(&self, resource_type: &str, fhir_id: &str) -> bool {
        let (Some(kind), Some(id)) = (self.texts.place(resource_type), self.texts.place(fhir_id)) else {
            return false;
        };
        self.rows
            .iter()
            .any(|row| row.fhir_id == id && row.resource_type == kind)
    }

    /// The records that measured the same in the same unit, oldest first.
    pub(crate) fn series(&self, of: &Held<'_>) -> impl Iterator<Item = Held<'_>> {
        let places = of.series().and_then(|key| self.all_series().get(&key));
        places
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|place| self.at(*place))
    }

    fn at(&self, place: u32) -> Option<Held<'_>> {
        let row = self.rows.get(place as usize)?;
        Some(Held::new(&self.texts, row))
    }

    fn order(&self) -> &[u32] {
        self.order.get_or_init(|| {
            let mut order: Box<[u32]> = (0..self.rows.len() as u32).collect();
            let key = |place: &u32| {
                let row = &self.rows[*place as usize];
                let date = (row.day, row.moment, self.texts.text(row.date));
                (Reverse(date), self.texts.text(row.title), row.id)
            };
            order.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
            order
        })
    }

    fn all_series(&self) -> &HashMap<(u32, u32), Vec<u32>> {
        self.series.get_or_init(|| {
            let mut series: HashMap<_, Vec<u32>> = HashMap::new();
            for place in self.order().iter().rev() {
                let row = &self.rows[*place as usize];
                if let Some(measured) = row.measured.as_ref().filter(|_| row.date != 0) {
                    series
                        .entry((measured.code, measured.unit))
                        .or_default()
                        .push(*place);
                }
            }
            series
        })
    }

    fn push(&mut self, row: Row) {
        self.by_id.insert(row.id, self.rows.len() as u32);
        self.rows.push(row);
        (self.order, self.series) = Default::default();
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} records)", self.rows.len())
    }
}
