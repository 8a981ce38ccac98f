//! What `make fuzz` may reach of a backup.

use std::io::Read;

use super::{BackupSecret, header::Header, item::Item};
use crate::words::Words;

/// What stands before the content, opened by these words.
pub(in crate::vault) fn read_start(mut file: impl Read, words: &Words) {
    let _ = Header::read(&mut file, &BackupSecret::Words(words));
}

/// The content, as if its maker had known the key.
pub(in crate::vault) fn read_items(mut content: impl Read) {
    while let Ok(item) = Item::read(&mut content) {
        if matches!(item, Item::End { .. }) {
            break;
        }
    }
}
