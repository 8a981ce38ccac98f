//! A file cut into records, entry by entry.

use std::{
    collections::HashSet,
    io::{Read, Seek},
    ops::ControlFlow,
};

use crate::{
    EntryError, FileError, Names, Record, Rejected, cut,
    file::{MAX_ENTRIES, MAX_ENTRY},
    json::{self, JsonErrorKind, MAX_DEPTH},
    pieces::{Kept, Pieces},
    record::read_entry,
};

/// Longest name of a member of a Bundle, and longest `resourceType`, in bytes.
const LONGEST_NAME: usize = 1024;
/// Most members of a Bundle.
const MOST_MEMBERS: usize = 1024;

/// An open file: a Bundle of any type, bulk data (one resource a line), or one resource.
///
/// Each record is kept byte for byte; at any time only one is in memory. An entry that is broken is rejected by itself; only
/// what makes the file as a whole unreadable is an error.
///
/// A record without a name of its own (a medicine given by reference) takes it from the entry of this file that it points at,
/// wherever that stands: read the file twice with the same [`Names`], and the second time everybody has a name.
pub struct Stream<R> {
    pieces: Pieces<R>,
    form: Form,
}

/// One entry of a file.
#[derive(Debug)]
pub struct Entry {
    /// The record, or why it is not taken.
    pub record: Result<Record, Rejected>,
    /// How many bytes of the file have been read up to its end.
    pub read: u64,
    /// The reference under which it asks for a name.
    pub(crate) asks: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bundle,
    Lines,
    One,
}

type Visit<'a> = dyn FnMut(Entry) -> ControlFlow<()> + 'a;

impl<R> std::fmt::Debug for Stream<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl<R: Read + Seek> Stream<R> {
    /// Looks at what kind of file it is.
    pub fn open(source: R) -> Result<Self, FileError> {
        let mut pieces = Pieces::new(source)?;
        let form = form(&mut pieces)?;
        Ok(Self { pieces, form })
    }

    /// Length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.pieces.length()
    }

    /// Goes over the whole file once; breaks when `visit` does.
    pub fn read(&mut self, names: &mut Names, visit: &mut Visit<'_>) -> Result<ControlFlow<()>, FileError> {
        self.pieces.restart()?;
        let mut pass = Pass {
            names,
            visit,
            entries: 0,
            records: 0,
            other_versions: 0,
        };
        let flow = match self.form {
            Form::Bundle => pass.bundle(&mut self.pieces)?,
            Form::Lines => pass.lines(&mut self.pieces)?,
            Form::One => pass.one(&mut self.pieces)?,
        };
        if flow.is_continue() && pass.records == 0 && pass.other_versions > 0 {
            return Err(FileError::WrongVersion);
        }
        Ok(flow)
    }
}

/// What kind of file it is, by its first value: a Bundle says so; another resource alone on the first of several lines is bulk
/// data; any other is alone.
fn form<R: Read + Seek>(pieces: &mut Pieces<R>) -> Result<Form, FileError> {
    pieces.restart()?;
    if resource_type(pieces)? == b"\"Bundle\"" {
        return Ok(Form::Bundle);
    }
    pieces.restart()?;
    let mut end = cut::End::default();
    let mut lines = 0;
    loop {
        let piece = pieces.piece()?;
        if piece.is_empty() {
            return Err(FileError::NotJson);
        }
        let found = end.of(piece).map_err(|_| FileError::NotJson)?;
        let length = found.unwrap_or(piece.len());
        lines += memchr::memchr_iter(b'\n', &piece[..length]).count();
        pieces.pass(length);
        if found.is_some() {
            break;
        }
    }
    let mut separated = false;
    while let Some(byte) = pieces.peek()?.filter(|byte| cut::is_space(*byte)) {
        separated |= byte == b'\n';
        pieces.pass(1);
    }
    match pieces.peek()? {
        None => Ok(Form::One),
        Some(_) if lines == 0 && separated => Ok(Form::Lines),
        Some(_) => Err(FileError::NotJson),
    }
}

/// The `resourceType` of the first value, raw.
fn resource_type<R: Read>(pieces: &mut Pieces<R>) -> Result<Vec<u8>, FileError> {
    if !pieces.take(b'{')? {
        return Err(FileError::NotJson);
    }
    if pieces.take_next(b'}')? {
        return Err(FileError::NotFhir);
    }
    loop {
        let mut name = Vec::new();
        pieces.value(&mut name, LONGEST_NAME)?;
        if !pieces.take_next(b':')? {
            return Err(FileError::NotJson);
        }
        let mut value = Vec::new();
        pieces.value(&mut value, LONGEST_NAME)?;
        if name == b"\"resourceType\"" {
            return Ok(value);
        }
        if pieces.take_next(b'}')? {
            return Err(FileError::NotFhir);
        }
        if !pieces.take(b',')? {
            return Err(FileError::NotJson);
        }
    }
}

/// One time over a file.
struct Pass<'a, 'v> {
    names: &'a mut Names,
    visit: &'a mut Visit<'v>,
    entries: usize,
    records: usize,
    other_versions: usize,
}

impl Pass<'_, '_> {
    fn bundle<R: Read>(&mut self, pieces: &mut Pieces<R>) -> Result<ControlFlow<()>, FileError> {
        const TORN: FileError = FileError::NotJson;
        // Everything but the entries must be sound: a bundle with two `entry` lists has no one meaning.
        let mut names = HashSet::new();
        let whole = |right: bool| if right { Ok(()) } else { Err(TORN) };
        whole(pieces.take(b'{')?)?;
        loop {
            let mut name = Vec::new();
            let kept = pieces.value(&mut name, LONGEST_NAME)?;
            whole(kept == Kept::Whole && name.starts_with(b"\"") && names.len() < MOST_MEMBERS)?;
            whole(pieces.take_next(b':')?)?;
            if name == b"\"entry\"" {
                pieces.space()?;
                whole(names.insert(name))?;
                if self.list(pieces)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            } else {
                whole(names.insert(name))?;
                sound(pieces)?;
            }
            if pieces.take_next(b'}')? {
                break;
            }
            whole(pieces.take(b',')?)?;
        }
        pieces.space()?;
        whole(pieces.peek()?.is_none())?;
        Ok(ControlFlow::Continue(()))
    }

    fn list<R: Read>(&mut self, pieces: &mut Pieces<R>) -> Result<ControlFlow<()>, FileError> {
        if !pieces.take(b'[')? {
            return Err(FileError::NotFhir);
        }
        if pieces.take_next(b']')? {
            return Ok(ControlFlow::Continue(()));
        }
        loop {
            let mut entry = Vec::new();
            let kept = pieces.value(&mut entry, MAX_ENTRY)?;
            let place = format!("entry[{}]", self.entries);
            let record = whole(kept).and_then(|()| read_one(entry));
            if self.found(place, record, pieces.read())?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if pieces.take_next(b']')? {
                return Ok(ControlFlow::Continue(()));
            }
            if !pieces.take(b',')? {
                return Err(FileError::NotJson);
            }
        }
    }

    fn lines<R: Read>(&mut self, pieces: &mut Pieces<R>) -> Result<ControlFlow<()>, FileError> {
        let mut number = 0_u64;
        while pieces.peek()?.is_some() {
            number += 1;
            let mut line = Vec::new();
            let kept = pieces.line(&mut line, MAX_ENTRY)?;
            trim(&mut line);
            if kept == Kept::Whole && line.is_empty() {
                continue;
            }
            let record = whole(kept).and_then(|()| read_entry(line, None));
            if self
                .found(format!("line {number}"), record, pieces.read())?
                .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn one<R: Read>(&mut self, pieces: &mut Pieces<R>) -> Result<ControlFlow<()>, FileError> {
        let mut resource = Vec::new();
        let kept = pieces.value(&mut resource, MAX_ENTRY)?;
        let record = whole(kept).and_then(|()| read_entry(resource, None));
        if let Some(refusal) = record.as_ref().err().and_then(FileError::of_only_entry) {
            return Err(refusal);
        }
        self.found("resource".to_owned(), record, pieces.read())
    }

    fn found(
        &mut self,
        place: String,
        found: Result<(Record, Option<String>), EntryError>,
        read: u64,
    ) -> Result<ControlFlow<()>, FileError> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(FileError::TooManyEntries);
        }
        let entry = match found {
            Ok((mut record, asks)) => {
                self.records += 1;
                self.names.note(&record);
                if let Some(reference) = &asks {
                    self.names.give(&mut record, reference);
                }
                Entry {
                    record: Ok(record),
                    read,
                    asks,
                }
            }
            Err(error) => {
                self.other_versions += usize::from(matches!(error, EntryError::WrongVersion { .. }));
                Entry {
                    record: Err(Rejected {
                        entry: place,
                        code: error.code(),
                        message: error.to_string(),
                    }),
                    read,
                    asks: None,
                }
            }
        };
        Ok((self.visit)(entry))
    }
}

fn whole(kept: Kept) -> Result<(), EntryError> {
    match kept {
        Kept::Whole => Ok(()),
        Kept::TooLarge => Err(EntryError::TooLong),
    }
}

/// A member of a Bundle that is not its entries.
fn sound<R: Read>(pieces: &mut Pieces<R>) -> Result<(), FileError> {
    let mut value = Vec::new();
    if pieces.value(&mut value, MAX_ENTRY)? == Kept::TooLarge {
        return Err(FileError::TooLarge);
    }
    match json::parse(&value, MAX_DEPTH) {
        Ok(_) => Ok(()),
        Err(error) if error.kind == JsonErrorKind::TooDeep => Err(FileError::TooDeep),
        Err(_) => Err(FileError::NotJson),
    }
}

fn trim(line: &mut Vec<u8>) {
    line.truncate(line.trim_ascii_end().len());
    let start = line.len() - line.trim_ascii_start().len();
    line.drain(..start);
}

/// The record of a Bundle's entry.
fn read_one(mut entry: Vec<u8>) -> Result<(Record, Option<String>), EntryError> {
    let wrong = |place: &str, wanted| EntryError::WrongType {
        place: place.to_owned(),
        wanted,
    };
    if !entry.starts_with(b"{") {
        return Err(wrong("entry", "an object"));
    }
    let members = cut::members(&entry).map_err(|_| EntryError::NotJson {
        reason: "a syntax error",
        at: 0,
    })?;
    let mut names = HashSet::new();
    let (mut resource, mut full_url) = (None, None);
    for (name, value) in members {
        let at = value.as_ptr().addr() - entry.as_ptr().addr();
        if !names.insert(name) {
            return Err(EntryError::DuplicateKey { at });
        }
        if name == b"resource" {
            resource = Some(at..at + value.len());
            continue;
        }
        let value = json::parse(value, MAX_DEPTH).map_err(EntryError::from)?;
        if name == b"fullUrl" {
            let url = value.text().filter(|url| url.len() <= LONGEST_URL);
            full_url = Some(url.ok_or_else(|| wrong("fullUrl", "a short text"))?.to_owned());
        }
    }
    let resource = resource.ok_or(EntryError::NoResource)?;
    // Moved, not copied: an entry may be large.
    entry.truncate(resource.end);
    entry.drain(..resource.start);
    read_entry(entry, full_url.as_deref())
}

/// Longest `fullUrl`, in bytes.
const LONGEST_URL: usize = 4096;
