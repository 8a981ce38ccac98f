//! What is imported: a file on the disk, or bytes that are here already.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::Path,
};

/// A file that can be read twice.
pub struct Source<'a> {
    pub(crate) name: String,
    pub(crate) reader: Box<dyn Reader + 'a>,
}

/// Read from any place in it.
pub(crate) trait Reader: Read + Seek + Send {}
impl<T: Read + Seek + Send> Reader for T {}

impl Source<'static> {
    /// A file on the disk, which stays open and must not change meanwhile.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            reader: Box::new(file),
        })
    }
}

impl<'a> Source<'a> {
    /// What a page or a test hands over.
    pub fn bytes(name: &str, bytes: &'a [u8]) -> Self {
        Self {
            name: name.to_owned(),
            reader: Box::new(Cursor::new(bytes)),
        }
    }

    /// The first bytes.
    pub(crate) fn start(&mut self) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        self.reader.rewind()?;
        (&mut self.reader).take(16).read_to_end(&mut start)?;
        Ok(start)
    }

    /// Everything; `None` if that is more than `most` bytes.
    pub(crate) fn whole(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let length = self.reader.seek(SeekFrom::End(0))?;
        if length > most as u64 {
            return Ok(None);
        }
        self.reader.rewind()?;
        let mut bytes = Vec::with_capacity(length as usize);
        (&mut self.reader).take(most as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}
