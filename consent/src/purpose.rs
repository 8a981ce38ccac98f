//! Why somebody asks (HL7 v3 ActReason, <http://terminology.hl7.org/CodeSystem/v3-ActReason>, `PurposeOfUse`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A purpose code that this version does not know: the whole request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown purpose code")]
pub struct UnknownPurpose;

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident $code:literal $display:literal,)+) => {
        /// A purpose of use. Text and serde form is the HL7 code (`TREAT`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Purpose { $($(#[$doc])* $name,)+ }

        impl Purpose {
            /// Every purpose that can be asked for.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The HL7 code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// HL7's own name of it, in English.
            pub fn display(self) -> &'static str {
                match self { $(Self::$name => $display,)+ }
            }
        }

        impl FromStr for Purpose {
            type Err = UnknownPurpose;

            fn from_str(code: &str) -> Result<Self, UnknownPurpose> {
                match code { $($code => Ok(Self::$name),)+ _ => Err(UnknownPurpose) }
            }
        }
    };
}

purposes! {
    /// Treatment.
    Treatment "TREAT" "treatment",
    /// Emergency treatment.
    EmergencyTreatment "ETREAT" "Emergency Treatment",
    /// Coordinating care.
    CareManagement "CAREMGT" "Care Management",
    /// Paying for care.
    Payment "HPAYMT" "healthcare payment",
    /// Finding out what is covered.
    Coverage "COVERAGE" "coverage under policy or program",
    /// Running the health-care organisation.
    Operations "HOPERAT" "healthcare operations",
    /// Research.
    Research "HRESCH" "healthcare research",
    /// Public health.
    PublicHealth "PUBHLTH" "public health",
    /// The patient asked for it.
    PatientRequest "PATRQT" "patient requested",
    /// The family asked for it.
    FamilyRequest "FAMRQT" "family requested",
    /// Marketing.
    Marketing "HMARKT" "healthcare marketing",
}

impl TryFrom<String> for Purpose {
    type Error = UnknownPurpose;

    fn try_from(code: String) -> Result<Self, UnknownPurpose> {
        code.parse()
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.code().to_owned()
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
