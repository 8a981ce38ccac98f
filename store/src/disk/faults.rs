//! A plan by which a disk fails. Only where the feature `faults` is on, and even there only when a plan is given.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use super::Op;

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `ENOSPC`.
    NoSpace,
    /// `EIO`.
    Io,
    /// `EROFS`.
    ReadOnly,
    /// A write stops after so many bytes, with `ENOSPC`.
    Short(usize),
}

/// The n-th operation of certain kinds fails.
#[derive(Debug)]
pub struct Faults {
    ops: Vec<Op>,
    nth: u64,
    fault: Fault,
    lasting: bool,
    seen: AtomicU64,
}

impl Faults {
    /// The `nth` (from 1) of these operations fails, and no other.
    pub fn once(ops: &[Op], nth: u64, fault: Fault) -> Self {
        Self {
            ops: ops.to_vec(),
            nth,
            fault,
            lasting: false,
            seen: AtomicU64::new(0),
        }
    }

    /// The `nth` (from 1) of these operations fails, and every later one. Over all kinds of operations that is, for
    /// the disk, a process that ends there.
    pub fn from(ops: &[Op], nth: u64, fault: Fault) -> Self {
        Self {
            lasting: true,
            ..Self::once(ops, nth, fault)
        }
    }

    /// Whether an operation failed by this plan.
    pub fn struck(&self) -> bool {
        self.seen.load(Ordering::SeqCst) >= self.nth
    }

    /// Whether no other operation fails.
    pub fn only_concerns(&self, op: Op) -> bool {
        self.ops == [op]
    }

    pub(super) fn before(&self, op: Op) -> io::Result<()> {
        if !self.ops.contains(&op) {
            return Ok(());
        }
        let number = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if number == self.nth || self.lasting && number > self.nth {
            Err(io::Error::from_raw_os_error(match self.fault {
                Fault::NoSpace | Fault::Short(_) => 28,
                Fault::Io => 5,
                Fault::ReadOnly => 30,
            }))
        } else {
            Ok(())
        }
    }

    /// Bytes of the next write that still reach the file.
    pub(super) fn allowed(&self, wanted: usize) -> usize {
        match self.fault {
            Fault::Short(bytes)
                if self.ops.contains(&Op::Write) && self.seen.load(Ordering::SeqCst) + 1 == self.nth =>
            {
                bytes.min(wanted.saturating_sub(1))
            }
            _ => wanted,
        }
    }
}
