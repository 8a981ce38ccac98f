//! What most people would not want to show without being asked.

use serde::{Deserialize, Serialize};

/// Why a record is sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Mental health.
    MentalHealth,
    /// Sexuality and reproduction.
    SexualReproductive,
    /// Alcohol, drugs, dependence.
    SubstanceUse,
    /// Genetic findings.
    Genetics,
    /// HIV and AIDS.
    Hiv,
    /// Abuse and violence.
    Violence,
    /// Labelled restricted by whoever wrote it, for no stated reason.
    Restricted,
}

impl Sensitivity {
    /// Every reason. Files know one by its place here: only ever add at the end.
    pub const ALL: [Self; 7] = [
        Self::MentalHealth,
        Self::SexualReproductive,
        Self::SubstanceUse,
        Self::Genetics,
        Self::Hiv,
        Self::Violence,
        Self::Restricted,
    ];

    /// These reasons as bits: the place of each in [`Sensitivity::ALL`].
    pub fn bits(reasons: &[Self]) -> u8 {
        (0..).zip(Self::ALL).fold(0, |bits, (bit, reason)| {
            bits | u8::from(reasons.contains(&reason)) << bit
        })
    }

    /// The reasons of these bits.
    pub fn of_bits(bits: u8) -> impl Iterator<Item = Self> {
        (0..)
            .zip(Self::ALL)
            .filter(move |(bit, _)| bits >> bit & 1 == 1)
            .map(|(_, reason)| reason)
    }

    /// The stable name, as in serde.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MentalHealth => "mental_health",
            Self::SexualReproductive => "sexual_reproductive",
            Self::SubstanceUse => "substance_use",
            Self::Genetics => "genetics",
            Self::Hiv => "hiv",
            Self::Violence => "violence",
            Self::Restricted => "restricted",
        }
    }
}
