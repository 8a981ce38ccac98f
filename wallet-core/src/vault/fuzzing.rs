//! Doors for `make fuzz` to the two parsers of bytes that lie outside of any seal. In no other build.

use zeroize::Zeroizing;

use super::{backup, header::Header};
use crate::words::Words;

/// A header as it is read before any key is known.
pub fn header(bytes: &[u8]) {
    if let Ok(header) = Header::parse(bytes) {
        let _ = (header.store_folder(), header.next_store(), header.id());
        let _ = header.open_with_words_key(&[7; 32]);
    }
}

/// What stands before the content of a backup, opened by words that are not the maker's; and the content.
pub fn backup(bytes: &[u8]) {
    let words = Words::from_entropy(Zeroizing::new([7; 32]));
    backup::fuzzing::read_start(bytes, &words);
    backup::fuzzing::read_items(bytes);
}
