//! A slip read from paper is whole and right, or refused.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

use carnet_consent::GrantId;
use carnet_exchange::slip::{Slip, SlipError};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Stands for the ledger's name of the grant: depends on everything that it depends on.
fn grant_id(slip: &Slip) -> GrantId {
    let hash = Sha256::new()
        .chain_update(slip.chain_id.to_be_bytes())
        .chain_update(slip.registry)
        .chain_update(slip.subject)
        .chain_update(slip.commitment)
        .chain_update(slip.not_before.to_be_bytes())
        .chain_update(slip.expiry.to_be_bytes())
        .chain_update(*slip.secret);
    GrantId(hash.finalize().into())
}

fn slip(seed: u8, endpoint: &str) -> Slip {
    Slip {
        chain_id: u64::MAX - u64::from(seed),
        registry: [seed; 20],
        subject: [seed.wrapping_add(1); 20],
        commitment: [seed.wrapping_add(2); 32],
        not_before: 1_900_000_800,
        expiry: (1 << 40) - 1,
        secret: Zeroizing::new([seed.wrapping_add(3); 32]),
        endpoint: endpoint.parse().unwrap(),
        spki_sha256: [seed.wrapping_add(4); 32],
    }
}

fn text(slip: &Slip) -> String {
    slip.to_text(&grant_id(slip)).unwrap().to_string()
}

fn parse(text: &str) -> Result<Slip, SlipError> {
    Slip::parse(text, grant_id)
}

#[test]
fn a_slip_comes_back_as_it_was_made_also_when_it_was_broken_over_lines() {
    for endpoint in [
        "https://127.0.0.1:8443/ledger",
        "https://[::1]:8443/ledger",
        "https://registry.example/",
    ] {
        let made = slip(9, endpoint);
        let text = text(&made);
        assert!(text.len() <= 300);
        assert!(parse(&text) == Ok(made.clone()), "{endpoint}");
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(31)
            .map(|l| str::from_utf8(l).unwrap())
            .collect();
        assert!(parse(&format!("\n {}\r\n", lines.join(" \n\t"))) == Ok(made));
        assert_eq!(format!("{:?}", parse(&text).unwrap()), "Slip(…)");
    }
}

#[test]
fn what_can_not_stand_on_a_slip_makes_none() {
    for endpoint in [
        "http://127.0.0.1/ledger",
        "https://me@127.0.0.1/ledger",
        "https://127.0.0.1/ledger?x=1",
        "https://127.0.0.1/ledger#x",
        "https://127.0.0.1/a&u=b",
    ] {
        let made = slip(1, endpoint);
        assert_eq!(
            made.to_text(&grant_id(&made)),
            Err(SlipError::BadAddress),
            "{endpoint}"
        );
    }
    let long = slip(1, &format!("https://registry.example/{}", "a".repeat(60)));
    assert_eq!(long.to_text(&grant_id(&long)), Err(SlipError::TooLong));
}

#[test]
fn something_else_is_told_apart_from_a_slip_with_a_fault() {
    let good = text(&slip(3, "https://127.0.0.1:8443/ledger"));
    let refused = |text: &str| parse(text).unwrap_err();
    assert_eq!(refused(""), SlipError::NotASlip);
    assert_eq!(refused("openid4vp://?client_id=x"), SlipError::NotASlip);
    assert_eq!(refused(&"carnet:slip?d=".repeat(100)), SlipError::TooLong);
    assert_eq!(refused(&format!("{good}{}", "a".repeat(60))), SlipError::TooLong);
    assert_eq!(refused(&good.replace("?d=A", "?d=B")), SlipError::OtherVersion);
    assert_eq!(refused("carnet:slip?d=&u="), SlipError::Damaged);
    assert_eq!(refused(&good.replace("8443", "8444")), SlipError::Damaged);
    assert_eq!(refused(&good.replace("&u=", "")), SlipError::Damaged);
    assert_eq!(refused(&format!("{good}?x")), SlipError::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_wrong_letter_anywhere_is_found(seed in any::<u8>(), at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.:/-]") {
        let made = slip(seed, "https://127.0.0.1:8443/ledger");
        let good = text(&made);
        let at = at.index(good.len());
        let mut wrong = good.clone();
        wrong.replace_range(at..=at, &letter);
        prop_assume!(wrong != good);
        prop_assert!(parse(&wrong).is_err());
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "(carnet:slip\\?d=)?\\PC{0,320}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&text);
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }
}
