//! Taking records in from a file.

use std::{
    collections::{BTreeMap, HashSet},
    ops::ControlFlow,
};

use carnet_fhir::{
    Entry, FileError, Group, MAX_ATTACHMENT, Names, Record, Rejects, Stream, document, kind_of, read_record,
};
use thiserror::Error;

use crate::{
    Described, Facts, Source, Wallet,
    activity::counted,
    index::{Intake, record_id},
    kept::{KeptPerson, PERSON},
    person::Whose,
    progress::{Progress, Watch},
    source::Reader,
    vault::{Table, VaultError},
    views::{ImportPreview, ImportView, PersonView, RejectedView},
};

/// Bytes read between two looks at whether to go on.
const BETWEEN_LOOKS: u64 = 256 * 1024;

#[derive(Debug, Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("This document is larger than 50 MB. Nothing was imported.")]
    DocumentTooLarge,
    #[error("This file is about somebody else than the person whose wallet this is. Nothing was imported.")]
    OtherPerson,
    /// The reader's wish.
    #[error("The import was cancelled. {taken} records were taken in and stay.")]
    Cancelled {
        /// Records that are durable.
        taken: u32,
    },
    /// It was whole when it was looked through.
    #[error("The file could not be read to its end. {taken} records were taken in and stay.")]
    Interrupted {
        /// Records that are durable.
        taken: u32,
        /// Why.
        #[source]
        source: FileError,
    },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ImportError {
    fn facts(&self) -> Facts {
        match self {
            Self::File(error) => Facts::expected(error.code(), "Choose another file."),
            Self::DocumentTooLarge => Facts::expected(
                "attachment_too_large",
                "Make it smaller, or split it into several.",
            ),
            Self::OtherPerson => Facts::personal(
                "other_person",
                "Check the file. If it is about you after all, say so and import it again.",
            ),
            Self::Cancelled { .. } => Facts::expected(
                "cancelled",
                "Import the same file again to take in the rest; nothing is taken in twice.",
            ),
            Self::Interrupted { .. } => Facts::expected(
                "interrupted",
                "Check the file and import it again; nothing is taken in twice.",
            ),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// What a file holds. Keeps nothing.
    pub fn preview_import(
        &self,
        source: &mut Source<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<ImportPreview, ImportError> {
        let known = self.person()?;
        let index = self.index()?;
        let mut whose = Whose::new(known.as_ref());
        let mut groups = BTreeMap::new();
        let (mut already_here, mut met) = (0, HashSet::new());
        let mut rejected = Rejects::default();
        let mut see = |record: &Record| {
            whose.see(record);
            let id = record_id(&record.raw);
            if met.insert(id) {
                if index.has(&id) {
                    already_here += 1;
                } else {
                    *groups.entry(record.summary.group).or_insert(0) += 1;
                }
            }
        };
        if let Some(document) = self.document(source, known.as_ref())? {
            match document {
                Some(document) => see(&document),
                None => already_here += 1,
            }
        } else {
            let mut stream = Stream::open(&mut source.reader)?;
            let total = stream.bytes();
            let mut look = Look::at(watch, 0, total);
            let flow = stream.read(&mut Names::default(), &mut |entry: Entry| {
                match entry.record {
                    Ok(record) => see(&record),
                    Err(refused) => rejected.push(refused),
                }
                look.on(entry.read)
            })?;
            if flow.is_break() {
                return Err(ImportError::Cancelled { taken: 0 });
            }
        }
        let other_person = whose.other();
        let person = whose.person();
        Ok(ImportPreview {
            file: source.name.clone(),
            other_person,
            sets_person: known.is_none() && person.is_some(),
            person: person.map(|person| PersonView {
                name: person.name.clone(),
                birth_date: person.birth_date.clone(),
            }),
            groups: counted(&groups.into_iter().collect::<Vec<_>>()),
            already_here,
            rejected_total: rejected.count,
            rejected: views(rejected),
        })
    }

    /// Takes a file's records in: a FHIR Bundle, bulk data (one resource a line), one resource, or a PDF or picture, which
    /// becomes a document. The same bytes are the same record; a file about somebody else is refused unless `other_person`
    /// says that it was looked at.
    ///
    /// A large file is taken in by durable parts: after an interruption the same file again brings the rest. Progress is in
    /// bytes; the file is read twice, once to look through it and once to take it in.
    pub fn import(
        &self,
        source: &mut Source<'_>,
        other_person: bool,
        watch: &mut Watch<'_>,
    ) -> Result<ImportView, ImportError> {
        let known = self.person()?;
        if let Some(document) = self.document(source, known.as_ref())? {
            let mut intake = Intake::begin(self, None)?;
            let already_here = u32::from(document.is_none());
            if let Some(document) = document {
                intake.add(document)?;
            }
            return Ok(ImportView {
                imported: intake.finish()?,
                already_here,
                rejected_total: 0,
                rejected: Vec::new(),
            });
        }
        let mut stream = Stream::open(&mut source.reader)?;
        let mut names = Names::default();
        let mut whose = Whose::new(known.as_ref());
        let (length, mut look) = (stream.bytes(), Look::at(watch, 0, stream.bytes() * 2));
        let flow = stream.read(&mut names, &mut |entry: Entry| {
            if let Ok(record) = &entry.record {
                whose.see(record);
            }
            look.on(entry.read)
        })?;
        if flow.is_break() {
            return Err(ImportError::Cancelled { taken: 0 });
        }
        if whose.other() && !other_person {
            return Err(ImportError::OtherPerson);
        }
        let intake = Intake::begin(self, whose.merged(known.as_ref()))?;
        look.begin(length);
        take_in(&mut stream, &mut names, intake, &mut look)
    }

    /// A PDF or picture as a record; `Some(None)` if it is here already, `None` if the file is something else.
    #[expect(clippy::option_option, reason = "three answers")]
    fn document(
        &self,
        source: &mut Source<'_>,
        known: Option<&KeptPerson>,
    ) -> Result<Option<Option<Record>>, ImportError> {
        let unreadable = |error: std::io::Error| FileError::Unreadable(error.kind());
        let Some(kind) = kind_of(&source.start().map_err(unreadable)?) else {
            return Ok(None);
        };
        let bytes = source
            .whole(MAX_ATTACHMENT)
            .map_err(unreadable)?
            .ok_or(ImportError::DocumentTooLarge)?;
        // Named by its content: the same file on another day is the same document.
        let id = format!("file-{}", hex::encode(crate::index::bytes_id(&bytes)));
        if self.index()?.has_resource("DocumentReference", &id) {
            return Ok(Some(None));
        }
        let subject = known.and_then(|person| person.references.first());
        let raw = document(
            &id,
            &source.name,
            kind,
            &bytes,
            subject.map(String::as_str),
            self.clock.now(),
        );
        drop(bytes);
        let record = read_record(raw, None).map_err(|_| FileError::NotFhir)?;
        Ok(Some(Some(record)))
    }

    pub(crate) fn person(&self) -> Result<Option<KeptPerson>, VaultError> {
        self.vault.get(Table::Profile, PERSON)
    }
}

/// The second time over the file.
fn take_in(
    stream: &mut Stream<&mut Box<dyn Reader + '_>>,
    names: &mut Names,
    mut intake: Intake<'_>,
    look: &mut Look<'_, '_>,
) -> Result<ImportView, ImportError> {
    let mut rejected = Rejects::default();
    let mut failed = None;
    let flow = stream.read(names, &mut |entry: Entry| {
        match entry.record {
            Ok(record) => {
                if let Err(error) = intake.add(record) {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            Err(refused) => rejected.push(refused),
        }
        look.on(entry.read)
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    match flow {
        Err(source) => {
            let taken = intake.stop("interrupted")?;
            Err(ImportError::Interrupted { taken, source })
        }
        Ok(ControlFlow::Break(())) => {
            let taken = intake.stop("cancelled")?;
            Err(ImportError::Cancelled { taken })
        }
        Ok(ControlFlow::Continue(())) => {
            let already_here = intake.already_here();
            Ok(ImportView {
                imported: intake.finish()?,
                already_here,
                rejected_total: rejected.count,
                rejected: views(rejected),
            })
        }
    }
}

/// Tells whoever watches how far it is, not too often.
struct Look<'w, 'f> {
    watch: &'w mut Watch<'f>,
    before: u64,
    total: u64,
    next: u64,
}

impl<'w, 'f> Look<'w, 'f> {
    fn at(watch: &'w mut Watch<'f>, before: u64, total: u64) -> Self {
        Self {
            watch,
            before,
            total,
            next: 0,
        }
    }

    /// Reading starts again, this many bytes being done.
    fn begin(&mut self, before: u64) {
        (self.before, self.next) = (before, 0);
    }

    fn on(&mut self, read: u64) -> ControlFlow<()> {
        if read < self.next {
            return ControlFlow::Continue(());
        }
        self.next = read + BETWEEN_LOOKS;
        (self.watch)(Progress {
            done: self.before + read,
            total: self.total,
        })
    }
}

fn views(rejected: Rejects) -> Vec<RejectedView> {
    let view = |entry: carnet_fhir::Rejected| RejectedView {
        entry: entry.entry,
        code: entry.code.to_owned(),
        message: entry.message,
    };
    rejected.listed.into_iter().map(view).collect()
}

pub(crate) fn grouped(groups: impl Iterator<Item = Group>) -> Vec<(Group, u32)> {
    let mut counts = BTreeMap::new();
    for group in groups {
        *counts.entry(group).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}
