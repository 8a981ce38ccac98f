//! The station's Token Status Lists: each copy has a place of its own, drawn at random, so that places next to each other
//! say nothing about who holds what.

use carnet_credentials::status::token::{self, Bits, Publication, Status, StatusError, Statuses};
use jiff::{SignedDuration, Timestamp};

use super::{
    Cards, header,
    rows::{StatusPlace, StatusRow},
};
use crate::{
    app::App,
    db::{Change, DbError},
    keys::make_bytes,
};

/// Places of one list. A list that is half full takes no more.
const PLACES: u32 = 1 << 16;
/// How long a wallet or a reader may keep a copy of the list.
const KEEP: SignedDuration = SignedDuration::from_mins(5);
/// Until when a list counts after it was signed.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum StatusesError {
    #[error("The status list could not be made.")]
    List(#[from] StatusError),
    #[error("The system gave no randomness.")]
    Randomness(#[from] getrandom::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Path of a list at the public door.
pub fn path(list: u32) -> String {
    format!("/issue/statuses/{list}")
}

/// Takes places for so many copies, in the list that has room. They are taken once `change` is committed; until then the
/// caller holds [`Cards::statuses`].
pub(super) fn take(app: &App, change: &mut Change, copies: usize) -> Result<Vec<StatusPlace>, StatusesError> {
    let mut list: u32 = app.db.get("card-statuses-current")?.unwrap_or(1);
    let mut row = read(app, list)?;
    if row.count + u32::try_from(copies).unwrap_or(PLACES) > PLACES / 2 {
        list += 1;
        row = read(app, list)?;
        change.put("card-statuses-current", &list)?;
    }
    let mut places = Vec::with_capacity(copies);
    while places.len() < copies {
        let index = u32::from_be_bytes(make_bytes()?) % PLACES;
        let (byte, bit) = (index as usize / 8, 1u8 << (index % 8));
        let Some(used) = row.used.get_mut(byte).filter(|used| **used & bit == 0) else {
            continue;
        };
        *used |= bit;
        row.count += 1;
        places.push(StatusPlace { list, index });
    }
    change.put(&StatusRow::key(list), &row)?;
    Ok(places)
}

/// Takes copies back, for good. The caller holds [`Cards::statuses`] until `change` is committed.
pub(super) fn revoke(app: &App, change: &mut Change, places: &[StatusPlace]) -> Result<(), StatusesError> {
    let mut lists: Vec<u32> = places.iter().map(|place| place.list).collect();
    lists.sort_unstable();
    lists.dedup();
    for list in lists {
        let mut row = read(app, list)?;
        for place in places.iter().filter(|place| place.list == list) {
            if let Some(byte) = row.revoked.get_mut(place.index as usize / 8) {
                *byte |= 1 << (place.index % 8);
            }
        }
        change.put(&StatusRow::key(list), &row)?;
    }
    Ok(())
}

fn read(app: &App, list: u32) -> Result<StatusRow, DbError> {
    Ok(app.db.get(&StatusRow::key(list))?.unwrap_or_else(|| StatusRow {
        used: vec![0; PLACES as usize / 8],
        revoked: vec![0; PLACES as usize / 8],
        count: 0,
    }))
}

/// The list as it is published, signed now. Nothing where there is no such list.
pub fn published(app: &App, list: u32) -> Result<Option<String>, StatusesError> {
    let Some(row) = app.db.get::<StatusRow>(&StatusRow::key(list))? else {
        return Ok(None);
    };
    let mut statuses = Statuses::new(Bits::One, PLACES as usize)?;
    for (at, byte) in row.revoked.iter().enumerate() {
        for bit in (0..8).filter(|bit| byte & (1 << bit) != 0) {
            statuses.set(at * 8 + bit, Status::Invalid)?;
        }
    }
    let now = app.clock.now();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let uri = app.public(&path(list));
    let publication = Publication {
        uri: uri.as_str(),
        iat: now,
        exp: now.checked_add(HOLDS).ok(),
        ttl: Some(KEEP),
        header: header(app),
    };
    Ok(Some(token::issue(&statuses, &publication, &app.keys.identity)))
}

impl Cards {
    /// One hand at the lists at a time.
    pub(super) fn statuses(&self) -> std::sync::MutexGuard<'_, ()> {
        self.statuses
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
