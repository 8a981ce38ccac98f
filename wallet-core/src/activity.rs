//! The patient's own log.

use std::cmp::Reverse;

use carnet_fhir::Group;
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    kept::KeptActivity,
    vault::{Change, ProfileId, VaultError},
    views::{ActivityLine, GroupCount},
};

#[derive(Debug, Error)]
pub enum ActivityError {
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for ActivityError {
    fn facts(&self) -> Facts {
        match self {
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// What happened, for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened {
    Imported,
    Asked,
    Granted,
    Denied,
    Failed,
    Revoked,
    Refused,
    Read,
    TrustUpdated,
    ProfileAdded,
    ProfileRemoved,
    BackupMade,
    Restored,
    LogExported,
    SlipMade,
    Recovered,
    PassphraseChanged,
    PassphraseRefused,
    PassphraseReset,
    KeyRotated,
    OlderCopyAccepted,
    CredentialIssued,
    CredentialImported,
    CredentialRemoved,
    Shown,
    Proved,
    RegistryBroken,
}

impl Happened {
    fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Revoked => "revoked",
            Self::Refused => "refused",
            Self::Read => "read",
            Self::TrustUpdated => "trust_updated",
            Self::ProfileAdded => "profile_added",
            Self::ProfileRemoved => "profile_removed",
            Self::BackupMade => "backup_made",
            Self::Restored => "restored",
            Self::LogExported => "log_exported",
            Self::SlipMade => "slip_made",
            Self::Recovered => "recovered",
            Self::PassphraseChanged => "passphrase_changed",
            Self::PassphraseRefused => "passphrase_refused",
            Self::PassphraseReset => "passphrase_reset",
            Self::KeyRotated => "key_rotated",
            Self::OlderCopyAccepted => "older_copy_accepted",
            Self::CredentialIssued => "credential_issued",
            Self::CredentialImported => "credential_imported",
            Self::CredentialRemoved => "credential_removed",
            Self::Shown => "shown",
            Self::Proved => "proved",
            Self::RegistryBroken => "registry_broken",
        }
    }
}

/// A line to be written into the log together with the change it tells of.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) when: Timestamp,
    pub(crate) what: Happened,
    pub(crate) who: Option<&'a str>,
    pub(crate) groups: &'a [(Group, u32)],
    pub(crate) code: Option<&'a str>,
    pub(crate) shown: &'a [String],
}

impl<'a> Entry<'a> {
    pub(crate) fn new(when: Timestamp, what: Happened) -> Self {
        Self {
            when,
            what,
            who: None,
            groups: &[],
            code: None,
            shown: &[],
        }
    }
    pub(crate) fn who(self, who: &'a str) -> Self {
        Self {
            who: Some(who),
            ..self
        }
    }
    pub(crate) fn groups(self, groups: &'a [(Group, u32)]) -> Self {
        Self { groups, ..self }
    }
    pub(crate) fn shown(self, shown: &'a [String]) -> Self {
        Self { shown, ..self }
    }
    pub(crate) fn code(self, code: &'a str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// Puts the line into `change`.
    pub(crate) fn put(self, change: &mut Change<'_>) {
        let line = KeptActivity {
            when: self.when,
            profile: change.profile(),
            what: self.what.as_str().into(),
            who: self.who.map(Into::into),
            groups: self.groups.to_vec(),
            code: self.code.map(Into::into),
            shown: self.shown.to_vec(),
        };
        // RFC 8785, so that whoever checks an exported log hashes the same bytes.
        match serde_json_canonicalizer::to_vec(&line) {
            Ok(body) => change.append(body),
            Err(_) => change.refuse(),
        }
    }
}

impl Wallet {
    /// The log of the acting person, newest first.
    pub fn activity(&self) -> Result<Vec<ActivityLine>, ActivityError> {
        self.activity_where(|profile| profile == self.vault.profile())
    }

    /// The log of everybody in this vault, newest first.
    pub fn activity_of_everyone(&self) -> Result<Vec<ActivityLine>, ActivityError> {
        self.activity_where(|_| true)
    }

    fn activity_where(&self, wanted: impl Fn(ProfileId) -> bool) -> Result<Vec<ActivityLine>, ActivityError> {
        let mut lines = Vec::new();
        for chained in self.vault.chain()? {
            let line: KeptActivity =
                serde_json::from_slice(&chained.body).map_err(|_| VaultError::UnknownForm)?;
            if wanted(line.profile) {
                lines.push((line, chained.number));
            }
        }
        // What a clinic reports late stands where it happened.
        lines.sort_by_key(|(line, number)| Reverse((line.when, *number)));
        Ok(lines
            .into_iter()
            .map(|(line, _)| ActivityLine {
                when: to_the_second(line.when),
                profile: line.profile.number(),
                what: line.what,
                who: line.who,
                shown: line.shown,
                groups: counted(&line.groups),
                code: line.code,
            })
            .collect())
    }
}

/// A moment as it is shown: nobody looks at fractions of a second.
pub(crate) fn to_the_second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}

pub(crate) fn counted(groups: &[(Group, u32)]) -> Vec<GroupCount> {
    groups
        .iter()
        .map(|(group, count)| GroupCount {
            group: group.to_string(),
            count: *count,
        })
        .collect()
}
