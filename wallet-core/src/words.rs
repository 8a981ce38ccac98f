//! The 24 words: the vault's root on paper (BIP-39, English list, 256 bits of entropy with its checksum).

use bip39::{Language, Mnemonic};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Described, Facts};

/// How many words there are.
pub const WORD_COUNT: usize = 24;

/// The 24 words. Wiped when dropped; never printed by `Debug`.
#[derive(Clone)]
pub struct Words {
    entropy: Zeroizing<[u8; 32]>,
}

impl Words {
    /// The words of 256 bits of entropy.
    pub(crate) fn from_entropy(entropy: Zeroizing<[u8; 32]>) -> Self {
        Self { entropy }
    }

    /// Reads words as a person types them: any case, any white space between them.
    pub fn parse(typed: &str) -> Result<Self, WordsError> {
        let typed = Zeroizing::new(typed.to_lowercase());
        let words = Zeroizing::new(typed.split_whitespace().collect::<Vec<_>>().join(" "));
        let found = words.split(' ').filter(|word| !word.is_empty()).count();
        if found != WORD_COUNT {
            return Err(WordsError::WrongCount { found });
        }
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &words).map_err(|error| match error {
                bip39::Error::UnknownWord(index) => WordsError::UnknownWord { position: index + 1 },
                _ => WordsError::WrongChecksum,
            })?;
        let bytes = Zeroizing::new(mnemonic.to_entropy_array().0);
        let mut entropy = Zeroizing::new([0; 32]);
        entropy.copy_from_slice(&bytes[..32]);
        Ok(Self { entropy })
    }

    /// The words in order, for showing them. They are entries of a fixed list: only their order is secret.
    pub fn list(&self) -> [&'static str; WORD_COUNT] {
        let list = Language::English.word_list();
        let mut bits = Zeroizing::new([0; 33]);
        bits[..32].copy_from_slice(self.entropy.as_slice());
        bits[32] = Sha256::digest(self.entropy.as_slice())[0];
        std::array::from_fn(|word| {
            let index = (word * 11..(word + 1) * 11).fold(0, |index, bit| {
                index << 1 | usize::from(bits[bit / 8] >> (7 - bit % 8) & 1)
            });
            list[index]
        })
    }

    /// The 256 bits behind the words.
    pub(crate) fn entropy(&self) -> Zeroizing<[u8; 32]> {
        self.entropy.clone()
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

/// Why typed words were not taken. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24 words.
    #[error(
        "{found} words were typed, but there are 24; nothing was changed; type all of them in their order"
    )]
    WrongCount {
        /// How many words were found.
        found: usize,
    },
    /// A word that is not in the list.
    #[error("word {position} is not one of the possible words; nothing was changed; look at that word again")]
    UnknownWord {
        /// 1 for the first word.
        position: usize,
    },
    /// Each word is possible, but not all of them together.
    #[error(
        "these words do not belong together; nothing was changed; look for a wrong word or a wrong order"
    )]
    WrongChecksum,
}

impl Described for WordsError {
    fn facts(&self) -> Facts {
        let code = match self {
            Self::WrongCount { .. } => "words_wrong_count",
            Self::UnknownWord { .. } => "words_unknown_word",
            Self::WrongChecksum => "words_wrong_checksum",
        };
        Facts::expected(code, "Compare them with the paper, then try again.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(byte: u8) -> Words {
        Words::from_entropy(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn words_are_read_as_people_type_them_and_lead_back_to_the_same_entropy() {
        let words = words_of(0);
        assert_eq!(words.list().len(), WORD_COUNT);
        assert_eq!(words.list()[23], "art"); // BIP-39 test vector of 32 zero bytes
        let typed = format!("  {}\n", words.list().join(" \t ").to_uppercase());
        assert_eq!(*Words::parse(&typed).unwrap().entropy(), [0; 32]);
    }

    #[test]
    fn a_mistake_is_placed_without_repeating_what_was_typed() {
        let mut list = words_of(7).list();
        let error = Words::parse(&list[..23].join(" ")).unwrap_err();
        assert_eq!(error, WordsError::WrongCount { found: 23 });
        list[4] = "mistake0";
        let error = Words::parse(&list.join(" ")).unwrap_err();
        assert_eq!(error, WordsError::UnknownWord { position: 5 });
        assert!(!error.to_string().contains("mistake0"));
        list[4] = "abandon";
        let error = Words::parse(&list.join(" ")).unwrap_err();
        assert_eq!(error, WordsError::WrongChecksum);
        assert_eq!(format!("{:?}", words_of(7)), "Words(…)");
    }
}
