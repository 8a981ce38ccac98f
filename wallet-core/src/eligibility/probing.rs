//! Who asks again and again with other limits narrows a value down. Each further limit has to wait longer.

use carnet_eligibility::{Kind, Statement};
use carnet_exchange::eligibility::AskedStatement;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    Wallet,
    kept::{KeptProof, KeptProofs},
    vault::{Table, VaultError},
};

/// How long a limit that was shown is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Different limits that may be shown without waiting.
const FREE: u32 = 2;
/// How long the first one beyond waits; each further one twice as long, at most [`REMEMBERED`].
const FIRST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What one party was shown of one kind of value.
#[derive(Debug)]
pub(crate) struct Probing {
    id: String,
    proofs: KeptProofs,
}

impl Wallet {
    /// What this party (stable id) was shown of the value that a statement is about.
    pub(crate) fn probing(&self, party: &str, asked: &AskedStatement) -> Result<Probing, VaultError> {
        let about = about(&asked.statement.kind());
        let digest = Sha256::new()
            .chain_update(party)
            .chain_update([0])
            .chain_update(about)
            .finalize();
        let id = hex::encode(&digest[..16]);
        let proofs = self.vault.get(Table::Proofs, &id)?.unwrap_or_default();
        Ok(Probing { id, proofs })
    }
}

impl Probing {
    /// How many other limits than this one they were shown in the last days.
    pub(crate) fn other_limits(&self, asked: &AskedStatement, now: Timestamp) -> u32 {
        let this = limit(asked);
        let others = self.recent(now).filter(|proof| proof.limit != this).count();
        u32::try_from(others).unwrap_or(u32::MAX)
    }

    /// From when this limit can be shown, if not now. The same limit again says nothing new and never waits.
    pub(crate) fn wait_until(&self, asked: &AskedStatement, now: Timestamp) -> Option<Timestamp> {
        let this = limit(asked);
        if self.recent(now).any(|proof| proof.limit == this) {
            return None;
        }
        let beyond = self.other_limits(asked, now).checked_sub(FREE)?;
        let doubled = FIRST_WAIT.checked_mul(2_i32.checked_pow(beyond).unwrap_or(i32::MAX));
        let wait = doubled.unwrap_or(REMEMBERED).min(REMEMBERED);
        let last = self.recent(now).map(|proof| proof.when).max()?;
        let until = last + wait;
        (now < until).then_some(until)
    }

    /// This limit is being shown.
    pub(crate) fn note(&mut self, asked: &AskedStatement, now: Timestamp) {
        let limit = limit(asked);
        self.proofs
            .shown
            .retain(|proof| proof.limit != limit && now.duration_since(proof.when) < REMEMBERED);
        self.proofs.shown.push(KeptProof { limit, when: now });
    }

    pub(crate) fn into_row(self) -> (String, KeptProofs) {
        (self.id, self.proofs)
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = &KeptProof> {
        let shown = self.proofs.shown.iter();
        shown.filter(move |proof| now.duration_since(proof.when) < REMEMBERED)
    }
}

/// What is narrowed down, whatever unit, currency or list it is asked in.
fn about(kind: &Kind) -> String {
    match kind {
        Kind::Lab { loinc, .. } => format!("{} {}", kind.schema(), String::from(loinc.clone())),
        _ => kind.schema().to_owned(),
    }
}

/// One limit, whichever day it is asked on: "covered today" is the same question tomorrow.
fn limit(asked: &AskedStatement) -> String {
    let limit = match &asked.statement {
        Statement::CoverActiveOn { day } => {
            format!(
                "day {}",
                i32::from(day.number()) - i32::from(asked.as_of.number())
            )
        }
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    hex::encode(&Sha256::digest(limit)[..16])
}

#[cfg(test)]
mod tests {
    use carnet_exchange::eligibility::AskedStatement;

    use super::*;

    fn asked(statement: serde_json::Value, day: &str) -> AskedStatement {
        let asked = serde_json::json!({ "query": "q", "statement": statement, "as_of": day });
        serde_json::from_value(asked).unwrap()
    }

    fn age(years: u8) -> AskedStatement {
        asked(
            serde_json::json!({ "statement": "age-at-least", "years": years }),
            "2026-11-23",
        )
    }

    fn fresh() -> Probing {
        Probing {
            id: String::new(),
            proofs: KeptProofs::default(),
        }
    }

    #[test]
    fn from_the_third_limit_on_each_waits_twice_as_long_and_the_same_one_never() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let hours = SignedDuration::from_hours;
        let mut probing = fresh();
        for years in [18, 65] {
            assert_eq!(probing.wait_until(&age(years), now), None);
            probing.note(&age(years), now);
            assert_eq!(probing.wait_until(&age(years), now), None, "nothing new");
        }
        assert_eq!(probing.other_limits(&age(18), now), 1);
        assert_eq!(probing.other_limits(&age(70), now), 2);
        let third = probing.wait_until(&age(70), now).unwrap();
        assert_eq!(third, now + hours(24));
        assert_eq!(probing.wait_until(&age(70), third), None);
        probing.note(&age(70), third);
        let fourth = probing.wait_until(&age(75), third).unwrap();
        assert_eq!(fourth, third + hours(48));
        let mut last = third;
        for years in 80..120 {
            last += hours(1);
            probing.note(&age(years), last);
        }
        let capped = probing.wait_until(&age(121), last).unwrap();
        assert_eq!(capped, last + hours(30 * 24));
        assert_eq!(
            probing.wait_until(&age(121), last + hours(30 * 24)),
            None,
            "forgotten"
        );
    }

    #[test]
    fn covered_today_is_the_same_question_every_day() {
        let cover = |day: &str, on: &str| {
            asked(
                serde_json::json!({ "statement": "cover-active-on", "day": on }),
                day,
            )
        };
        assert_eq!(
            limit(&cover("2026-11-23", "2026-11-23")),
            limit(&cover("2026-12-01", "2026-12-01"))
        );
        assert_ne!(
            limit(&cover("2026-11-23", "2026-11-23")),
            limit(&cover("2026-11-23", "2026-11-20"))
        );
    }
}
