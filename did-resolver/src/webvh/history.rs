//! A checked history, from which every version can be had.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{error::WebvhError, parameters::Parameters};
use crate::{
    document::Document,
    error::ResolveError,
    resolution::{DocumentMetadata, Options, Resolved},
};

/// One version of a DID.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) time: Timestamp,
    pub(super) time_text: String,
    pub(super) document: Arc<Document>,
}

/// Every version of a DID, checked.
#[derive(Debug)]
pub struct History {
    did: String,
    versions: Vec<Version>,
    parameters: Parameters,
    latest: Resolved,
}

impl History {
    pub(super) fn new(
        did: String,
        versions: Vec<Version>,
        parameters: Parameters,
    ) -> Result<Self, WebvhError> {
        let last = versions.len().checked_sub(1).ok_or(WebvhError::Empty)?;
        let latest = resolved(&did, &versions, &parameters, last).ok_or(WebvhError::Empty)?;
        Ok(Self {
            did,
            versions,
            parameters,
            latest,
        })
    }

    /// The version that the options ask for: the newest, unless they say otherwise.
    pub fn version(&self, options: &Options) -> Result<Resolved, ResolveError> {
        options.check()?;
        if !options.names_version() {
            return Ok(self.latest.clone());
        }
        let place = if let Some(id) = &options.version_id {
            self.versions.iter().position(|version| version.id == *id)
        } else if let Some(number) = options.version_number {
            usize::try_from(number)
                .ok()
                .and_then(|number| number.checked_sub(1))
        } else {
            let time = options.version_time.ok_or(ResolveError::InvalidOptions)?;
            self.versions
                .partition_point(|version| version.time <= time)
                .checked_sub(1)
        };
        place
            .and_then(|place| resolved(&self.did, &self.versions, &self.parameters, place))
            .ok_or(ResolveError::NoSuchVersion)
    }

    /// Whether this history goes on from one that was seen before. Version ids are hashes of all before them.
    pub fn check_follows(&self, before: &Self) -> Result<(), WebvhError> {
        let place = before.versions.len() - 1;
        match (self.versions.get(place), before.versions.last()) {
            (Some(now), Some(then)) if now.id == then.id => Ok(()),
            _ => Err(WebvhError::RolledBack),
        }
    }

    /// How long the DID's controller lets it be kept.
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(self.parameters.ttl.into())
    }

    /// Number of versions.
    #[expect(clippy::len_without_is_empty, reason = "there is no DID without a version")]
    pub fn len(&self) -> usize {
        self.versions.len()
    }
}

fn resolved(did: &str, versions: &[Version], parameters: &Parameters, place: usize) -> Option<Resolved> {
    let version = versions.get(place)?;
    let next = versions.get(place + 1);
    let last = versions.last()?;
    let moved = last.document.id != did;
    let metadata = DocumentMetadata {
        created: versions.first().map(|first| first.time_text.clone()),
        updated: Some(version.time_text.clone()),
        deactivated: parameters.deactivated,
        version_id: Some(version.id.clone()),
        version_time: Some(version.time_text.clone()),
        next_update: next.map(|next| next.time_text.clone()),
        next_version_id: next.map(|next| next.id.clone()),
        canonical_id: moved.then(|| last.document.id.clone()),
        equivalent_id: Vec::new(),
        scid: Some(parameters.scid.clone()),
        portable: Some(parameters.portable),
        ttl: Some(parameters.ttl.to_string()),
        witness: parameters
            .witness
            .as_ref()
            .map(super::parameters::Witnesses::metadata),
        watchers: parameters.watchers.clone(),
    };
    Some(Resolved::new(Arc::clone(&version.document), Arc::new(metadata)))
}
