//! Names that the eye takes for another (Unicode Technical Standard 39, and digits that stand for letters).

use unicode_security::{MixedScript, confusable_detection::skeleton};

/// Whether two names look the same to a reader in a hurry: N0rthgate and Northgate, a Cyrillic а in Clinic, rn for m.
pub fn look_alike(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// Whether a name is written in letters of several scripts at once, as hardly any honest one is.
pub fn is_mixed(name: &str) -> bool {
    !name.is_single_script()
}

/// What is left of a name when everything is taken away that the eye passes over.
fn folded(name: &str) -> String {
    let once: String = skeleton(name).flat_map(char::to_lowercase).collect();
    skeleton(&once)
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            '0' => 'o',
            '1' | 'i' | '!' | '|' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_found_and_what_does_not_is_left_alone() {
        for other in [
            "N0rthgate Clinic",
            "NORTHGATE CLINIC",
            "Northgate C1inic",
            "Northgate-Clinic",
            "Nοrthgate Clinic",  // Greek omicron
            "Northgаte Clinic",  // Cyrillic a
            "Ｎorthgate Clinic", // full width
            "Northgate  Clinic.",
        ] {
            assert!(look_alike("Northgate Clinic", other), "{other}");
        }
        assert!(look_alike("Modern Health", "Modem Health"));
        for other in ["Southgate Clinic", "Northgate Pharmacy", "Northgate Clinic 2", ""] {
            assert!(!look_alike("Northgate Clinic", other), "{other}");
        }
        assert!(is_mixed("Northgаte Clinic"));
        for honest in [
            "Northgate Clinic",
            "Clínica São José",
            "Поликлиника",
            "診療所 さくら",
        ] {
            assert!(!is_mixed(honest), "{honest}");
        }
    }
}
