//! Laboratory tests that values can be issued of and asked about: each with one unit and one scale, so that issuers and
//! verifiers mean the same number.

use crate::{
    Kind,
    kind::{Code, IllFormed},
};

/// One test in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// LOINC.
    pub loinc: &'static str,
    /// In plain words, as inside a sentence.
    pub name: &'static str,
    /// UCUM, case-sensitive.
    pub unit: &'static str,
    /// A value is a whole number of 10^-scale units.
    pub scale: u8,
}

const fn test(loinc: &'static str, name: &'static str, unit: &'static str, scale: u8) -> Test {
    Test {
        loinc,
        name,
        unit,
        scale,
    }
}

/// All of them.
pub const TESTS: [Test; 8] = [
    test("4548-4", "HbA1c", "%", 1),
    test("59261-8", "HbA1c", "mmol/mol", 0),
    test("6301-6", "INR", "{INR}", 1),
    test("718-7", "haemoglobin", "g/dL", 1),
    test("2160-0", "creatinine", "mg/dL", 2),
    test("2823-3", "potassium", "mmol/L", 1),
    test("13457-7", "LDL cholesterol", "mg/dL", 0),
    test("62238-1", "eGFR", "mL/min/{1.73_m2}", 0),
];

/// The test of this code.
pub fn find(loinc: &str) -> Option<&'static Test> {
    TESTS.iter().find(|test| test.loinc == loinc)
}

impl Test {
    /// What a value of it is.
    pub fn kind(&self) -> Result<Kind, IllFormed> {
        Ok(Kind::Lab {
            loinc: Code::try_from(self.loinc.to_owned())?,
            unit: Code::try_from(self.unit.to_owned())?,
            scale: self.scale,
        })
    }

    /// For whoever chooses one: name, unit and code.
    pub fn label(&self) -> String {
        format!("{} in {} (LOINC {})", self.name, self.unit, self.loinc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_a_kind_of_its_own() {
        for test in &TESTS {
            assert!(test.kind().is_ok(), "{}", test.name);
            let same: Vec<_> = TESTS.iter().filter(|other| other.loinc == test.loinc).collect();
            assert_eq!(same, [test]);
        }
    }
}
