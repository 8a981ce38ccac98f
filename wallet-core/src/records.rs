//! Looking at what the wallet holds.

use std::cmp::Reverse;

use carnet_fhir::{Summary, pretty};
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    kept::KeptRecord,
    vault::{Table, VaultError},
    views::{FieldLine, Point, RecordLine, RecordView},
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
    Vault(#[from] VaultError),
}

impl Described for RecordsError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unknown => Facts::expected("unknown_record", "Look it up in the list of records."),
            Self::Ambiguous => Facts::expected("ambiguous_id", "Give more of the id."),
            Self::Missing => Facts::critical("record_missing", "Import the file that it came from again."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl Wallet {
    /// Every record, or those of one FHIR type, newest first; undated ones last.
    pub fn records(&self, resource_type: Option<&str>) -> Result<Vec<RecordLine>, RecordsError> {
        Ok(self
            .index()?
            .iter()
            .filter(|(_, kept)| resource_type.is_none_or(|wanted| wanted == kept.summary.resource_type))
            .map(|(id, kept)| line(id, &kept.summary))
            .collect())
    }

    /// One record, readable, with the values of the same measurement over time. A unique beginning of the id will do.
    pub fn record(&self, id: &str) -> Result<RecordView, RecordsError> {
        let index = self.index()?;
        let (id, kept) = find(&index, id)?;
        let raw = self.raw(id)?;
        let mut view = RecordView {
            line: line(id, &kept.summary),
            fields: pretty(&raw)
                .into_iter()
                .map(|line| FieldLine {
                    label: line.label,
                    value: line.value,
                })
                .collect(),
            series: Vec::new(),
            unit: None,
            low: None,
            high: None,
        };
        if let Some(own) = &kept.summary.measurement {
            view.unit = (!own.unit.is_empty()).then(|| own.unit.clone());
            (view.low, view.high) = (own.low, own.high);
            view.series = index
                .iter()
                .rev()
                .filter_map(|(_, other)| {
                    Some((other.summary.measurement.as_ref()?, other.summary.date.as_ref()?))
                })
                .filter(|(other, _)| other.code == own.code && other.unit == own.unit)
                .map(|(other, date)| Point {
                    date: date.first_day().to_string(),
                    value: other.value,
                })
                .collect();
        }
        Ok(view)
    }

    /// The record exactly as it was imported. A unique beginning of the id will do.
    pub fn record_raw(&self, id: &str) -> Result<String, RecordsError> {
        let index = self.index()?;
        self.raw(find(&index, id)?.0)
    }

    /// Everything in one FHIR Bundle, each resource's bytes as imported.
    pub fn export_records(&self) -> Result<String, RecordsError> {
        let index = self.index()?;
        let raws = index
            .iter()
            .map(|(id, _)| self.raw(id))
            .collect::<Result<Vec<_>, _>>()?;
        let entries = index
            .iter()
            .zip(&raws)
            .map(|((_, kept), raw)| (kept.full_url.as_deref(), raw.as_str()));
        Ok(carnet_fhir::bundle(entries, self.clock.now()))
    }

    /// The whole index, newest first, undated last.
    pub(crate) fn index(&self) -> Result<Vec<(String, KeptRecord)>, VaultError> {
        let mut index: Vec<(String, KeptRecord)> = self.vault.all(Table::RecordIndex)?;
        index.sort_by(|(a, x), (b, y)| {
            (Reverse(&x.summary.date), &x.summary.title, a).cmp(&(
                Reverse(&y.summary.date),
                &y.summary.title,
                b,
            ))
        });
        Ok(index)
    }

    pub(crate) fn count_records(&self) -> Result<u32, VaultError> {
        Ok(self.vault.all::<serde::de::IgnoredAny>(Table::RecordIndex)?.len() as u32)
    }

    pub(crate) fn raw(&self, id: &str) -> Result<String, RecordsError> {
        let bytes = self
            .vault
            .get_bytes(Table::Records, id)?
            .ok_or(RecordsError::Missing)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| RecordsError::Missing)
    }
}

fn find<'a>(index: &'a [(String, KeptRecord)], id: &str) -> Result<(&'a str, &'a KeptRecord), RecordsError> {
    let mut matching = index
        .iter()
        .filter(|(own, _)| !id.is_empty() && own.starts_with(id));
    match (matching.next(), matching.next()) {
        (Some((id, kept)), None) => Ok((id, kept)),
        (None, _) => Err(RecordsError::Unknown),
        _ => Err(RecordsError::Ambiguous),
    }
}

pub(crate) fn line(id: &str, summary: &Summary) -> RecordLine {
    RecordLine {
        id: id.to_owned(),
        resource_type: summary.resource_type.clone(),
        group: summary.group.to_string(),
        date: summary.date.as_ref().map(ToString::to_string),
        title: summary.title.clone(),
        detail: summary.detail.clone(),
        sensitive: summary
            .sensitive
            .iter()
            .map(|why| why.as_str().to_owned())
            .collect(),
    }
}
