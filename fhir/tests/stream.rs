//! A file read piece by piece says the same as one that is in memory, in bounded memory, whatever is in it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use std::{
    io::{Cursor, Read, Seek, SeekFrom},
    ops::ControlFlow,
};

use carnet_fhir::{Entry, File, FileError, MAX_BYTES, MAX_ENTRY, MAX_LISTED, Names, Stream, read_file};
use proptest::prelude::*;

/// Gives as many bytes at once as it is told, over and over.
struct Dribble<'a> {
    bytes: Cursor<&'a [u8]>,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()].clamp(1, out.len());
        self.bytes.read(&mut out[..size])
    }
}

impl Seek for Dribble<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

fn twice<R: Read + Seek>(source: R) -> Result<File, FileError> {
    let mut stream = Stream::open(source)?;
    let mut names = Names::default();
    let mut before = 0;
    let _ = stream.read(&mut names, &mut |entry: Entry| {
        assert!(entry.read > before, "further with each entry");
        before = entry.read;
        ControlFlow::Continue(())
    })?;
    let mut file = File::default();
    let _ = stream.read(&mut names, &mut |entry: Entry| {
        match entry.record {
            Ok(record) => file.records.push(record),
            Err(rejected) => file.rejected.push(rejected),
        }
        ControlFlow::Continue(())
    })?;
    Ok(file)
}

const LENT: &str = r#"{"resourceType":"Bundle","type":"document","entry":[
    {"resource":{"resourceType":"MedicationStatement","status":"active","subject":{"reference":"Patient/1"},
        "medicationReference":{"reference":"Medication/m"}}} , 7,
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"a\\\"}]"},"valueString":"\u00e9"}},
    {"fullUrl":"https://x.example/Medication/m","resource":{"resourceType":"Medication","id":"m",
        "code":{"coding":[{"system":"http://www.whocc.no/atc","code":"N06AB06","display":"Sertraline"}]}}}]}"#;
const LINES: &str = "{\"resourceType\":\"Patient\",\"id\":\"1\"}\r\n\r\n{\"resourceType\":\"Spell\"}\n {\"resourceType\":\"Condition\",\"subject\":{}} \n{\"resourceType\":\"Condi\n";
const ONE: &str =
    "\u{feff} {\"entry\":[1],\n\"id\":\"x\",\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}}\n";

#[test]
fn bulk_data_is_read_line_by_line_and_a_broken_line_is_refused_alone() {
    let file = twice(Cursor::new(LINES)).unwrap();
    let raws: Vec<&str> = file.records.iter().map(|record| record.raw.as_str()).collect();
    assert_eq!(
        raws,
        [
            r#"{"resourceType":"Patient","id":"1"}"#,
            r#"{"resourceType":"Condition","subject":{}}"#
        ]
    );
    let refused: Vec<_> = file
        .rejected
        .listed
        .iter()
        .map(|refused| (refused.entry.as_str(), refused.code))
        .collect();
    assert_eq!(refused, [("line 3", "not_fhir"), ("line 5", "not_json")]);
    // Not bulk data: more than one line for one value.
    let spread = "{\"resourceType\":\n\"Patient\"}\n{\"resourceType\":\"Patient\"}";
    assert_eq!(twice(Cursor::new(spread)).unwrap_err(), FileError::NotJson);
}

#[test]
fn a_name_is_lent_wherever_the_lender_stands() {
    let file = twice(Cursor::new(LENT)).unwrap();
    assert_eq!(file.records[0].summary.title, "Sertraline");
    assert!(!file.records[0].summary.sensitive.is_empty());
    assert_eq!(file.rejected.listed[0].message, "entry must be an object");
    assert_eq!(file, read_file(LENT.as_bytes()).unwrap());
}

/// As long as it is told, without being anywhere.
struct Endless {
    length: u64,
    at: u64,
    start: &'static [u8],
    fill: u8,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let start = usize::try_from(self.at).unwrap();
        let size = usize::try_from(self.length - self.at).unwrap().min(out.len());
        out[..size].fill(self.fill);
        if let Some(rest) = self.start.get(start..) {
            let begun = rest.len().min(size);
            out[..begun].copy_from_slice(&rest[..begun]);
        }
        self.at += size as u64;
        Ok(size)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(_) => self.length,
            SeekFrom::Current(_) => self.at,
        };
        Ok(self.at)
    }
}

#[test]
fn what_is_too_large_is_refused_without_being_kept() {
    let of = |length, start, fill| {
        twice(Endless {
            length,
            at: 0,
            start,
            fill,
        })
    };
    assert_eq!(of(MAX_BYTES + 1, b"", b' ').unwrap_err(), FileError::TooLarge);
    let large = MAX_ENTRY as u64 * 2;
    assert_eq!(
        of(large, br#"{"resourceType":"Bundle","entry":[{"resource":""#, b'x').unwrap_err(),
        FileError::NotJson
    );
    assert_eq!(of(large, b"", b'[').unwrap_err(), FileError::NotJson);
    let file = of(large, b"{\"resourceType\":\"Patient\"}\n", b'x').unwrap();
    assert_eq!(file.records.len(), 1);
    assert_eq!(file.rejected.listed[0].code, "entry_too_large");

    let bundle = format!(
        r#"{{"resourceType":"Bundle","entry":[{}{{}}]}}"#,
        "{},".repeat(MAX_LISTED * 2)
    );
    let file = read_file(bundle.as_bytes()).unwrap();
    assert_eq!(file.rejected.listed.len(), MAX_LISTED);
    assert_eq!(file.rejected.count as usize, MAX_LISTED * 2 + 1);
}

#[test]
fn whoever_has_seen_enough_stops() {
    let mut stream = Stream::open(Cursor::new(LENT)).unwrap();
    let mut seen = 0;
    let flow = stream
        .read(&mut Names::default(), &mut |_| {
            seen += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!((flow, seen), (ControlFlow::Break(()), 1));
}

proptest! {
    #[test]
    fn however_the_bytes_come_they_say_the_same(sizes in proptest::collection::vec(1_usize..40, 1..8), which in 0..3_usize) {
        let text = [LENT, LINES, ONE][which];
        let dribble = Dribble { bytes: Cursor::new(text.as_bytes()), sizes, turn: 0 };
        prop_assert_eq!(twice(dribble), read_file(text.as_bytes()));
        prop_assert!(!read_file(text.as_bytes()).unwrap().records.is_empty());
    }

    #[test]
    fn a_spoiled_file_is_the_same_piece_by_piece(
        which in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), sizes in proptest::collection::vec(1_usize..9, 1..4),
    ) {
        let mut bytes = [LENT, LINES, ONE][which].as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let dribble = Dribble { bytes: Cursor::new(&bytes), sizes, turn: 0 };
        prop_assert_eq!(twice(dribble), read_file(&bytes));
    }

    #[test]
    fn no_bytes_panic_the_stream(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = twice(Cursor::new(&bytes));
        let _ = twice(Cursor::new([b"{\"resourceType\":\"Basic\"}\n".as_slice(), &bytes].concat()));
    }
}
