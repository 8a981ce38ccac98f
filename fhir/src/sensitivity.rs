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
