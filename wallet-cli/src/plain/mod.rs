//! The same answers in plain sentences.

mod activity;
mod consents;
mod question;
mod records;
mod trust;
mod vault;

pub(crate) use activity::{activity, log, sync};
pub(crate) use consents::{answered, consent, consents, reads, revoked, revoked_all, slip, slip_used};
pub(crate) use question::question;
pub(crate) use records::{attachments, imported, record, records};
pub(crate) use trust::{clinic, trust, why};
pub(crate) use vault::{backed_up, checked, made, people, recovery, restored, words};

use carnet_wallet_core::views::GroupCount;

fn groups(groups: &[GroupCount]) -> String {
    groups
        .iter()
        .map(|group| format!("{} ({})", group.group, group.count))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The last day of a time that ends at midnight.
pub(crate) fn last_day(until: &str) -> Option<String> {
    let until: jiff::Timestamp = until.parse().ok()?;
    let last = until - jiff::SignedDuration::from_secs(1);
    Some(last.strftime("%Y-%m-%d").to_string())
}

pub(crate) fn short(id: &str, length: usize) -> &str {
    id.get(..length).unwrap_or(id)
}
