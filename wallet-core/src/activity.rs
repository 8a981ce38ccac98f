//! The patient's own log.

use carnet_fhir::Group;
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Described, Facts, Wallet,
    kept::KeptActivity,
    random::make_bytes,
    vault::{Change, Table, VaultError},
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
}

impl<'a> Entry<'a> {
    pub(crate) fn new(when: Timestamp, what: Happened) -> Self {
        Self {
            when,
            what,
            who: None,
            groups: &[],
            code: None,
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
    pub(crate) fn code(self, code: &'a str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// Puts the line into `change`.
    pub(crate) fn put(self, change: &mut Change<'_>) {
        // The random part tells lines of the same moment apart; without it they would merely become one.
        let apart: [u8; 6] = make_bytes().unwrap_or_default();
        let id = format!("{:020}-{}", self.when.as_microsecond(), hex::encode(apart));
        change.put(
            Table::Activity,
            &id,
            &KeptActivity {
                when: self.when,
                what: self.what.as_str().into(),
                who: self.who.map(Into::into),
                groups: self.groups.to_vec(),
                code: self.code.map(Into::into),
            },
        );
    }
}

impl Wallet {
    /// The log, newest first.
    pub fn activity(&self) -> Result<Vec<ActivityLine>, ActivityError> {
        let mut kept: Vec<(String, KeptActivity)> = self.vault.all(Table::Activity)?;
        kept.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(kept
            .into_iter()
            .map(|(_, line)| ActivityLine {
                when: to_the_second(line.when),
                what: line.what,
                who: line.who,
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
