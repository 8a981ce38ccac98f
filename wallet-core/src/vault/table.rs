//! What kinds of things a vault keeps.

use super::profile::ProfileId;

/// A table: entries of one kind, each under an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Settings of the vault as a whole.
    Meta,
    /// The pinned trust list.
    Trust,
    /// Whose records these are.
    Profile,
    /// Questions read and not yet answered.
    Requests,
    /// Consents in every state.
    Consents,
    /// What still has to reach a station or a ledger.
    Outbox,
    /// The log, one chain for everybody in the vault.
    Activity,
    /// Read logs fetched from stations.
    Reads,
    /// Records sealed for a station, kept back until its promise holds.
    Deliveries,
    /// Logs of registries: the newest state that each was seen in.
    Logs,
    /// Who is in this vault.
    Profiles,
    /// Records as imported, byte for byte, many to an entry.
    Packs,
    /// What is known of the records, many to an entry, and the catalogue of it all.
    Pages,
    /// Credentials that others issued, each copy an entry.
    Credentials,
    /// Issuers that offered credentials: what was offered, and where more copies may be had.
    Issuances,
    /// Codes that the patient shows, as long as they are good.
    Shown,
    /// Which limits were shown to whom without their values.
    Proofs,
    /// What counters without a network asked, as long as it can be answered.
    Challenges,
}

impl Table {
    /// The tables in which every person has entries of their own.
    pub const OF_ONE_PERSON: [Self; 13] = [
        Self::Profile,
        Self::Requests,
        Self::Consents,
        Self::Outbox,
        Self::Reads,
        Self::Deliveries,
        Self::Packs,
        Self::Pages,
        Self::Credentials,
        Self::Issuances,
        Self::Shown,
        Self::Proofs,
        Self::Challenges,
    ];

    /// The tables that are everybody's.
    pub const OF_EVERYBODY: [Self; 5] = [
        Self::Meta,
        Self::Trust,
        Self::Activity,
        Self::Profiles,
        Self::Logs,
    ];

    /// The table of this number.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        Self::OF_EVERYBODY
            .into_iter()
            .chain(Self::OF_ONE_PERSON)
            .find(|table| table.number() == number)
    }

    /// The number under which a table is known in the files; never given to another one.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Meta => 1,
            Self::Trust => 2,
            Self::Profile => 3,
            Self::Requests => 6,
            Self::Consents => 7,
            Self::Outbox => 8,
            Self::Activity => 9,
            Self::Reads => 10,
            Self::Deliveries => 11,
            Self::Profiles => 12,
            Self::Packs => 13,
            Self::Pages => 14,
            Self::Credentials => 15,
            Self::Issuances => 16,
            Self::Shown => 17,
            Self::Proofs => 18,
            Self::Challenges => 19,
            Self::Logs => 20,
        }
    }

    /// Whose entries these are when `profile` asks: some tables are everybody's.
    pub(super) fn owner(self, profile: ProfileId) -> ProfileId {
        match self {
            Self::Meta | Self::Trust | Self::Activity | Self::Profiles | Self::Logs => ProfileId::NOBODY,
            Self::Profile
            | Self::Requests
            | Self::Consents
            | Self::Outbox
            | Self::Reads
            | Self::Deliveries
            | Self::Packs
            | Self::Pages
            | Self::Credentials
            | Self::Issuances
            | Self::Shown
            | Self::Proofs
            | Self::Challenges => profile,
        }
    }
}

/// The schema of what is written into the tables today: all are at their first.
pub(super) const SCHEMA: u16 = 1;
