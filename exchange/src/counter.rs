//! A statement asked and shown at the counter with the cable out: the pharmacy shows a code, the wallet shows one in return.
//! Nothing is fetched and nothing is sent. `docs/protocol.md` has every byte.
//!
//! - [`challenge`]: what the counter asks, signed by a key that the trust list pins
//! - [`answer`]: the proof, sealed to the challenge that asked for it
//! - [`check`]: whether an answer shows what was asked
//!
//! Who may ask is the trust list's word, as old as that is. The statement and its proof are those of `carnet-eligibility`.

pub mod answer;
pub mod challenge;
pub mod check;
mod statement;

pub use answer::{AnswerError, SealingSecret};
pub use challenge::{Challenge, ChallengeError, key_id};
pub use check::{ShownError, check};
