//! Taking records in from a file.

use std::collections::{BTreeMap, HashSet};

use carnet_fhir::{File, FileError, Group, Rejected, read_file};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    activity::{Entry, Happened, counted},
    kept::{KeptPerson, KeptRecord, PERSON},
    person::Whose,
    vault::{Table, VaultError},
    views::{ImportPreview, ImportView, PersonView, RejectedView},
};

/// Records written in one durable change.
const AT_ONCE: usize = 1_000;

#[derive(Debug, Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("This file is about somebody else than the person whose wallet this is. Nothing was imported.")]
    OtherPerson,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ImportError {
    fn facts(&self) -> Facts {
        match self {
            Self::File(error) => Facts::expected(error.code(), "Choose another file."),
            Self::OtherPerson => Facts::personal(
                "other_person",
                "Check the file. If it is about you after all, say so and import it again.",
            ),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// What a file holds. Keeps nothing.
    pub fn preview_import(&self, file_name: &str, bytes: &[u8]) -> Result<ImportPreview, ImportError> {
        let file = read_file(bytes)?;
        let known = self.person()?;
        let whose = Whose::of(&file, known.as_ref());
        let (new, already_here) = self.new_records(&file)?;
        Ok(ImportPreview {
            file: file_name.to_owned(),
            other_person: whose.other,
            sets_person: known.is_none() && whose.person.is_some(),
            person: whose.person.map(|person| PersonView {
                name: person.name,
                birth_date: person.birth_date,
            }),
            groups: counted(&grouped(
                new.iter().map(|(_, at)| file.records[*at].summary.group),
            )),
            already_here,
            rejected: rejected(&file.rejected.listed),
        })
    }

    /// Takes a file's records in. The same bytes are the same record; a file about somebody else is refused
    /// unless `other_person` says that it was looked at. A large file is written in several durable parts:
    /// after an interruption the same file again brings the rest.
    pub fn import(&self, bytes: &[u8], other_person: bool) -> Result<ImportView, ImportError> {
        let file = read_file(bytes)?;
        let known = self.person()?;
        let whose = Whose::of(&file, known.as_ref());
        if whose.other && !other_person {
            return Err(ImportError::OtherPerson);
        }
        let now = self.clock.now();
        let (new, already_here) = self.new_records(&file)?;
        let groups = grouped(new.iter().map(|(_, at)| file.records[*at].summary.group));
        let mut change = self.vault.change();
        if let Some(person) = whose.merged(known.as_ref()) {
            change.put(Table::Profile, PERSON, &person);
        }
        for (n, (id, at)) in new.iter().enumerate() {
            if n > 0 && n % AT_ONCE == 0 {
                std::mem::replace(&mut change, self.vault.change()).commit()?;
            }
            let record = &file.records[*at];
            change.put_bytes(Table::Records, id, record.raw.as_bytes());
            let index = KeptRecord {
                summary: record.summary.clone(),
                full_url: record.full_url.clone(),
                imported: now,
            };
            change.put(Table::RecordIndex, id, &index);
        }
        Entry::new(now, Happened::Imported)
            .groups(&groups)
            .put(&mut change);
        change.commit()?;
        Ok(ImportView {
            imported: new.len() as u32,
            already_here,
            rejected: rejected(&file.rejected.listed),
        })
    }

    /// Ids and places in the file of what is not here yet, and how many were.
    fn new_records(&self, file: &File) -> Result<(Vec<(String, usize)>, u32), VaultError> {
        let mut seen = HashSet::new();
        let mut new = Vec::new();
        let mut already_here = 0;
        for (at, record) in file.records.iter().enumerate() {
            let id = record_id(&record.raw);
            if !seen.insert(id.clone()) {
                continue;
            }
            if self.vault.get_bytes(Table::RecordIndex, &id)?.is_some() {
                already_here += 1;
            } else {
                new.push((id, at));
            }
        }
        Ok((new, already_here))
    }

    pub(crate) fn person(&self) -> Result<Option<KeptPerson>, VaultError> {
        self.vault.get(Table::Profile, PERSON)
    }
}

/// First 128 bits of the SHA-256 of a record's bytes.
fn record_id(raw: &str) -> String {
    hex::encode(&Sha256::digest(raw)[..16])
}

fn rejected(rejected: &[Rejected]) -> Vec<RejectedView> {
    rejected
        .iter()
        .map(|entry| RejectedView {
            entry: entry.entry.clone(),
            code: entry.code.to_owned(),
            message: entry.message.clone(),
        })
        .collect()
}

pub(crate) fn grouped(groups: impl Iterator<Item = Group>) -> Vec<(Group, u32)> {
    let mut counts = BTreeMap::new();
    for group in groups {
        *counts.entry(group).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}
