//! Looking at what the wallet holds.

use std::{io::Write, sync::Arc};

use carnet_fhir::{AttachmentError, BundleWriter, pretty};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    Described, Facts, Wallet,
    index::{Catalogue, Held, Index, NotFound, Packs},
    vault::VaultError,
    views::{AttachmentView, FieldLine, RecordLine, RecordView, RecordsFilter, RecordsPage},
};

#[derive(Debug, Error)]
pub enum RecordsError {
    #[error("There is no record with this id.")]
    Unknown,
    #[error("Several records begin with this id.")]
    Ambiguous,
    #[error("This record's bytes are not in the vault, although its entry is.")]
    Missing,
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    #[error("The records can't be written there: {0}.")]
    Unwritable(std::io::ErrorKind),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for RecordsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unknown => Facts::expected("unknown_record", "Look it up in the list of records."),
            Self::Ambiguous => Facts::expected("ambiguous_id", "Give more of the id."),
            Self::Missing => Facts::critical("record_missing", "Import the file that it came from again."),
            Self::Attachment(error) => Facts::expected(
                error.code(),
                match error {
                    AttachmentError::Unknown => "Look at the list of its attachments.",
                    AttachmentError::Elsewhere => "Ask who wrote the record for the file itself.",
                    _ => "Ask who wrote the record for a new copy.",
                },
            ),
            Self::Unwritable(_) => Facts::expected("unwritable_file", "Choose another place."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl From<NotFound> for RecordsError {
    fn from(error: NotFound) -> Self {
        match error {
            NotFound::Unknown => Self::Unknown,
            NotFound::Ambiguous => Self::Ambiguous,
        }
    }
}

impl Wallet {
    /// Every record, or those of one FHIR type, newest first; undated ones last.
    pub fn records(&self, resource_type: Option<&str>) -> Result<Vec<RecordLine>, RecordsError> {
        Ok(self
            .index()?
            .newest_first()
            .filter(|held| resource_type.is_none_or(|wanted| wanted == held.resource_type()))
            .map(|held| held.line())
            .collect())
    }

    /// A page of the list: `limit` lines after the first `offset` ones, and how many there are in all.
    pub fn records_page(
        &self,
        filter: &RecordsFilter,
        offset: u32,
        limit: u32,
    ) -> Result<RecordsPage, RecordsError> {
        let index = self.index()?;
        let text = filter.text.as_deref().map(str::trim).unwrap_or_default();
        let text = text.to_lowercase();
        let wanted = |held: &Held<'_>| {
            let of_type = filter.resource_type.as_deref();
            let group = filter.group;
            of_type.is_none_or(|of_type| of_type == held.resource_type())
                && group.is_none_or(|group| group == held.group())
                && (text.is_empty() || held.says(&text))
        };
        let mut page = RecordsPage {
            total: 0,
            lines: Vec::new(),
        };
        for held in index.newest_first().filter(wanted) {
            if page.total >= offset && page.lines.len() < limit as usize {
                page.lines.push(held.line());
            }
            page.total += 1;
        }
        Ok(page)
    }

    /// One record, readable, with the values of the same measurement over time. A unique beginning of the id will do.
    pub fn record(&self, id: &str) -> Result<RecordView, RecordsError> {
        let index = self.index()?;
        let held = index.find(id)?;
        let fields = pretty(Packs::of(&self.vault).raw(&held)?);
        let own = held.measurement();
        Ok(RecordView {
            line: held.line(),
            fields: fields
                .into_iter()
                .map(|line| FieldLine {
                    label: line.label,
                    value: line.value,
                })
                .collect(),
            series: index.series(&held).filter_map(|other| other.point()).collect(),
            low: own.as_ref().and_then(|own| own.low),
            high: own.as_ref().and_then(|own| own.high),
            unit: own.map(|own| own.unit).filter(|unit| !unit.is_empty()),
        })
    }

    /// The record exactly as it was imported. A unique beginning of the id will do.
    pub fn record_raw(&self, id: &str) -> Result<String, RecordsError> {
        let index = self.index()?;
        Ok(Packs::of(&self.vault).raw(&index.find(id)?)?.to_owned())
    }

    /// The files inside a record: letters, scans, pictures.
    pub fn attachments(&self, id: &str) -> Result<Vec<AttachmentView>, RecordsError> {
        let index = self.index()?;
        let held = index.find(id)?;
        let found = carnet_fhir::attachments(Packs::of(&self.vault).raw(&held)?);
        Ok((0..)
            .zip(found)
            .map(|(index, attachment)| AttachmentView {
                index,
                title: attachment.title,
                content_type: attachment.content_type.to_owned(),
                bytes: attachment.bytes.and_then(|bytes| bytes.try_into().ok()),
            })
            .collect())
    }

    /// The bytes of one of [`Wallet::attachments`], by its index. An address in the record is never followed.
    pub fn attachment(&self, id: &str, attachment: u32) -> Result<Zeroizing<Vec<u8>>, RecordsError> {
        let index = self.index()?;
        let held = index.find(id)?;
        let mut packs = Packs::of(&self.vault);
        let bytes = carnet_fhir::attachment(packs.raw(&held)?, attachment as usize)?;
        Ok(Zeroizing::new(bytes))
    }

    /// Everything in one FHIR Bundle, each resource's bytes as imported, in the order in which they came. Returns how many.
    pub fn export_records(&self, out: &mut dyn Write) -> Result<u32, RecordsError> {
        let index = self.index()?;
        let unwritable = |error: std::io::Error| RecordsError::Unwritable(error.kind());
        let mut packs = Packs::of(&self.vault);
        let mut bundle = BundleWriter::begin(out, self.clock.now()).map_err(unwritable)?;
        let mut written = 0;
        for held in index.in_packs() {
            let raw = packs.raw(&held)?;
            bundle.add(held.full_url(), raw).map_err(unwritable)?;
            written += 1;
        }
        bundle.end().and_then(Write::flush).map_err(unwritable)?;
        Ok(written)
    }

    /// What is known of every record.
    pub(crate) fn index(&self) -> Result<Arc<Index>, VaultError> {
        self.shelf.index(&self.vault)
    }

    pub(crate) fn count_records(&self) -> Result<u32, VaultError> {
        Ok(Catalogue::of(&self.vault)?.records)
    }
}
