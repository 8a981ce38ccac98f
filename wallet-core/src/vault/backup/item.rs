//! What a backup's content is made of. Numbers are big-endian.
//!
//! ```text
//! 1  root        the 32 bytes behind the words; the first item, once
//! 2  entry       table 1 ‖ profile 4 ‖ length of the id 2 ‖ id ‖ length of the value 4 ‖ value
//! 3  numbers     profile 4 ‖ consent numbers below this one are used up 8
//! 4  log's end   entries 8 ‖ hash of the last 32
//! 0  end         how many items came before 8; nothing follows
//! ```

use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use crate::vault::{ChainHead, ProfileId, Table};

/// Longest value that a backup may bring, in bytes.
const LONGEST_VALUE: u32 = 128 << 20;

pub(super) enum Item {
    Root(Zeroizing<[u8; 32]>),
    Entry {
        table: Table,
        profile: ProfileId,
        id: String,
        value: Zeroizing<Vec<u8>>,
    },
    Numbers {
        profile: ProfileId,
        below: u64,
    },
    Chain(ChainHead),
    End {
        items: u64,
    },
}

impl Item {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Root(seed) => {
                to.write_all(&[1])?;
                to.write_all(seed.as_slice())
            }
            Self::Entry {
                table,
                profile,
                id,
                value,
            } => write_entry(to, (table.number(), *profile), id, value),
            Self::Numbers { profile, below } => {
                to.write_all(&[3])?;
                to.write_all(&profile.to_bytes())?;
                to.write_all(&below.to_be_bytes())
            }
            Self::Chain(head) => {
                to.write_all(&[4])?;
                to.write_all(&head.to_bytes())
            }
            Self::End { items } => {
                to.write_all(&[0])?;
                to.write_all(&items.to_be_bytes())
            }
        }
    }

    /// Memory is taken as bytes come, not as lengths say.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        Ok(match array::<1>(from)? {
            [0] => Self::End {
                items: u64::from_be_bytes(array(from)?),
            },
            [1] => Self::Root(Zeroizing::new(array(from)?)),
            [2] => {
                let [table] = array(from)?;
                let table = Table::of_number(table).ok_or_else(malformed)?;
                let profile = profile(from)?;
                let length = u16::from_be_bytes(array(from)?);
                let id = bytes(from, u32::from(length))?;
                let id = std::str::from_utf8(&id).map_err(|_| malformed())?.to_owned();
                let length = u32::from_be_bytes(array(from)?);
                let value = bytes(from, length)?;
                Self::Entry {
                    table,
                    profile,
                    id,
                    value,
                }
            }
            [3] => Self::Numbers {
                profile: profile(from)?,
                below: u64::from_be_bytes(array(from)?),
            },
            [4] => Self::Chain(ChainHead::from_bytes(&array::<40>(from)?).ok_or_else(malformed)?),
            _ => return Err(malformed()),
        })
    }
}

/// Writes an entry without a copy of its value.
pub(super) fn write_entry(
    to: &mut impl Write,
    (table, profile): (u8, ProfileId),
    id: &str,
    value: &[u8],
) -> io::Result<()> {
    let too_long = |_| io::Error::other("too long");
    let id_length = u16::try_from(id.len()).map_err(too_long)?;
    let length = u32::try_from(value.len()).map_err(too_long)?;
    to.write_all(&[2, table])?;
    to.write_all(&profile.to_bytes())?;
    to.write_all(&id_length.to_be_bytes())?;
    to.write_all(id.as_bytes())?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(value)
}

fn profile(from: &mut impl Read) -> io::Result<ProfileId> {
    ProfileId::from_bytes(array(from)?).ok_or_else(malformed)
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut array = [0; N];
    from.read_exact(&mut array)?;
    Ok(array)
}

fn bytes(from: &mut impl Read, length: u32) -> io::Result<Zeroizing<Vec<u8>>> {
    if length > LONGEST_VALUE {
        return Err(malformed());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    if from.take(u64::from(length)).read_to_end(&mut bytes)? as u64 == u64::from(length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Sealed by somebody who had the key, and still not what this version writes.
fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed")
}
