//! The cryptosuite from outside: what can be shown, what can't, and what must not pass for it.
//!
//! [`by_hand`] is a second implementation, written from `docs/eligibility.md`, whose every part can be changed: a dishonest
//! holder or issuer, and a check of the first implementation's bytes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on should stop"
)]

mod by_hand;
mod bytes;
mod commitments;
mod days;
mod issuer;
mod limits;
mod members;
mod question;
mod secrets;
mod shows;
mod stage;
mod together;
mod vectors;
