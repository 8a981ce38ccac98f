//! What work with secrets leaves behind on the stack, overwritten.
//!
//! Keys are wiped where they end, and what lies on the heap when it is given back (the programs' allocator does that); but a
//! value that was moved leaves a copy in the frame it was moved from, which no destructor knows. So the doors run each use case
//! in [`wiped`], and each future in [`wiped_always`].

use std::{
    future::{Future, poll_fn},
    hint::black_box,
    pin::pin,
};

/// How much of the stack is overwritten, in bytes; the use cases stay well below it.
const DEPTH: usize = 256 * 1024;

/// Does `work`, then overwrites the stack that it used. Costs a few µs and needs 256 KiB of free stack.
pub fn wiped<T>(work: impl FnOnce() -> T) -> T {
    let done = apart(work);
    overwrite();
    done
}

/// Does the same with each step of a future.
pub async fn wiped_always<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| wiped(|| work.as_mut().poll(context))).await
}

/// In a frame of its own, below the caller's.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Its frame covers what `apart` and everything below it used.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the stack is what is to be overwritten")]
fn overwrite() {
    black_box(&mut [0_u8; DEPTH]);
}
