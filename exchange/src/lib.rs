//! What wallet and station say to each other (OpenID4VP 1.0 with HAIP 1.0 cryptography). Everything is pure: time,
//! randomness and fetched bytes are passed in; nothing is read from the network or looked up.
//!
//! In the order of a consent:
//!
//! - [`link`]: what the QR code says
//! - [`trust`]: the signed list that says who is who
//! - [`issuers`]: whose signature may stand under a credential
//! - [`dcql`]: which credentials are asked for
//! - [`eligibility`]: a statement shown without its value
//! - [`issuance`]: credentials into a wallet (OpenID4VCI 1.0)
//! - [`request`]: the station's signed request, made and checked
//! - [`answer`]: the patient's encrypted answer, made and checked, and the station's reply to it
//! - [`promise`]: the station's signed promise that a grant or revocation is recorded
//! - [`evidence`]: the same, with the proof that it stands in the registry's log, for somebody else
//! - [`contradiction`]: what a log's keeper signed against its own word, for somebody else
//! - [`delivery`]: the sealed records
//! - [`registry`]: a registry's answers about a grant
//! - [`manage`]: taking back, read log and deletion receipt, asked for by the holder key
//! - [`slip`]: taking back from paper, without the wallet
//! - [`code`]: codes that the patient shows and the desk scans
//! - [`counter`]: a statement asked and shown without a network, code against code
//! - [`refusal`]: the shape of every error on the wire
//!
//! Below them: [`jwe`] and [`hpke`] (encryption), [`limits`] (all bounds), [`media`] (content types).

mod certificate;
mod hex_bytes;

pub mod answer;
pub mod code;
pub mod contradiction;
pub mod counter;
pub mod dcql;
pub mod delivery;
pub mod eligibility;
pub mod evidence;
pub mod hpke;
pub mod issuance;
pub mod issuers;
pub mod jwe;
pub mod limits;
pub mod link;
pub mod manage;
pub mod media;
pub mod promise;
pub mod refusal;
pub mod registry;
pub mod request;
pub mod slip;
pub mod trust;

pub use certificate::{client_id_of, key_in_header};
pub use jwe::EncryptionKey;
pub use link::{RequestLink, RequestUriMethod};
pub use trust::{Entry, RootKey, TrustList};
