//! The consent registry: who may read what until when, as a hash, on a ledger that holds no name.
//!
//! The rules live in one Solidity contract, `contracts/ConsentRegistry.sol`. This crate has the types and signatures both
//! sides need (always built, no EVM), the trait [`Ledger`] that every engine answers, and the engines:
//!
//! - `embedded` (feature of that name): the contract run in this process over a `carnet-store`
//!   store, durable before it answers. No blocks and no consensus: whoever runs it keeps it.
//! - `network` (feature of that name): the contract on a chain, asked through several nodes. Nobody has to be believed who
//!   keeps it alone; what is final is the chain's to say.
//!
//! A grant is named everywhere by its *grant id*, the EIP-712 hash of its five fields under the registry's [`Domain`].

mod address;
mod anchor;
mod eip712;
mod error;
mod event;
mod grant;
mod hex_bytes;
mod ledger;
mod sign;

#[cfg(any(feature = "embedded", feature = "network"))]
mod contract;

#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "network")]
pub mod network;

pub use address::{Address, AddressError};
pub use anchor::{Anchor, log_id};
pub use eip712::{Domain, grant_id, revocation_digest, revoke_hash};
pub use error::LedgerError;
pub use event::{Event, EventKind, Events, Recorded};
pub use grant::{Grant, MAX_PERIOD_SECONDS, MAX_START_SKEW_SECONDS, Proof};
pub use ledger::{Clock, Ledger, Reading, Status};
pub use sign::{address_of, sign_grant, sign_revocation};
