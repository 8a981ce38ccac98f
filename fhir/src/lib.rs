//! Reads FHIR R4: a file cut into records that are kept byte for byte, and what a person or a policy needs to
//! know of each of them.
//!
//! Pure: no clock, no network; a file is whatever can be read twice. References are read, never followed; the one exception is inside a
//! file, where a record may take its name from another entry of the same file.

mod attachment;
mod bundle;
mod carried;
mod clinical;
mod cut;
mod date;
mod detail;
mod file;
pub mod json;
mod known_codes;
mod names;
mod person;
mod pieces;
mod pretty;
mod record;
mod sensitive_codes;
mod sensitivity;
mod shapes;
mod stream;
mod summary;
mod text;
mod title;
mod value;

pub use attachment::{
    Attachment, AttachmentError, MAX_ATTACHMENT, attachment, attachments, document, kind_of,
};
pub use bundle::{BundleWriter, bundle};
pub use date::{ClinicalDate, DateError};
pub use file::{
    File, FileError, MAX_BYTES, MAX_ENTRIES, MAX_ENTRY, MAX_LISTED, Rejected, Rejects, read_file,
};
pub use names::Names;
pub use person::{Person, person_of};
pub use pretty::{Line, pretty};
pub use record::{EntryError, Record, read_record};
pub use sensitivity::Sensitivity;
pub use shapes::is_r4_type;
pub use stream::{Entry, Stream};
pub use summary::{Coding, Group, Measurement, Summary};
