//! Printable pages: a [`Document`] in, the bytes of a PDF out. Pure: no clock, no file, no randomness; the same document
//! gives the same bytes.
//!
//! A4, one type family (DejaVu, embedded, only the letters that are used), ink on white and one accent. The pages are
//! tagged, so that a screen reader finds headings and tables. What strangers wrote is printed as plain letters: marks that
//! turn or hide text are dropped, and a letter that the type lacks is a visible box.

mod code;
mod document;
mod face;
mod flow;
mod page;
mod structure;
mod text;
mod write;

pub use document::{Document, PaperError, Table};
