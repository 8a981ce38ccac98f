//! Files inside records: letters, scans, pictures, in base64 as FHIR carries them. An address is never followed.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{
    json::{self, Json, MAX_DEPTH},
    text::{TITLE, plain},
};

/// The largest file inside a record, in bytes.
pub const MAX_ATTACHMENT: usize = 50 << 20;

/// What is known of a file without unpacking it. `Debug` shows its type and size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What its writer calls it.
    pub title: Option<String>,
    /// By its first bytes, whatever its writer says: see [`kind_of`].
    pub content_type: &'static str,
    /// Length in bytes; `None` when the record has only an address of it.
    pub bytes: Option<u64>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Why a file can't be taken out of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// No such place.
    #[error("This record has no attachment with this number.")]
    Unknown,
    /// Only `url`.
    #[error("This record names the address of a file, but does not hold the file.")]
    Elsewhere,
    /// Over [`MAX_ATTACHMENT`].
    #[error("This attachment is larger than 50 MB.")]
    TooLarge,
    /// Not base64 (RFC 4648 §4).
    #[error("This attachment is not written as base64, so it can't be unpacked.")]
    NotBase64,
    /// `size` or `hash` say otherwise.
    #[error("This attachment is not what the record says it is: its length or its checksum differs.")]
    Altered,
}

impl AttachmentError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_attachment",
            Self::Elsewhere => "attachment_elsewhere",
            Self::TooLarge => "attachment_too_large",
            Self::NotBase64 => "attachment_not_base64",
            Self::Altered => "attachment_altered",
        }
    }
}

/// What a file is by its first bytes: PDF, PNG, JPEG, GIF or WebP.
pub fn kind_of(start: &[u8]) -> Option<&'static str> {
    Some(match start {
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return None,
    })
}

/// The files of a record, in order. Those of `contained` resources come after its own.
pub fn attachments(raw: &str) -> Vec<Attachment> {
    let Ok(resource) = json::parse(raw.as_bytes(), MAX_DEPTH) else {
        return Vec::new();
    };
    let line = |place: &&Json<'_>| {
        let data = place.text_at(&["data"]);
        let start = data.and_then(|data| STANDARD.decode(data.get(..16)?).ok());
        Attachment {
            title: place.text_at(&["title"]).and_then(|title| plain(title, TITLE)),
            content_type: start
                .and_then(|start| kind_of(&start))
                .unwrap_or("application/octet-stream"),
            bytes: data.map(length),
        }
    };
    places(&resource).iter().map(line).collect()
}

/// The bytes of one of [`attachments`], checked against `size` and `hash` where they are given.
pub fn attachment(raw: &str, index: usize) -> Result<Vec<u8>, AttachmentError> {
    let resource = json::parse(raw.as_bytes(), MAX_DEPTH).map_err(|_| AttachmentError::Unknown)?;
    let place = *places(&resource).get(index).ok_or(AttachmentError::Unknown)?;
    let data = place.text_at(&["data"]).ok_or(AttachmentError::Elsewhere)?;
    if length(data) > MAX_ATTACHMENT as u64 {
        return Err(AttachmentError::TooLarge);
    }
    let bytes = if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
        // FHIR R4 §2.24.0.1 allows white space in `base64Binary`.
        let dense: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        STANDARD.decode(dense)
    } else {
        STANDARD.decode(data)
    }
    .map_err(|_| AttachmentError::NotBase64)?;
    let size = match place.get("size") {
        Some(Json::Number(size)) => size.parse().ok() == Some(bytes.len()),
        _ => true,
    };
    let hash = place
        .text_at(&["hash"])
        .is_none_or(|hash| is_hash_of(hash, &bytes));
    if size && hash {
        Ok(bytes)
    } else {
        Err(AttachmentError::Altered)
    }
}

/// SHA-1 in base64 (FHIR R4 §2.24.0.2); SHA-256, as some write it.
fn is_hash_of(hash: &str, bytes: &[u8]) -> bool {
    match STANDARD.decode(hash) {
        Ok(hash) if hash.len() == 32 => hash == Sha256::digest(bytes).as_slice(),
        Ok(hash) => hash == Sha1::digest(bytes).as_slice(),
        Err(_) => false,
    }
}

/// Bytes that this much base64 stands for.
fn length(data: &str) -> u64 {
    let written = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    let padding = data.bytes().rev().take(4).filter(|byte| *byte == b'=').count();
    (written / 4 * 3).saturating_sub(padding) as u64
}

/// The Attachments (and, of a Binary, itself) in a resource.
fn places<'j, 'a>(resource: &'j Json<'a>) -> Vec<&'j Json<'a>> {
    let own: Vec<&Json<'_>> = match resource.text_at(&["resourceType"]) {
        Some("Binary") => vec![resource],
        Some("DocumentReference") => resource
            .list("content")
            .iter()
            .filter_map(|content| content.get("attachment"))
            .collect(),
        Some("Media") => resource.get("content").into_iter().collect(),
        Some("DiagnosticReport") => resource.list("presentedForm").iter().collect(),
        Some("Patient" | "Practitioner" | "Person" | "RelatedPerson") => {
            resource.list("photo").iter().collect()
        }
        Some("Communication") => resource
            .list("payload")
            .iter()
            .filter_map(|payload| payload.get("contentAttachment"))
            .collect(),
        Some("Consent") => resource.get("sourceAttachment").into_iter().collect(),
        _ => Vec::new(),
    };
    let inner = resource.list("contained").iter().flat_map(places);
    own.into_iter().chain(inner).collect()
}

/// A file that is no FHIR, as a DocumentReference around it. `subject` is a reference to the patient.
pub fn document(
    id: &str,
    title: &str,
    content_type: &str,
    bytes: &[u8],
    subject: Option<&str>,
    now: jiff::Timestamp,
) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let subject = subject.map(|subject| format!(",\"subject\":{{\"reference\":{}}}", text(subject)));
    let day = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
    let hash = STANDARD.encode(Sha1::digest(bytes));
    let before = format!(
        "{{\"resourceType\":\"DocumentReference\",\"id\":{},\"status\":\"current\"{},\"date\":\"{day}\",\"description\":{title},\
         \"content\":[{{\"attachment\":{{\"contentType\":{},\"title\":{title},\"size\":{},\"hash\":\"{hash}\",\"data\":\"",
        text(id),
        subject.unwrap_or_default(),
        text(content_type),
        bytes.len(),
        title = text(title),
    );
    // In one piece from the start: it may be large.
    let mut out = String::with_capacity(before.len() + bytes.len().div_ceil(3) * 4 + 8);
    out.push_str(&before);
    STANDARD.encode_string(bytes, &mut out);
    out.push_str("\"}}]}");
    out
}
