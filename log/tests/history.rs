//! What a log proves, and what nobody can make it prove.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{cell::RefCell, collections::BTreeMap};

use carnet_log::{
    Broken, Checkpoint, CheckpointError, Hash, Place, Receipt, ReceiptError, Refusal, Tiles, Tree, TreeError,
    Witness,
    checkpoint::{Log, WitnessKey},
    contradiction,
    history::{advance, compare},
    tree::{check_entry, check_growth, leaf},
    witness::{origin_of, request},
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use proptest::prelude::*;

const ORIGIN: &str = "example.org/log";

/// A log kept in memory.
#[derive(Default)]
struct Kept {
    tiles: RefCell<BTreeMap<Place, Vec<u8>>>,
    entries: Vec<Vec<u8>>,
}

impl Tiles for Kept {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.tiles.borrow().get(&place).cloned())
    }
}

impl Kept {
    fn of(entries: u64) -> Self {
        let mut kept = Self::default();
        kept.grow(entries, "entry");
        kept
    }

    fn grow(&mut self, by: u64, word: &str) {
        let mut tree = self.tree();
        let from = tree.size();
        let new: Vec<Vec<u8>> = (from..from + by)
            .map(|n| format!("{word} {n}").into_bytes())
            .collect();
        let leaves: Vec<Hash> = new.iter().map(|entry| leaf(entry)).collect();
        let changed = tree.append(&leaves, self).unwrap();
        self.tiles.borrow_mut().extend(changed);
        self.entries.extend(new);
    }

    fn tree(&self) -> Tree {
        Tree::of(self.entries.len() as u64).unwrap()
    }

    fn at(&self, size: u64) -> (u64, Hash) {
        (size, Tree::of(size).unwrap().root(self).unwrap())
    }

    fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint::sign(ORIGIN, size, self.at(size).1, &key(1)).unwrap()
    }

    fn growth(&self, from: u64, to: u64) -> Vec<Hash> {
        Tree::of(to).unwrap().prove_growth(from, self).unwrap()
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn keys() -> [VerifyingKey; 1] {
    [key(1).verifying_key()]
}

fn log(keys: &[VerifyingKey]) -> Log<'_> {
    Log { origin: ORIGIN, keys }
}

/// RFC 6962, section 2.1, as it is written there: slow, and another program than the one under test.
fn by_the_book(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => tlog_tiles::EMPTY_HASH,
        [one] => leaf(one),
        more => {
            let mut half = 1;
            while half * 2 < more.len() {
                half *= 2;
            }
            let (left, right) = more.split_at(half);
            tlog_tiles::node_hash(by_the_book(left), by_the_book(right))
        }
    }
}

#[test]
fn the_root_is_that_of_the_rfc_however_the_entries_came() {
    for sizes in [
        vec![0],
        vec![1],
        vec![1, 1, 1],
        vec![255, 1, 1],
        vec![300],
        vec![7, 600, 1],
        vec![65_536, 1],
    ] {
        let mut kept = Kept::default();
        for by in sizes {
            kept.grow(by, "entry");
        }
        assert_eq!(kept.at(kept.tree().size()).1, by_the_book(&kept.entries));
        let widths_are_right = kept.tiles.borrow().iter().all(|(place, data)| {
            let on_level = kept.tree().size() >> (8 * u32::from(place.level));
            let width = (on_level - (place.index << 8)).min(256);
            data.len() as u64 == 32 * width
        });
        assert!(widths_are_right);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_entry_is_proven_and_nothing_else_is(size in 1_u64..600, at in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let kept = Kept::of(size);
        let index = at.index(size as usize) as u64;
        let proof = kept.tree().prove_entry(index, &kept).unwrap();
        let head = kept.at(size);
        let entry = &kept.entries[index as usize];
        prop_assert_eq!(check_entry(&proof, head, index, entry), Ok(()));
        // Another entry, another place, another root, a longer or shorter proof, one bit of it.
        prop_assert!(check_entry(&proof, head, index, b"other").is_err());
        if size > 1 {
            prop_assert!(check_entry(&proof, head, (index + 1) % size, entry).is_err());
        }
        let mut root = head.1;
        root.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(check_entry(&proof, (size, root), index, entry).is_err());
        let longer = [&proof[..], &[head.1]].concat();
        prop_assert!(check_entry(&longer, head, index, entry).is_err());
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(check_entry(shorter, head, index, entry).is_err());
            let mut flipped = proof.clone();
            flipped[bit % proof.len()].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(check_entry(&flipped, head, index, entry).is_err());
        }
    }

    #[test]
    fn growth_is_proven_and_a_rewritten_log_never_is(earlier in 1_u64..400, more in 1_u64..400, rewritten in any::<prop::sample::Index>()) {
        let kept = Kept::of(earlier + more);
        let proof = kept.growth(earlier, earlier + more);
        let (old, new) = (kept.at(earlier), kept.at(earlier + more));
        prop_assert_eq!(check_growth(&proof, old, new), Ok(()));

        // One entry of the past is another: no proof that its keeper can make leads from what was signed.
        let mut other = Kept::of(rewritten.index(earlier as usize) as u64);
        other.grow(1, "forged");
        let rest = earlier + more - other.entries.len() as u64;
        other.grow(rest, "entry");
        let forged = other.growth(earlier, earlier + more);
        prop_assert!(check_growth(&forged, old, other.at(earlier + more)).is_err());
        prop_assert!(check_growth(&proof, old, other.at(earlier + more)).is_err());
    }

    #[test]
    fn a_keepers_own_proofs_convict_it_and_nobody_who_kept_to_its_word(earlier in 1_u64..400, more in 1_u64..400, rewritten in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let later = earlier + more;
        let kept = Kept::of(later);
        let forged_at = rewritten.index(earlier as usize) as u64;
        let mut other = Kept::of(forged_at);
        other.grow(1, "forged");
        other.grow(later - other.entries.len() as u64, "entry");
        for (log, rewritten) in [(&kept, false), (&other, true)] {
            let next = log.tree().prove_entry(earlier, log).unwrap();
            let way = contradiction::way(&log.growth(earlier, later), &next, earlier, log.at(later)).unwrap();
            let begins = contradiction::beginning(&way, earlier, log.at(later));
            prop_assert_eq!(begins, Some(log.at(earlier).1));
            prop_assert_eq!(begins != Some(kept.at(earlier).1), rewritten);
            // Spoilt by whoever complains, it says nothing.
            for place in 0..way.len() {
                let mut spoilt = way.clone();
                spoilt[place].0[bit / 8] ^= 1 << (bit % 8);
                let begins = contradiction::beginning(&spoilt, earlier, log.at(later));
                prop_assert_eq!(begins, None);
            }

            // What stands in a promised place is found from the proofs of that place and of its neighbour.
            let proof = log.tree().prove_entry(forged_at, log).unwrap();
            let beside = contradiction::neighbour(forged_at, later).map(|beside| log.tree().prove_entry(beside, log).unwrap());
            let stands = contradiction::entry_at(&proof, &beside.unwrap_or_default(), log.at(later), forged_at);
            prop_assert_eq!(stands, Some(leaf(&log.entries[forged_at as usize])));
            prop_assert_eq!(stands != Some(leaf(&kept.entries[forged_at as usize])), rewritten);
        }
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in ".{0,300}", index in any::<u64>(), size in any::<u64>(), many in 0_usize..80) {
        let keys = keys();
        let proof = vec![Hash([7; 32]); many];
        let _ = Checkpoint::read(&text, log(&keys), &[]);
        let _ = Receipt::read(&text);
        let _ = Receipt::read(&format!("c2sp.org/tlog-proof@v1\nindex {index}\n{text}\n\n{text}"));
        let witness = Witness { name: "w", key: &key(2) };
        let _ = witness.cosign(&format!("old {size}\n{text}\n\n{text}"), log(&keys), (0, Hash([0; 32])), 1);
        let _ = contradiction::beginning(&proof, index, (size, Hash([1; 32])));
        let _ = contradiction::entry_at(&proof, &proof, (size, Hash([1; 32])), index);
        let _ = contradiction::way(&proof, &proof, index, (size, Hash([1; 32])));
        let _ = check_entry(&proof, (size, Hash([0; 32])), index, b"x");
        let _ = check_growth(&proof, (index, Hash([0; 32])), (size, Hash([1; 32])));
    }
}

#[test]
fn a_missing_or_short_tile_is_an_error_and_no_wrong_root() {
    let kept = Kept::of(700);
    let edge = Place { level: 0, index: 2 };
    let whole = kept.tiles.borrow_mut().remove(&edge).unwrap();
    assert_eq!(kept.tree().root(&kept), Err(TreeError::Missing));
    assert_eq!(kept.tree().prove_entry(600, &kept), Err(TreeError::Missing));
    kept.tiles
        .borrow_mut()
        .insert(edge, whole[..whole.len() - 32].to_vec());
    assert_eq!(kept.tree().root(&kept), Err(TreeError::Missing));
    assert_eq!(kept.tree().prove_entry(700, &kept), Err(TreeError::OutOfRange));
    assert_eq!(kept.tree().prove_growth(701, &kept), Err(TreeError::OutOfRange));
}

#[test]
fn a_checkpoint_is_believed_only_from_its_log_and_key() {
    let kept = Kept::of(5);
    let checkpoint = kept.checkpoint(5);
    let keys = keys();
    let read = Checkpoint::read(checkpoint.text(), log(&keys), &[]).unwrap();
    assert_eq!(read.head(), kept.at(5));
    let others = [key(9).verifying_key()];
    let refused = |text: &str, log: Log<'_>| Checkpoint::read(text, log, &[]).unwrap_err();
    assert_eq!(
        refused(checkpoint.text(), log(&others)),
        CheckpointError::Signature
    );
    let elsewhere = Log {
        origin: "example.org/other",
        keys: &keys,
    };
    assert_eq!(refused(checkpoint.text(), elsewhere), CheckpointError::OtherLog);
    let altered = checkpoint.text().replacen("\n5\n", "\n6\n", 1);
    assert_eq!(refused(&altered, log(&keys)), CheckpointError::Signature);
    let twice = format!("{}\n{}", checkpoint.text(), checkpoint.text());
    assert_eq!(refused(&twice, log(&keys)), CheckpointError::Malformed);
    let long = format!("{}{}", checkpoint.text(), "— a b\n".repeat(4_000));
    assert_eq!(refused(&long, log(&keys)), CheckpointError::Malformed);
    assert_eq!(
        Checkpoint::sign("with space", 5, kept.at(5).1, &key(1)),
        Err(CheckpointError::Name)
    );
    assert_eq!(
        Checkpoint::sign("two\nlines", 5, kept.at(5).1, &key(1)),
        Err(CheckpointError::Name)
    );
}

#[test]
fn two_readers_who_compare_see_two_histories() {
    let kept = Kept::of(40);
    let mut other = Kept::of(19);
    other.grow(21, "forged");
    let (yesterday, today) = (kept.checkpoint(20), kept.checkpoint(40));
    assert_eq!(advance(&yesterday, &today, &kept.growth(20, 40)), Ok(()));
    assert_eq!(compare(&today, &yesterday, &kept.growth(20, 40)), Ok(()));
    assert_eq!(
        advance(&today, &yesterday, &kept.growth(20, 40)),
        Err(Broken::Shorter)
    );
    assert_eq!(
        compare(&today, &other.checkpoint(40), &[]),
        Err(Broken::TwoHistories)
    );
    assert_eq!(
        compare(&yesterday, &other.checkpoint(40), &other.growth(20, 40)),
        Err(Broken::NotGrown)
    );
    let elsewhere = Checkpoint::sign("example.org/other", 40, kept.at(40).1, &key(1)).unwrap();
    assert_eq!(compare(&today, &elsewhere, &[]), Err(Broken::OtherLog));
}

#[test]
fn a_receipt_convinces_whoever_knows_the_logs_key() {
    let kept = Kept::of(300);
    let keys = keys();
    let receipt = Receipt {
        index: 123,
        proof: kept.tree().prove_entry(123, &kept).unwrap(),
        checkpoint: kept.checkpoint(300).text().to_owned(),
    };
    let text = receipt.to_text();
    let read = Receipt::read(&text).unwrap();
    assert_eq!(read, receipt);
    let checkpoint = read.check(b"entry 123", log(&keys), &[]).unwrap();
    assert_eq!(checkpoint.size(), 300);
    assert_eq!(
        read.check(b"entry 124", log(&keys), &[]),
        Err(ReceiptError::NotInThere(TreeError::DoesNotHold))
    );
    assert_eq!(
        Receipt::read(&text.replacen("index 123", "index 0123", 1)),
        Err(ReceiptError::Malformed)
    );
    assert_eq!(
        Receipt::read(&text.replacen("@v1", "@v2", 1)),
        Err(ReceiptError::Malformed)
    );
    assert_eq!(
        Receipt::read(&text.replacen("\n\n", "\n", 1)),
        Err(ReceiptError::Malformed)
    );
    let other = Receipt::read(&text.replacen("index 123", "index 122", 1)).unwrap();
    assert!(other.check(b"entry 123", log(&keys), &[]).is_err());
    // What another program adds is passed over.
    let extra = text.replacen("index", "extra aGVsbG8=\nindex", 1);
    assert_eq!(Receipt::read(&extra).unwrap(), receipt);
}

#[test]
fn a_witness_signs_one_history_and_no_second_one() {
    let kept = Kept::of(40);
    let keys = keys();
    let signing = key(2);
    let witness = Witness {
        name: "witness.example",
        key: &signing,
    };
    let nothing = (0, Hash([0; 32]));
    let first = request(0, &[], &kept.checkpoint(20));
    assert_eq!(origin_of(&first), Some(ORIGIN));
    let (line, known) = witness
        .cosign(&first, log(&keys), nothing, 1_700_000_000)
        .unwrap();
    assert_eq!(known, kept.at(20));

    let believed = [WitnessKey {
        name: "witness.example".to_owned(),
        key: signing.verifying_key(),
    }];
    let cosigned = kept.checkpoint(20).with_lines(&line).unwrap();
    let read = Checkpoint::read(&cosigned, log(&keys), &believed).unwrap();
    assert_eq!(read.witnessed()[0].time, 1_700_000_000);
    // A line for another state, another key of that name, a log's signature taken for a witness's: none of them counts.
    let moved = kept.checkpoint(21).with_lines(&line).unwrap();
    assert!(
        Checkpoint::read(&moved, log(&keys), &believed)
            .unwrap()
            .witnessed()
            .is_empty()
    );
    let stranger = [WitnessKey {
        name: "witness.example".to_owned(),
        key: key(3).verifying_key(),
    }];
    assert!(
        Checkpoint::read(&cosigned, log(&keys), &stranger)
            .unwrap()
            .witnessed()
            .is_empty()
    );
    let itself = [WitnessKey {
        name: ORIGIN.to_owned(),
        key: keys[0],
    }];
    assert!(
        Checkpoint::read(&cosigned, log(&keys), &itself)
            .unwrap()
            .witnessed()
            .is_empty()
    );

    let ask = |request: &str, known| {
        witness
            .cosign(request, log(&keys), known, 1_700_000_100)
            .map(|_| ())
    };
    assert_eq!(
        ask(&request(20, &kept.growth(20, 40), &kept.checkpoint(40)), known),
        Ok(())
    );
    // The same state again is no contradiction.
    assert_eq!(ask(&request(20, &[], &kept.checkpoint(20)), known), Ok(()));
    assert_eq!(ask(&first, known), Err(Refusal::Conflict(20)));
    let mut forged = Kept::of(19);
    forged.grow(21, "forged");
    assert_eq!(
        ask(
            &request(20, &forged.growth(20, 40), &forged.checkpoint(40)),
            known
        ),
        Err(Refusal::NotGrown)
    );
    assert_eq!(
        ask(&request(20, &[], &forged.checkpoint(20)), known),
        Err(Refusal::TwoHistories)
    );
    assert_eq!(ask("old 20\n", known), Err(Refusal::Malformed));
    let strangers = [key(9).verifying_key()];
    assert_eq!(
        witness.cosign(&first, log(&strangers), nothing, 1).map(|_| ()),
        Err(Refusal::Checkpoint(CheckpointError::Signature))
    );
}
