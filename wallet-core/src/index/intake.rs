//! Taking records in, in durable parts.

use std::{collections::HashSet, sync::MutexGuard};

use carnet_fhir::{Group, Record, Summary};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Catalogue,
    packs::pack_id,
    page::{self, Place, ROWS, Row},
    shelf::page_id,
};
use crate::{
    Wallet,
    activity::{Entry, Happened},
    kept::{KeptPerson, PERSON},
    vault::{Change, Table, VaultError},
};

/// Bytes of records in one pack; a larger record is alone in its own.
const PACK: usize = 256 * 1024;
/// Bytes of records in one durable part.
const PART: usize = 4 << 20;

/// An import under way. Dropped, it leaves what was made durable, and nothing of the rest.
pub(crate) struct Intake<'w> {
    wallet: &'w Wallet,
    now: Timestamp,
    catalogue: Catalogue,
    person: Option<KeptPerson>,
    /// Ids of everything that came by in this import.
    met: HashSet<[u8; 16]>,
    waiting: Waiting,
    taken: u32,
    already_here: u32,
    _alone: MutexGuard<'w, ()>,
}

/// What is not durable yet.
#[derive(Default)]
struct Waiting {
    packs: Vec<(u32, Zeroizing<Vec<u8>>)>,
    records: Vec<(Place, Option<String>, Summary)>,
    bytes: usize,
}

impl<'w> Intake<'w> {
    /// Begins an import; `person` goes in with its first part.
    pub(crate) fn begin(wallet: &'w Wallet, person: Option<KeptPerson>) -> Result<Self, VaultError> {
        let alone = wallet.shelf.importing();
        let mut intake = Self {
            wallet,
            now: wallet.clock.now(),
            catalogue: Catalogue::of(&wallet.vault)?,
            person,
            met: HashSet::new(),
            waiting: Waiting::default(),
            taken: 0,
            already_here: 0,
            _alone: alone,
        };
        if !intake.catalogue.unlogged.is_empty() {
            // An import before this one was interrupted: what it took in is told of now.
            intake.end(Some("interrupted"))?;
        }
        Ok(intake)
    }

    /// Records whose bytes were here before this import.
    pub(crate) fn already_here(&self) -> u32 {
        self.already_here
    }

    /// Takes a record, unless its bytes are here already.
    pub(crate) fn add(&mut self, record: Record) -> Result<(), VaultError> {
        let id = record_id(&record.raw);
        if !self.met.insert(id) {
            return Ok(());
        }
        if self.wallet.shelf.has(&self.wallet.vault, &id)? {
            self.already_here += 1;
            return Ok(());
        }
        let raw = Zeroizing::new(record.raw.into_bytes());
        let length = u32::try_from(raw.len()).map_err(|_| VaultError::TooLarge)?;
        if self.waiting.bytes + raw.len() > PART {
            self.commit(None)?;
        }
        self.waiting.bytes += raw.len();
        let (pack, at) = match self.waiting.packs.last_mut() {
            Some((number, pack)) if pack.len() + raw.len() <= PACK => {
                let at = pack.len();
                pack.extend_from_slice(&raw);
                (*number, at)
            }
            _ => {
                let number = self.catalogue.packs;
                self.catalogue.packs = number.checked_add(1).ok_or(VaultError::TooLarge)?;
                let pack = if raw.len() >= PACK {
                    raw
                } else {
                    // Never moved while it grows: no copy of it stays behind.
                    let mut pack = Zeroizing::new(Vec::with_capacity(PACK));
                    pack.extend_from_slice(&raw);
                    pack
                };
                self.waiting.packs.push((number, pack));
                (number, 0)
            }
        };
        self.catalogue.count(record.summary.group);
        let place = Place {
            id,
            pack,
            at: at as u32,
            length,
            imported: self.now.as_microsecond(),
        };
        self.waiting
            .records
            .push((place, record.full_url, record.summary));
        Ok(())
    }

    /// Makes everything durable, and tells the log of the import. Returns what was taken in.
    pub(crate) fn finish(mut self) -> Result<u32, VaultError> {
        self.end(None)?;
        Ok(self.taken)
    }

    /// Lets go of what is not durable yet, and tells the log of the rest. Returns what was taken in.
    pub(crate) fn stop(mut self, code: &'static str) -> Result<u32, VaultError> {
        self.waiting = Waiting::default();
        self.person = None;
        self.catalogue = Catalogue::of(&self.wallet.vault)?;
        if self.taken > 0 {
            self.end(Some(code))?;
        }
        Ok(self.taken)
    }

    fn end(&mut self, code: Option<&'static str>) -> Result<(), VaultError> {
        let mut groups: Vec<(Group, u32)> = std::mem::take(&mut self.catalogue.unlogged);
        groups.sort_unstable();
        let entry = Entry::new(self.now, Happened::Imported).groups(&groups);
        self.commit(Some(match code {
            Some(code) => entry.code(code),
            None => entry,
        }))
    }

    /// One durable part: packs, pages and catalogue together.
    fn commit(&mut self, told: Option<Entry<'_>>) -> Result<(), VaultError> {
        if self.waiting.records.is_empty() && told.is_none() {
            return Ok(());
        }
        let Waiting { packs, records, .. } = std::mem::take(&mut self.waiting);
        let mut change = self.wallet.vault.change();
        for (number, pack) in packs {
            change.put_bytes(Table::Packs, &pack_id(number), &pack);
        }
        if let Some(person) = self.person.take() {
            change.put(Table::Profile, PERSON, &person);
        }
        self.catalogue.put(&mut change);
        if let Some(entry) = told {
            entry.put(&mut change);
        }
        let new = records.len() as u32;
        self.write(change, records)?;
        self.taken += new;
        Ok(())
    }

    fn write(
        &self,
        mut change: Change<'_>,
        records: Vec<(Place, Option<String>, Summary)>,
    ) -> Result<(), VaultError> {
        if records.is_empty() {
            return change.commit();
        }
        let vault = &self.wallet.vault;
        self.wallet.shelf.change(vault, |index| {
            let first = index.rows.len() / ROWS;
            for (place, full_url, summary) in records {
                let row = Row::new(&mut index.texts, place, full_url.as_deref(), &summary);
                index.push(row);
            }
            let touched = index.rows.chunks(ROWS).enumerate().skip(first);
            for (number, rows) in touched {
                change.put_bytes(Table::Pages, &page_id(number), &page::write(&index.texts, rows)?);
            }
            change.commit()
        })
    }
}

/// First 128 bits of the SHA-256 of a record's bytes.
pub(crate) fn record_id(raw: &str) -> [u8; 16] {
    bytes_id(raw.as_bytes())
}

/// The same of any bytes.
pub(crate) fn bytes_id(bytes: &[u8]) -> [u8; 16] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|byte| digest[byte])
}
