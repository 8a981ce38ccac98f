//! What every engine must do. `conformance!(make)` turns it into tests; `make` returns a fresh [`Bench`] at [`NOW`].

pub(crate) mod anchors;

use std::sync::Arc;

use carnet_ledger::{
    Address, Domain, Event, EventKind, Grant, Ledger, LedgerError, MAX_PERIOD_SECONDS, Proof, Recorded,
    Status, address_of, grant_id, revoke_hash, sign_grant, sign_revocation,
};
use k256::ecdsa::SigningKey;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

/// Unix seconds at which a bench starts; a whole hour.
pub(crate) const NOW: u64 = 1_900_000_800;
pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

/// A fresh ledger whose clock the test holds.
pub(crate) struct Bench {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) set_clock: Box<dyn Fn(u64)>,
}

/// A person with one consent to give: key and secret.
pub(crate) struct Subject {
    pub(crate) key: SigningKey,
    pub(crate) secret: [u8; 32],
}

impl Subject {
    pub(crate) fn number(n: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[n + 1; 32]).unwrap(),
            secret: [n; 32],
        }
    }

    pub(crate) fn grant(&self, not_before: u64, expiry: u64) -> Grant {
        Grant {
            subject: address_of(&self.key),
            commitment: [7; 32],
            not_before,
            expiry,
            revoke_hash: revoke_hash(&self.secret),
        }
    }

    pub(crate) fn sign(&self, ledger: &dyn Ledger, grant: &Grant) -> [u8; 65] {
        sign_grant(&ledger.domain(), grant, &self.key)
    }

    pub(crate) fn give(&self, ledger: &dyn Ledger, grant: &Grant) -> Result<Recorded, LedgerError> {
        ledger.grant(grant, &self.sign(ledger, grant))
    }

    pub(crate) fn signature_proof(&self, ledger: &dyn Ledger, grant: &Grant) -> Proof {
        let domain = ledger.domain();
        Proof::Signature(sign_revocation(&domain, &grant_id(&domain, grant), &self.key))
    }

    pub(crate) fn secret_proof(&self) -> Proof {
        Proof::Secret(self.secret)
    }
}

pub(crate) fn status(ledger: &dyn Ledger, grant: &Grant) -> Status {
    ledger.status(&grant_id(&ledger.domain(), grant)).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> &'static str {
    result.unwrap_err().code()
}

pub(crate) fn a_grant_is_pending_then_active_then_expired(bench: &Bench) {
    let (ledger, maria) = (&*bench.ledger, Subject::number(1));
    let grant = maria.grant(NOW + HOUR, NOW + 2 * HOUR);
    assert_eq!(status(ledger, &grant), Status::None);
    maria.give(ledger, &grant).unwrap();
    for (time, expected) in [
        (NOW, Status::Pending),
        (NOW + HOUR - 1, Status::Pending),
        (NOW + HOUR, Status::Active),
        (NOW + 2 * HOUR - 1, Status::Active),
        (NOW + 2 * HOUR, Status::Expired),
    ] {
        (bench.set_clock)(time);
        let reading = ledger.read(&grant_id(&ledger.domain(), &grant)).unwrap();
        assert_eq!((reading.status, reading.as_of), (expected, time));
    }
}

pub(crate) fn the_same_grant_again_returns_the_same_record(bench: &Bench) {
    let (ledger, maria) = (&*bench.ledger, Subject::number(1));
    let grant = maria.grant(NOW, NOW + 30 * DAY);
    let first = maria.give(ledger, &grant).unwrap();
    assert_eq!(
        first,
        Recorded {
            sequence: 1,
            time: NOW
        }
    );
    (bench.set_clock)(NOW + 10 * DAY);
    assert_eq!(maria.give(ledger, &grant).unwrap(), first);
    assert_eq!(ledger.events(0, 10).unwrap().events.len(), 1);
}

pub(crate) fn only_the_subjects_signature_in_its_one_form_gives_a_grant(bench: &Bench) {
    let (ledger, maria) = (&*bench.ledger, Subject::number(1));
    let grant = maria.grant(NOW, NOW + DAY);
    let right = maria.sign(ledger, &grant);
    let domain = ledger.domain();
    let elsewhere = Domain {
        chain_id: domain.chain_id + 1,
        ..domain
    };
    let other_registry = Domain {
        registry: Address([9; 20]),
        ..domain
    };

    let mut high_s = k256::ecdsa::Signature::from_slice(&right[..64]).unwrap();
    high_s = k256::ecdsa::Signature::from_scalars(high_s.r().to_bytes(), (-*high_s.s()).to_bytes()).unwrap();
    let mut malleated = right;
    malleated[..64].copy_from_slice(&high_s.to_bytes());
    malleated[64] = 27 + 28 - right[64];
    let mut v_of_zero_or_one = right;
    v_of_zero_or_one[64] -= 27;
    let Proof::Signature(revocation) = maria.signature_proof(ledger, &grant) else {
        unreachable!()
    };

    for wrong in [
        sign_grant(&domain, &grant, &Subject::number(2).key),
        sign_grant(&elsewhere, &grant, &maria.key),
        sign_grant(&other_registry, &grant, &maria.key),
        maria.sign(ledger, &maria.grant(NOW, NOW + 2 * DAY)),
        revocation,
        malleated,
        v_of_zero_or_one,
        [0; 65],
    ] {
        assert_eq!(code(ledger.grant(&grant, &wrong)), "bad_signature");
    }
    assert_eq!(status(ledger, &grant), Status::None);
    ledger.grant(&grant, &right).unwrap();
    assert_eq!(
        code(ledger.grant(&grant, &malleated)),
        "bad_signature",
        "also when it is recorded already"
    );
}

pub(crate) fn a_window_that_does_not_fit_is_refused_by_its_own_name(bench: &Bench) {
    let (ledger, maria) = (&*bench.ledger, Subject::number(1));
    for (not_before, expiry, expected) in [
        (NOW, NOW, "window_empty"),
        (NOW, NOW - 1, "window_empty"),
        (NOW - HOUR, NOW, "window_empty"),
        (0, u64::MAX, "too_long"),
        (NOW, NOW + MAX_PERIOD_SECONDS + 1, "too_long"),
        (NOW - DAY - 1, NOW + DAY, "not_now"),
        (NOW + DAY + 1, NOW + 2 * DAY, "not_now"),
        (u64::MAX - 1, u64::MAX, "not_now"),
    ] {
        assert_eq!(
            code(maria.give(ledger, &maria.grant(not_before, expiry))),
            expected,
            "{not_before} {expiry}"
        );
    }
    for (not_before, expiry) in [
        (NOW, NOW + 1),
        (NOW, NOW + MAX_PERIOD_SECONDS),
        (NOW - DAY, NOW + DAY),
        (NOW + DAY, NOW + 2 * DAY),
    ] {
        maria.give(ledger, &maria.grant(not_before, expiry)).unwrap();
    }
}

pub(crate) fn revoked_is_final_and_either_proof_again_returns_the_same_record(bench: &Bench) {
    let ledger = &*bench.ledger;
    for (n, by_secret_first) in [(1, true), (2, false)] {
        let subject = Subject::number(n);
        let grant = subject.grant(NOW, NOW + DAY);
        subject.give(ledger, &grant).unwrap();
        assert_eq!(status(ledger, &grant), Status::Active);
        let mut proofs = [subject.secret_proof(), subject.signature_proof(ledger, &grant)];
        if !by_secret_first {
            proofs.reverse();
        }
        let first = ledger.revoke(&grant, &proofs[0]).unwrap();
        assert_eq!(ledger.revoke(&grant, &proofs[1]).unwrap(), first);
        assert_eq!(code(subject.give(ledger, &grant)), "revoked");
        assert_eq!(status(ledger, &grant), Status::Revoked);
    }
    (bench.set_clock)(NOW + 2 * DAY);
    assert_eq!(
        status(ledger, &Subject::number(1).grant(NOW, NOW + DAY)),
        Status::Revoked,
        "not expired"
    );
}

pub(crate) fn revoked_before_it_arrives_a_grant_never_arrives(bench: &Bench) {
    let ledger = &*bench.ledger;
    for n in [1, 2] {
        let subject = Subject::number(n);
        let grant = subject.grant(NOW, NOW + DAY);
        let proof = if n == 1 {
            subject.secret_proof()
        } else {
            subject.signature_proof(ledger, &grant)
        };
        ledger.revoke(&grant, &proof).unwrap();
        assert_eq!(status(ledger, &grant), Status::Revoked);
        assert_eq!(code(subject.give(ledger, &grant)), "revoked");
    }
}

pub(crate) fn nobody_else_revokes(bench: &Bench) {
    let (ledger, maria, stranger) = (&*bench.ledger, Subject::number(1), Subject::number(2));
    let grant = maria.grant(NOW, NOW + DAY);
    maria.give(ledger, &grant).unwrap();
    assert_eq!(
        code(ledger.revoke(&grant, &stranger.signature_proof(ledger, &grant))),
        "bad_signature"
    );
    assert_eq!(
        code(ledger.revoke(&grant, &Proof::Signature(maria.sign(ledger, &grant)))),
        "bad_signature"
    );
    assert_eq!(
        code(ledger.revoke(&grant, &stranger.secret_proof())),
        "wrong_secret"
    );
    let invented = Grant {
        revoke_hash: revoke_hash(&stranger.secret),
        ..grant
    };
    ledger.revoke(&invented, &stranger.secret_proof()).unwrap();
    assert_eq!(status(ledger, &grant), Status::Active);
}

pub(crate) fn everything_recorded_is_listed_in_order_page_by_page(bench: &Bench) {
    let (ledger, maria, peter) = (&*bench.ledger, Subject::number(1), Subject::number(2));
    let empty = ledger.events(0, 10).unwrap();
    assert_eq!((empty.events.len(), empty.last), (0, 0));
    let (one, two) = (maria.grant(NOW, NOW + DAY), maria.grant(NOW, NOW + 2 * DAY));
    let others = peter.grant(NOW, NOW + DAY);
    let recorded = [
        maria.give(ledger, &one).unwrap(),
        peter.give(ledger, &others).unwrap(),
        maria.give(ledger, &two).unwrap(),
        ledger.revoke(&one, &maria.secret_proof()).unwrap(),
    ];
    let expected = [
        (EventKind::Granted, one, recorded[0]),
        (EventKind::Granted, others, recorded[1]),
        (EventKind::Granted, two, recorded[2]),
        (EventKind::Revoked, one, recorded[3]),
    ];
    for limit in [1, 2, 3, 4, 1_000] {
        let listed = all_events(ledger, limit);
        let seen: Vec<_> = listed.iter().map(|e| (e.kind, e.grant, e.recorded)).collect();
        assert_eq!(seen, expected, "pages of {limit}");
        assert!(
            listed
                .iter()
                .all(|e| e.grant_id == grant_id(&ledger.domain(), &e.grant))
        );
    }
    for (after, limit) in [(4, 10), (u64::MAX, 10), (2, 0)] {
        let page = ledger.events(after, limit).unwrap();
        assert_eq!((page.events.len(), page.last), (0, 4), "{after} {limit}");
    }
}

/// The whole listing, followed until nothing more comes.
fn all_events(ledger: &dyn Ledger, limit: usize) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.recorded.sequence);
        let page = ledger.events(after, limit).unwrap();
        assert!(page.events.len() <= limit);
        if page.events.is_empty() {
            return all;
        }
        all.extend(page.events);
    }
}

pub(crate) fn a_listing_followed_while_others_write_skips_and_doubles_nothing(bench: &Bench) {
    const WRITERS: u8 = 4;
    const EACH: u64 = 12;
    let ledger = &*bench.ledger;
    let total = u64::from(WRITERS) * EACH * 2;
    let listed = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let subject = Subject::number(writer);
                for n in 0..EACH {
                    let grant = subject.grant(NOW, NOW + HOUR + n);
                    let granted = subject.give(ledger, &grant).unwrap().sequence;
                    // What was confirmed is listed.
                    assert_eq!(ledger.events(granted - 1, 1).unwrap().events[0].grant, grant);
                    ledger.revoke(&grant, &subject.secret_proof()).unwrap();
                }
            });
        }
        let mut listed: Vec<Event> = Vec::new();
        while (listed.len() as u64) < total {
            let after = listed.last().map_or(0, |event| event.recorded.sequence);
            listed.extend(ledger.events(after, 7).unwrap().events);
            std::thread::yield_now();
        }
        listed
    });
    let sequences: Vec<u64> = listed.iter().map(|event| event.recorded.sequence).collect();
    assert_eq!(sequences, (1..=total).collect::<Vec<_>>());
    assert_eq!(listed, all_events(ledger, 1_000), "what was listed stays");
}

pub(crate) fn many_callers_at_once_each_get_their_own_number(bench: &Bench) {
    let ledger = &*bench.ledger;
    let mut sequences: Vec<u64> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..16)
            .map(|n| {
                scope.spawn(move || {
                    let subject = Subject::number(n);
                    // Pairs of callers share a grant: they must get the same number.
                    let grant = Subject::number(n / 2).grant(NOW, NOW + DAY);
                    let shared = Subject::number(n / 2).give(ledger, &grant).unwrap().sequence;
                    let own = subject.grant(NOW, NOW + 2 * DAY);
                    subject.give(ledger, &own).unwrap();
                    assert_eq!(status(ledger, &own), Status::Active);
                    let revoked = ledger.revoke(&own, &subject.secret_proof()).unwrap();
                    assert_eq!(status(ledger, &own), Status::Revoked);
                    vec![
                        shared,
                        subject
                            .give(ledger, &subject.grant(NOW, NOW + HOUR))
                            .unwrap()
                            .sequence,
                        revoked.sequence,
                    ]
                })
            })
            .collect();
        callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap())
            .collect()
    });
    sequences.sort_unstable();
    let shared_twice = sequences.len();
    sequences.dedup();
    assert_eq!(shared_twice - sequences.len(), 8);
    let last = Subject::number(20)
        .give(ledger, &Subject::number(20).grant(NOW, NOW + DAY))
        .unwrap();
    assert_eq!(last.sequence, 8 + 3 * 16 + 1, "no gaps");
}

/// Any order of operations at any times ends where the rules of the registry, written down once more, say.
pub(crate) fn any_history_ends_as_the_rules_say(make: impl Fn() -> Bench) {
    #[derive(Clone, Copy, Default)]
    struct Known {
        granted: Option<Recorded>,
        revoked: Option<Recorded>,
    }
    let steps = vec((0_u8..3, 0_u8..4, 0..3 * HOUR), 1..24);
    TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })
    .run(&steps, |steps| {
        let bench = make();
        let ledger = &*bench.ledger;
        let (mut time, mut sequence, mut known) = (NOW, 0, [Known::default(); 3]);
        for (who, what, later) in steps {
            time += later;
            (bench.set_clock)(time);
            let subject = Subject::number(who);
            let grant = subject.grant(NOW + HOUR * u64::from(who), NOW + DAY);
            let k = &mut known[usize::from(who)];
            let expected = match (what, k.granted, k.revoked) {
                (0 | 1, _, Some(_)) => Err("revoked"),
                (0 | 1, Some(recorded), None) | (2 | 3, _, Some(recorded)) => Ok(recorded),
                (0 | 1, None, None) if time >= NOW + DAY => Err("window_empty"),
                _ => {
                    sequence += 1;
                    Ok(Recorded { sequence, time })
                }
            };
            let done = match what {
                0 | 1 => subject.give(ledger, &grant),
                2 => ledger.revoke(&grant, &subject.secret_proof()),
                _ => ledger.revoke(&grant, &subject.signature_proof(ledger, &grant)),
            };
            prop_assert_eq!(done.map_err(|error| error.code()), expected);
            if let Ok(recorded) = expected {
                *(if what < 2 { &mut k.granted } else { &mut k.revoked }) = Some(recorded);
            }
            let expected = match (k.granted, k.revoked) {
                (_, Some(_)) => Status::Revoked,
                (None, None) => Status::None,
                _ if time < grant.not_before => Status::Pending,
                _ if time < grant.expiry => Status::Active,
                _ => Status::Expired,
            };
            prop_assert_eq!(status(ledger, &grant), expected);
        }
        Ok(())
    })
    .unwrap();
}

/// One `#[test]` for each rule.
macro_rules! conformance {
    ($make:path) => {
        conformance!(
            $make:
            a_grant_is_pending_then_active_then_expired
            the_same_grant_again_returns_the_same_record
            only_the_subjects_signature_in_its_one_form_gives_a_grant
            a_window_that_does_not_fit_is_refused_by_its_own_name
            revoked_is_final_and_either_proof_again_returns_the_same_record
            revoked_before_it_arrives_a_grant_never_arrives
            nobody_else_revokes
            everything_recorded_is_listed_in_order_page_by_page
            a_listing_followed_while_others_write_skips_and_doubles_nothing
            many_callers_at_once_each_get_their_own_number
        );

        #[test]
        fn an_anchor_moves_on_with_its_log_and_neither_shrinks_nor_changes() {
            conformance::anchors::an_anchor_moves_on_with_its_log_and_neither_shrinks_nor_changes(&$make());
        }

        #[test]
        fn an_anchor_has_no_place_among_the_operations_and_touches_no_grant() {
            conformance::anchors::an_anchor_has_no_place_among_the_operations_and_touches_no_grant(&$make());
        }

        #[test]
        fn any_history_ends_as_the_rules_say() {
            conformance::any_history_ends_as_the_rules_say($make);
        }
    };
    ($make:path: $($rule:ident)+) => {
        $(#[test]
        fn $rule() {
            conformance::$rule(&$make());
        })+
    };
}
pub(crate) use conformance;
