//! The log as evidence: is it whole, and a copy of it that somebody else can check.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::{
    ActivityError, Described, Facts, ProfilesError, Wallet,
    activity::{Entry, Happened, to_the_second},
    vault::{ChainHead, Chained, VaultError},
    views::LogView,
};

const VERSION: u32 = 1;
/// Longest exported log that is read, in bytes.
pub const LONGEST_LOG: usize = 256 << 20;

#[derive(Debug, Error)]
pub enum LogError {
    #[error("The log is not whole: entry {number} does not follow from the one before. Nothing was changed.")]
    Broken {
        /// Counted from 0.
        number: u64,
    },
    #[error("The log is not whole: it ends elsewhere than where it should. Nothing was changed.")]
    WrongEnd,
    #[error("This is not a log that Carnet has exported. Nothing was changed.")]
    NotALog,
    #[error("This log was exported by a newer version of Carnet (format {found}). Nothing was changed.")]
    NewerVersion {
        /// The format number found.
        found: u32,
    },
    #[error(transparent)]
    Activity(#[from] ActivityError),
    #[error("{0}.")]
    Paper(#[from] carnet_paper::PaperError),
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for LogError {
    fn facts(&self) -> Facts {
        match self {
            Self::Broken { .. } | Self::WrongEnd => Facts::critical(
                "log_broken",
                "Keep this copy as it is, and compare it with an older export or a backup.",
            ),
            Self::NotALog => Facts::expected("not_a_log", "Choose the file that `log export` wrote."),
            Self::NewerVersion { .. } => Facts::expected("log_newer_version", "Update this program."),
            Self::Activity(error) => error.facts(),
            Self::Paper(error) => Facts::unexpected(error.code(), error.next()),
            Self::Profiles(error) => error.facts(),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

/// A log outside of the vault. Whoever has it can check that it is whole; that nothing was left out at its end shows only
/// against a later one, or against the wallet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedLog<'a> {
    carnet_log: u32,
    exported: String,
    /// Names of the people whose numbers stand in the lines.
    people: HashMap<u32, Option<String>>,
    count: u64,
    hash: String,
    #[serde(borrow)]
    lines: Vec<ExportedLine<'a>>,
}

/// `hash` is over the bytes of `line` as they stand here (RFC 8785 form).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedLine<'a> {
    hash: String,
    #[serde(borrow)]
    line: &'a RawValue,
}

#[derive(Deserialize)]
struct Version {
    carnet_log: u32,
}

impl Wallet {
    /// Goes over the whole log: does each entry follow from the one before, and does it end where the vault says?
    pub fn verify_log(&self) -> Result<LogView, LogError> {
        let chain = self.vault.chain()?;
        follow(&chain, self.vault.chain_head()?)
    }

    /// The log of everybody in the vault as JSON, with what is needed to check it. That it was exported is logged first.
    pub fn export_log(&self) -> Result<String, LogError> {
        let now = self.clock.now();
        let mut change = self.vault.change();
        Entry::new(now, Happened::LogExported).put(&mut change);
        change.commit()?;
        let chain = self.vault.chain()?;
        let head = self.vault.chain_head()?;
        follow(&chain, head)?;
        let people = self.profiles()?.into_iter();
        let lines = chain
            .iter()
            .map(|entry| {
                Ok(ExportedLine {
                    hash: hex::encode(entry.hash()),
                    line: serde_json::from_slice(&entry.body).map_err(|_| VaultError::UnknownForm)?,
                })
            })
            .collect::<Result<_, VaultError>>()?;
        let exported = ExportedLog {
            carnet_log: VERSION,
            exported: to_the_second(now),
            people: people.map(|person| (person.number, person.name)).collect(),
            count: head.count,
            hash: hex::encode(head.hash),
            lines,
        };
        Ok(serde_json::to_string_pretty(&exported).map_err(|_| VaultError::NotWritable)?)
    }

    /// The log of everybody in the vault for printing, oldest first. That it was printed is logged first.
    pub fn print_log(&self) -> Result<Vec<u8>, LogError> {
        let now = self.clock.now();
        let mut change = self.vault.change();
        Entry::new(now, Happened::LogExported).put(&mut change);
        change.commit()?;
        let whole = self.verify_log()?;
        let names: HashMap<u32, Option<String>> = self
            .profiles()?
            .into_iter()
            .map(|person| (person.number, person.name))
            .collect();
        let mut table = carnet_paper::Table::new([
            ("When (UTC)", 22),
            ("Whose", 16),
            ("What", 18),
            ("With", 22),
            ("Kinds", 22),
        ]);
        for line in self.activity_of_everyone()?.into_iter().rev() {
            let kinds: Vec<String> = line
                .groups
                .iter()
                .map(|group| format!("{} ({})", group.group, group.count))
                .chain(line.code)
                .collect();
            let name = names.get(&line.profile).cloned().flatten();
            table.row([
                line.when.trim_end_matches('Z').replace('T', " "),
                name.unwrap_or_else(|| format!("person {}", line.profile + 1)),
                line.what.replace('_', " "),
                line.who.unwrap_or_default(),
                kinds.join(", "),
            ]);
        }
        let document = carnet_paper::Document::new("What happened in this wallet", "en")
            .paragraph("Every request, answer, refusal and failure, with kinds of records and numbers of them, never a value.")
            .rows([
                ("Printed", to_the_second(now)),
                ("Entries", whole.entries.to_string()),
                ("The log ends in", whole.hash),
            ])
            .table(table);
        Ok(document.to_pdf()?)
    }

    /// Checks a log that was exported by any wallet. Needs no vault.
    pub fn verify_exported_log(bytes: &[u8]) -> Result<LogView, LogError> {
        if bytes.len() > LONGEST_LOG {
            return Err(LogError::NotALog);
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|_| LogError::NotALog)?;
        if version.carnet_log > VERSION {
            return Err(LogError::NewerVersion {
                found: version.carnet_log,
            });
        }
        let log: ExportedLog<'_> = serde_json::from_slice(bytes).map_err(|_| LogError::NotALog)?;
        let mut head = ChainHead::default();
        for entry in &log.lines {
            let number = head.count;
            head = head.after(entry.line.get().as_bytes());
            if hex::encode(head.hash) != entry.hash {
                return Err(LogError::Broken { number });
            }
        }
        if (head.count, hex::encode(head.hash)) != (log.count, log.hash) {
            return Err(LogError::WrongEnd);
        }
        Ok(view(head))
    }
}

fn follow(chain: &[Chained], end: ChainHead) -> Result<LogView, LogError> {
    let mut head = ChainHead::default();
    for entry in chain {
        if (entry.number, entry.before) != (head.count, head.hash) {
            return Err(LogError::Broken { number: head.count });
        }
        head = head.after(&entry.body);
    }
    if head == end {
        Ok(view(head))
    } else {
        Err(LogError::WrongEnd)
    }
}

fn view(head: ChainHead) -> LogView {
    LogView {
        entries: u32::try_from(head.count).unwrap_or(u32::MAX),
        hash: hex::encode(head.hash),
    }
}
