//! A file read piece by piece: at any time one piece and one value are in memory.

use std::io::{ErrorKind, Read, Seek};

use crate::{
    FileError,
    cut::{End, is_space},
    file::MAX_BYTES,
};

const PIECE: usize = 64 * 1024;

/// What remains to be read of a file.
pub(crate) struct Pieces<R> {
    source: R,
    piece: Vec<u8>,
    at: usize,
    /// Bytes of the file before `piece`.
    before: u64,
    /// Length of the file in bytes.
    length: u64,
}

/// Whether a value was kept or, being over the limit, passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Whole,
    TooLarge,
}

impl<R: Read + Seek> Pieces<R> {
    pub(crate) fn new(mut source: R) -> Result<Self, FileError> {
        let length = source.seek(std::io::SeekFrom::End(0)).map_err(unreadable)?;
        if length > MAX_BYTES {
            return Err(FileError::TooLarge);
        }
        Ok(Self {
            source,
            piece: Vec::new(),
            at: 0,
            before: 0,
            length,
        })
    }

    /// Back to the first byte that is neither a byte order mark nor white space.
    pub(crate) fn restart(&mut self) -> Result<(), FileError> {
        self.source.rewind().map_err(unreadable)?;
        self.piece.clear();
        (self.at, self.before) = (0, 0);
        for byte in *b"\xef\xbb\xbf" {
            if !self.take(byte)? {
                break;
            }
        }
        self.space()
    }
}

impl<R: Read> Pieces<R> {
    /// Length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes have been read.
    pub(crate) fn read(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The next bytes; none at the end of the file.
    pub(crate) fn piece(&mut self) -> Result<&[u8], FileError> {
        if self.at == self.piece.len() {
            self.before += self.piece.len() as u64;
            self.at = 0;
            self.piece.resize(PIECE, 0);
            let read = loop {
                match self.source.read(&mut self.piece) {
                    Ok(read) => break read,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.piece.clear();
                        return Err(unreadable(error));
                    }
                }
            };
            self.piece.truncate(read);
            if self.before + read as u64 > MAX_BYTES {
                return Err(FileError::TooLarge);
            }
        }
        Ok(&self.piece[self.at..])
    }

    pub(crate) fn pass(&mut self, bytes: usize) {
        self.at = self.piece.len().min(self.at + bytes);
    }

    /// The next byte.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, FileError> {
        Ok(self.piece()?.first().copied())
    }

    /// Passes this byte if it is the next one.
    pub(crate) fn take(&mut self, byte: u8) -> Result<bool, FileError> {
        let here = self.peek()? == Some(byte);
        self.pass(usize::from(here));
        Ok(here)
    }

    /// As [`Pieces::take`], after white space.
    pub(crate) fn take_next(&mut self, byte: u8) -> Result<bool, FileError> {
        self.space()?;
        self.take(byte)
    }

    pub(crate) fn space(&mut self) -> Result<(), FileError> {
        loop {
            let piece = self.piece()?;
            let spaces = piece.iter().take_while(|byte| is_space(**byte)).count();
            let all = spaces == piece.len();
            self.pass(spaces);
            if !all || spaces == 0 {
                return Ok(());
            }
        }
    }

    /// The next value into `out`, unless it is longer than `limit` bytes.
    pub(crate) fn value(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<Kept, FileError> {
        self.space()?;
        let mut end = End::default();
        let mut kept = Kept::Whole;
        loop {
            let piece = self.piece()?;
            if piece.is_empty() {
                return if end.may_end_here() {
                    Ok(kept)
                } else {
                    Err(FileError::NotJson)
                };
            }
            let found = end.of(piece).map_err(|_| FileError::NotJson)?;
            let length = found.unwrap_or(piece.len());
            if kept == Kept::Whole && out.len() + length <= limit {
                out.extend_from_slice(&piece[..length]);
            } else {
                kept = Kept::TooLarge;
                *out = Vec::new();
            }
            self.pass(length);
            if found.is_some() {
                return Ok(kept);
            }
        }
    }

    /// The rest of this line into `out`, unless it is longer than `limit` bytes.
    pub(crate) fn line(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<Kept, FileError> {
        let mut kept = Kept::Whole;
        loop {
            let piece = self.piece()?;
            let end = memchr::memchr(b'\n', piece);
            let length = end.unwrap_or(piece.len());
            if kept == Kept::Whole && out.len() + length <= limit {
                out.extend_from_slice(&piece[..length]);
            } else {
                kept = Kept::TooLarge;
                *out = Vec::new();
            }
            let over = end.is_some() || piece.is_empty();
            self.pass(length + usize::from(end.is_some()));
            if over {
                return Ok(kept);
            }
        }
    }
}

fn unreadable(error: std::io::Error) -> FileError {
    FileError::Unreadable(error.kind())
}
