//! Who read what: whether each reading that a station reports stands in its log, and stays as it was reported.

use std::collections::BTreeMap;

use carnet_consent::GrantId;
use carnet_exchange::{Entry as Party, manage::Read};
use carnet_log::{Receipt, entry, tree::check_entry};
use url::Url;

use super::{Book, Found, KeptLog, Seen, proof};
use crate::{
    Wallet,
    activity::{Entry, Happened},
    kept::{KeptLogged, KeptRead, KeptReads},
    reads::shown,
    talk::Talk,
    vault::{Table, VaultError},
};

/// Proofs that are fetched in one go; the next look fetches the next ones.
const PROOFS: usize = 256;

/// What a station says of one consent.
pub(crate) struct Reported {
    pub(crate) consent_id: String,
    pub(crate) grant_id: GrantId,
    pub(crate) verifier: String,
    /// None: it says that it doesn't know this consent.
    pub(crate) reads: Option<Vec<Read>>,
}

impl Reported {
    fn reads(&self) -> &[Read] {
        self.reads.as_deref().unwrap_or_default()
    }
}

/// Proofs, by consent and place.
type Proofs<'a> = BTreeMap<(&'a str, u64), String>;

impl Wallet {
    /// Keeps what one station reports of its consents, with the proof that it stands in its log. What was reported once stays,
    /// even if it is no longer reported.
    pub(crate) async fn keep_readings(
        &self,
        talk: &Talk,
        party: &Party,
        manage: &Url,
        reported: &[Reported],
    ) -> Result<(), VaultError> {
        let origin = entry::reads(&party.id);
        let book = Book::Reads(manage.clone());
        // Silence is no contradiction: what can't be looked at now is proven next time.
        let mut seen = self.look_at_log(talk, party, &origin, &book).await.ok();
        let mut proofs = Proofs::new();
        if let Some(seen) = seen.as_mut().filter(|seen| seen.broken.is_none()) {
            proofs = self.prove_readings(talk, manage, seen, reported).await?;
        }
        let now = self.clock.now();
        let mut change = self.vault.change();
        let mut denied = None;
        for one in reported {
            let mut kept: KeptReads = self.vault.get(Table::Reads, &one.consent_id)?.unwrap_or_default();
            denied = denied.or(kept.denied_by(one.reads()));
            if one.reads.is_none() {
                continue;
            }
            for when in kept.take(one.reads()) {
                Entry::new(when, Happened::Read)
                    .who(&one.verifier)
                    .put(&mut change);
            }
            for logged in kept.logged_mut() {
                if let Some(proof) = proofs.remove(&(one.consent_id.as_str(), logged.log.place)) {
                    logged.proof = Some(proof);
                }
            }
            kept.as_of = now;
            change.put(Table::Reads, &one.consent_id, &kept);
        }
        match (seen, denied) {
            (Some(mut seen), denied) => {
                // What it denies says more than that its log can't hold both.
                seen.broken = denied.map(Found::told).or(seen.broken);
                self.keep_log(&mut change, &talk.list, &origin, party, &book, seen)?;
            }
            (None, Some(code)) => {
                if let Some(mut log) = self.vault.get::<KeptLog>(Table::Logs, &origin)? {
                    let note = log.note.clone().unwrap_or_default();
                    self.contradict(&mut change, &mut log, &note, Found::told(code));
                    change.put(Table::Logs, &origin, &log);
                }
            }
            (None, None) => {}
        }
        change.commit()
    }

    /// The proofs of what was not proven yet. One that does not hold breaks the log; what is not told is asked again later.
    async fn prove_readings<'a>(
        &self,
        talk: &Talk,
        manage: &Url,
        seen: &mut Seen,
        reported: &'a [Reported],
    ) -> Result<Proofs<'a>, VaultError> {
        let head = seen.state.head();
        let mut proofs = Proofs::new();
        for one in reported {
            let kept: KeptReads = self.vault.get(Table::Reads, &one.consent_id)?.unwrap_or_default();
            for read in one.reads() {
                let Some(log) = read.log.as_ref().filter(|_| !kept.proves(read)) else {
                    continue;
                };
                if proofs.len() == PROOFS {
                    return Ok(proofs);
                }
                // Reported before this state was signed: it must be in there.
                let way = if log.place < head.0 {
                    let (place, size) = (log.place.to_string(), head.0.to_string());
                    match proof(talk, manage, &["log", "inclusion", &place, &size]).await {
                        Ok(way) => way,
                        Err(_) => return Ok(proofs),
                    }
                } else {
                    Vec::new()
                };
                let entry = read.entry(&one.grant_id, &log.salt);
                if check_entry(&way, head, log.place, &entry).is_err() {
                    seen.broken = Some(Found::told("log_read_broken"));
                    return Ok(proofs);
                }
                let receipt = Receipt {
                    index: log.place,
                    proof: way,
                    checkpoint: seen.state.text().to_owned(),
                };
                proofs.insert((&one.consent_id, log.place), receipt.to_text());
            }
        }
        Ok(proofs)
    }

    /// Whether this party's log of readings contradicted itself, or what it had reported.
    pub(crate) fn readings_broken(&self, party: &str) -> Result<bool, VaultError> {
        let log: Option<KeptLog> = self.vault.get(Table::Logs, &entry::reads(party))?;
        Ok(log.is_some_and(|log| log.broken.is_some()))
    }
}

impl KeptReads {
    /// In which way this report denies an earlier one.
    fn denied_by(&self, reported: &[Read]) -> Option<&'static str> {
        let denied = |earlier: &KeptLogged| {
            let at_its_place = |read: &&Read| {
                let place = read.log.as_ref().map(|log| log.place);
                place == Some(earlier.log.place)
            };
            match reported.iter().find(at_its_place) {
                Some(read) if earlier.is(read) => None,
                Some(_) => Some("log_read_changed"),
                None if reported.iter().any(|read| without_place(read) == earlier.read) => {
                    Some("log_read_moved")
                }
                None => Some("log_read_missing"),
            }
        };
        self.reads
            .iter()
            .filter_map(|kept| kept.logged.as_ref())
            .find_map(denied)
    }

    /// Takes what is new of a report: the times of it.
    fn take(&mut self, reported: &[Read]) -> Vec<jiff::Timestamp> {
        let mut new = Vec::new();
        for read in reported {
            let logged = read.log.clone().map(|log| KeptLogged {
                read: without_place(read),
                log,
                proof: None,
            });
            let words = shown(read);
            let known = self.reads.iter_mut().find(|kept| {
                let same = match (&kept.logged, &logged) {
                    (Some(kept), Some(logged)) => kept.read == logged.read && kept.log == logged.log,
                    // Reported before there was a log, or without its place.
                    (None, _) => true,
                    (Some(_), None) => false,
                };
                same && (&kept.who, kept.when, &kept.what) == (&words.who, words.when, &words.what)
            });
            match known {
                Some(kept) if kept.logged.is_none() => kept.logged = logged,
                Some(_) => {}
                None => {
                    new.push(read.when);
                    self.reads.push(KeptRead { logged, ..words });
                }
            }
        }
        self.reads.sort_by_key(|read| read.when);
        new
    }

    fn proves(&self, read: &Read) -> bool {
        let mut logged = self.reads.iter().filter_map(|kept| kept.logged.as_ref());
        logged.any(|logged| logged.proof.is_some() && logged.is(read))
    }

    fn logged_mut(&mut self) -> impl Iterator<Item = &mut KeptLogged> {
        self.reads.iter_mut().filter_map(|kept| kept.logged.as_mut())
    }
}

impl KeptLogged {
    fn is(&self, read: &Read) -> bool {
        without_place(read) == self.read && read.log.as_ref() == Some(&self.log)
    }
}

fn without_place(read: &Read) -> Read {
    Read {
        log: None,
        ..read.clone()
    }
}
