//! What kinds of things a vault keeps.

/// A table: entries of one kind, each under an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Settings and counters.
    Meta,
    /// The pinned trust list.
    Trust,
    /// Whose records these are.
    Profile,
    /// Records as imported, byte for byte.
    Records,
    /// One small entry per record, for lists and choices.
    RecordIndex,
    /// Questions read and not yet answered.
    Requests,
    /// Consents in every state.
    Consents,
    /// What still has to reach a station or a ledger.
    Outbox,
    /// The patient's own log.
    Activity,
    /// Read logs fetched from stations.
    Reads,
    /// Records sealed for a station, kept back until its promise holds.
    Deliveries,
    /// Records as imported, byte for byte, many to an entry.
    Packs,
    /// What is known of the records, many to an entry, and the catalogue of it all.
    Pages,
}

impl Table {
    /// The number under which a table is known in the files; never given to another one.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Meta => 1,
            Self::Trust => 2,
            Self::Profile => 3,
            Self::Records => 4,
            Self::RecordIndex => 5,
            Self::Requests => 6,
            Self::Consents => 7,
            Self::Outbox => 8,
            Self::Activity => 9,
            Self::Reads => 10,
            Self::Deliveries => 11,
            Self::Packs => 12,
            Self::Pages => 13,
        }
    }
}

/// The schema of what is written into the tables today: all are at their first.
pub(super) const SCHEMA: u16 = 1;
