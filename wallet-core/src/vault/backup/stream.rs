//! The content's seal: written and read piece by piece, so that its length doesn't matter.

use std::io::{self, Read, Write};

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

/// Bytes of content in every piece but the last, which has fewer.
pub(super) const PIECE: usize = 1 << 20;
const TAG: usize = 16;

/// Key and nonce of one content; used once.
pub(super) struct StreamKey {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) nonce: [u8; 19],
}

/// Seals what is written to it. [`SealedWriter::finish`] marks the end; without that, it is not a whole content.
pub(super) struct SealedWriter<W> {
    file: W,
    stream: EncryptorBE32<XChaCha20Poly1305>,
    piece: Zeroizing<Vec<u8>>,
}

impl<W: Write> SealedWriter<W> {
    pub(super) fn new(file: W, key: &StreamKey) -> Self {
        let cipher = XChaCha20Poly1305::new((&*key.key).into());
        Self {
            file,
            stream: EncryptorBE32::from_aead(cipher, (&key.nonce).into()),
            piece: Zeroizing::new(Vec::with_capacity(PIECE + TAG)),
        }
    }

    /// Seals the last piece.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let piece: &mut Vec<u8> = &mut self.piece;
        self.stream
            .encrypt_last_in_place(&[], piece)
            .map_err(|_| io::Error::other("too long"))?;
        self.file.write_all(piece)?;
        Ok(self.file)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until it is known not to be the last one.
        if self.piece.len() == PIECE {
            let piece: &mut Vec<u8> = &mut self.piece;
            self.stream
                .encrypt_next_in_place(&[], piece)
                .map_err(|_| io::Error::other("too long"))?;
            self.file.write_all(piece)?;
            piece.clear();
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Opens what it reads. A piece that is not as it was sealed, or an end that is not the end, is [`io::ErrorKind::InvalidData`].
pub(super) struct SealedReader<R> {
    file: R,
    /// Gone once the last piece was read.
    stream: Option<DecryptorBE32<XChaCha20Poly1305>>,
    /// The next piece as it is in the file.
    ahead: Vec<u8>,
    piece: Zeroizing<Vec<u8>>,
    at: usize,
    /// Bytes of the file read so far.
    pub(super) taken: u64,
}

impl<R: Read> SealedReader<R> {
    pub(super) fn new(file: R, key: &StreamKey) -> io::Result<Self> {
        let cipher = XChaCha20Poly1305::new((&*key.key).into());
        let mut reader = Self {
            file,
            stream: Some(DecryptorBE32::from_aead(cipher, (&key.nonce).into())),
            ahead: Vec::with_capacity(PIECE + TAG),
            piece: Zeroizing::new(Vec::new()),
            at: 0,
            taken: 0,
        };
        reader.read_ahead()?;
        Ok(reader)
    }

    fn read_ahead(&mut self) -> io::Result<()> {
        self.ahead.clear();
        self.taken += (&mut self.file)
            .take((PIECE + TAG) as u64)
            .read_to_end(&mut self.ahead)? as u64;
        Ok(())
    }

    /// The next piece, opened; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let altered = || io::Error::new(io::ErrorKind::InvalidData, "altered");
        let Some(mut stream) = self.stream.take() else {
            return Ok(false);
        };
        let mut piece = Zeroizing::new(std::mem::replace(
            &mut self.ahead,
            Vec::with_capacity(PIECE + TAG),
        ));
        self.read_ahead()?;
        let opened: &mut Vec<u8> = &mut piece;
        if self.ahead.is_empty() {
            stream.decrypt_last_in_place(&[], opened).map_err(|_| altered())?;
        } else {
            stream.decrypt_next_in_place(&[], opened).map_err(|_| altered())?;
            self.stream = Some(stream);
        }
        self.piece = piece;
        self.at = 0;
        Ok(true)
    }
}

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        while self.at == self.piece.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let taken = into.len().min(self.piece.len() - self.at);
        into[..taken].copy_from_slice(&self.piece[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}
