//! Making a vault of a backup.
//!
//! The new vault is built beside the old one and opened once, which checks it whole; only then does it take the old one's
//! place, see `replace.rs`. Whatever ends this before leaves the old one as it was.

use std::{fs::File, io::Read, path::Path};

use super::{RestoreError, header::Header, item::Item, stream::SealedReader};
use crate::{
    keys::RootKey,
    progress::{Progress, Watch},
    vault::{
        KdfChoice, Opened, Passphrase, ProfileId, Table, Vault,
        change::Pending,
        create::{Mark, NewVault, lock_folder},
        internal,
        replace::{self, NEW},
        root::Root,
        table::SCHEMA,
    },
    words::Words,
};

/// Entries and bytes that are made durable at once.
const ENTRIES_AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 8 << 20;
/// After a restore, this many consent numbers are left out: what was given since the backup may have used them.
const NUMBERS_LEFT_OUT: u64 = 20;

/// What opens a backup.
#[derive(Debug, Clone, Copy)]
pub enum BackupSecret<'a> {
    /// The passphrase given when it was made.
    Passphrase(&'a Passphrase),
    /// The words of the wallet it was made of.
    Words(&'a Words),
}

/// A vault made of a backup, open.
#[derive(Debug)]
pub struct Restored {
    pub vault: Vault,
    /// Entries of all tables and people.
    pub entries: u64,
}

impl Vault {
    /// Makes a vault in `dir` of the backup at `path`, with a vault key and a passphrase of its own. A vault that is there
    /// stays until the new one was checked, and is gone then. `mark` takes the place of what the backup has there.
    pub fn restore(
        dir: &Path,
        path: &Path,
        secret: &BackupSecret<'_>,
        (passphrase, kdf): (&Passphrase, KdfChoice),
        mark: &Mark<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Restored, RestoreError> {
        let mut file = File::open(path).map_err(RestoreError::read)?;
        let total = file.metadata().map_err(RestoreError::read)?.len();
        let key = Header::read(&mut file, secret)?;
        let mut content = SealedReader::new(file, &key).map_err(RestoreError::read)?;
        let Item::Root(seed) = Item::read(&mut content).map_err(RestoreError::read)? else {
            return Err(RestoreError::Damaged);
        };

        let _alone = lock_folder(dir)?;
        replace::finish(dir)?;
        let _closed = replace::hold(dir)?;
        let new = NewVault::begin(&dir.join(NEW), RootKey::new(seed), passphrase, kdf)?;
        let opened = new.open_store(&dir.join(NEW))?;
        let items = write_all((&opened, &new, mark), &mut content, |done| {
            watch(Progress { done, total }).is_break()
        })?;
        drop(opened);
        new.finish(&dir.join(NEW))?;
        // Opened as it will be from now on, which checks everything in it.
        drop(Self::open_folder(&dir.join(NEW), &new.header, &new.vault_key)?);
        if watch(Progress { done: total, total }).is_break() {
            replace::discard(dir);
            return Err(RestoreError::Cancelled);
        }
        replace::exchange(dir)?;
        let vault = Self::open_content(dir, &new.header, &new.vault_key)?;
        replace::remove_old(dir);
        Ok(Restored {
            vault,
            entries: items,
        })
    }
}

fn write_all(
    (opened, new, mark): (&Opened, &NewVault, &Mark<'_>),
    content: &mut SealedReader<File>,
    mut stop: impl FnMut(u64) -> bool,
) -> Result<u64, RestoreError> {
    let mut batch = Pending::on(opened, Root::default());
    new.write_root(&mut batch)?;
    let (mut entries, mut bytes) = (0, 0);
    let mut items = 1;
    loop {
        match Item::read(content).map_err(RestoreError::read)? {
            Item::Entry {
                table,
                profile,
                id,
                value,
            } => {
                entries += 1;
                bytes += value.len();
                batch.write((table.number(), profile), SCHEMA, &id, Some(&value))?;
            }
            Item::Numbers { profile, below } => {
                let below = below.saturating_add(NUMBERS_LEFT_OUT);
                let owner = (internal::TABLE, profile);
                batch.write(owner, SCHEMA, internal::NUMBERS, Some(&below.to_be_bytes()))?;
            }
            Item::Chain(head) => {
                let owner = (internal::TABLE, Table::Activity.owner(ProfileId::FIRST));
                batch.write(owner, SCHEMA, internal::CHAIN, Some(&head.to_bytes()))?;
            }
            Item::End { items: said } if said == items => break,
            Item::Root(_) | Item::End { .. } => return Err(RestoreError::Damaged),
        }
        items += 1;
        if entries >= ENTRIES_AT_ONCE || bytes >= BYTES_AT_ONCE {
            let root = batch.commit()?;
            batch = Pending::on(opened, root);
            (entries, bytes) = (0, 0);
            if stop(content.taken) {
                return Err(RestoreError::Cancelled);
            }
        }
    }
    if content.read(&mut [0]).map_err(RestoreError::read)? != 0 {
        return Err(RestoreError::Damaged);
    }
    mark.write(&mut batch)?;
    batch.commit()?;
    Ok(items)
}
