//! What a witness is asked comes from strangers: whatever it is, it is answered, and nothing is signed that does not continue
//! what was signed before.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use carnet_log::{
    Checkpoint, Hash, Place, Refusal, Tiles, Tree, TreeError, Witness,
    checkpoint::Log,
    read_verifier_key,
    tree::leaf,
    verifier_key,
    witness::{REQUEST_BYTES, request},
};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

const ORIGIN: &str = "carnet-registry/1/0x00/operations";

#[derive(Default)]
struct Kept(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles for Kept {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(&(place.level, place.index)).cloned())
    }
}

/// A log of so many entries; those from `other` on are another history's.
fn log_of(size: u64, other: u64) -> (Tree, Kept) {
    let leaves: Vec<Hash> = (0..size)
        .map(|n| leaf(format!("{} {n}", if n < other { "entry" } else { "other" }).as_bytes()))
        .collect();
    let (mut tree, mut kept) = (Tree::of(0).unwrap(), Kept::default());
    for (place, tile) in tree.append(&leaves, &kept).unwrap() {
        kept.0.insert((place.level, place.index), tile);
    }
    (tree, kept)
}

fn keeper() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// What a keeper sends who has this log and believes that the witness knows its first `old` entries.
fn asked(old: u64, size: u64, other: u64) -> String {
    let (tree, kept) = log_of(size, other);
    let growth = tree.prove_growth(old.min(size), &kept).unwrap();
    let head = Checkpoint::sign(ORIGIN, size, tree.root(&kept).unwrap(), &keeper()).unwrap();
    request(old, &growth, &head)
}

fn cosign(request: &str, known: (u64, Hash)) -> Result<(String, (u64, Hash)), Refusal> {
    let key = SigningKey::from_bytes(&[2; 32]);
    let witness = Witness {
        name: "witness.example",
        key: &key,
    };
    let keys = [keeper().verifying_key()];
    let log = Log {
        origin: ORIGIN,
        keys: &keys,
    };
    witness.cosign(request, log, known, 1_700_000_000)
}

fn known(size: u64) -> (u64, Hash) {
    let (tree, kept) = log_of(size, u64::MAX);
    (size, tree.root(&kept).unwrap())
}

#[test]
fn each_kind_of_bad_request_has_its_own_refusal_and_status() {
    let code = |request: &str| {
        let refusal = cosign(request, known(5)).unwrap_err();
        (refusal.code(), refusal.status())
    };
    let good = asked(5, 9, u64::MAX);
    cosign(&good, known(5)).unwrap();
    let malformed = ("witness_malformed", 400);
    assert_eq!(code(""), malformed);
    assert_eq!(code(&good.replacen("old 5", "old 05", 1)), malformed);
    assert_eq!(code(&good.replacen("old 5", "old -1", 1)), malformed);
    assert_eq!(
        code(&good.replacen("old 5", "old 18446744073709551615", 1)),
        malformed
    );
    assert_eq!(
        code(&good.replacen("old 5", "old 99999999999999999999", 1)),
        malformed
    );
    assert_eq!(code(&good.replacen("old 5\n", "old 5\nAAAA\n", 1)), malformed);
    let hash = format!("{}\n", Hash([7; 32]));
    let long = good.replacen("old 5\n", &format!("old 5\n{}", hash.repeat(64)), 1);
    assert_eq!(code(&long), malformed);
    assert_eq!(code(&format!("{good}{}", "x".repeat(REQUEST_BYTES))), malformed);
    let more = good.replacen("old 5\n", &format!("old 5\n{hash}"), 1);
    assert_eq!(code(&more), ("witness_not_grown", 422));
    let huge = Checkpoint::sign(ORIGIN, u64::MAX, Hash([7; 32]), &keeper()).unwrap();
    assert_eq!(code(&request(5, &[], &huge)), ("checkpoint_malformed", 400));
    assert_eq!(
        code(&good.replacen("/1/", "/2/", 1)),
        ("checkpoint_other_log", 404)
    );
    assert_eq!(
        code(&good.replacen("\n9\n", "\n8\n", 1)),
        ("checkpoint_signature", 403)
    );
    assert_eq!(code(&asked(4, 9, u64::MAX)), ("witness_conflict", 409));
    assert_eq!(code(&asked(3, 3, u64::MAX)), ("witness_conflict", 409));
    assert_eq!(code(&asked(5, 5, 3)), ("witness_two_histories", 409));
    assert_eq!(code(&asked(5, 9, 3)), ("witness_not_grown", 422));
}

#[test]
fn a_logs_key_in_one_line_is_read_as_it_was_written_and_not_with_a_letter_changed() {
    let key = keeper().verifying_key();
    let line = verifier_key(ORIGIN, &key);
    assert_eq!(read_verifier_key(&line), Some((ORIGIN.to_owned(), key)));
    for (place, letter) in line.char_indices() {
        let mut other = line.clone();
        other.replace_range(place..=place, if letter == 'a' { "b" } else { "a" });
        assert_eq!(read_verifier_key(&other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,300}", head in "(old [0-9]{0,25}\n)?([A-Za-z0-9+/=]{0,60}\n){0,70}") {
        prop_assert!(cosign(&text, known(0)).is_err());
        let text = format!("{head}\n{text}");
        prop_assert!(cosign(&text, known(0)).is_err());
        let _ = read_verifier_key(&text);
    }

    /// Whatever is altered on its way: if it is signed, it is a state that the true log had.
    #[test]
    fn what_is_signed_continues_what_was_signed(
        (before, size) in (0_u64..40).prop_flat_map(|before| (Just(before), before..41)),
        other in 0_u64..60,
        place in any::<prop::sample::Index>(),
        letter in "[0-9A-Za-z+/=\n ]",
        alter in any::<bool>(),
    ) {
        let mut text = asked(before, size, other);
        if alter {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            let at = places[place.index(places.len())];
            let end = at + text[at..].chars().next().unwrap().len_utf8();
            text.replace_range(at..end, &letter);
        }
        if let Ok((_, now)) = cosign(&text, known(before)) {
            // A history that parts from the known one before its end is never signed.
            prop_assert!(other >= before || before == 0);
            let (tree, kept) = log_of(size, other);
            prop_assert_eq!(now, (size, tree.root(&kept).unwrap()));
        } else {
            prop_assert!(alter || (other < before && before > 0));
        }
    }
}
