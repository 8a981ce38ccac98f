//! Every bound on what strangers may send, in one place.

use jiff::SignedDuration;

/// A QR code's text, in characters.
pub const LINK_CHARS: usize = 300;
/// What a counter shows to a patient who is there without a network, in characters.
pub const CHALLENGE_CHARS: usize = 450;
/// What the patient's wallet shows in return, in characters.
pub const COUNTER_ANSWER_CHARS: usize = 2_000;
/// A signed request, in bytes.
pub const REQUEST_BYTES: usize = 65_536;
/// An encrypted answer, in bytes.
pub const ANSWER_BYTES: usize = 65_536;
/// The station's reply to an answer, a registry's answer, an error body, in bytes.
pub const REPLY_BYTES: usize = 65_536;
/// Operations on one page of a registry's events.
pub const EVENTS_PAGE: usize = 1_000;
/// A page of a registry's events, in bytes.
pub const EVENTS_BYTES: usize = 1_048_576;
/// A trust list, in bytes.
pub const TRUST_LIST_BYTES: usize = 1_048_576;
/// The file of a party's own entry, in bytes.
pub const ENTRY_BYTES: usize = 16_384;
/// A sealed delivery, in bytes.
pub const DELIVERY_BYTES: usize = 64 * 1_048_576;
/// A manage request, in bytes.
pub const MANAGE_BYTES: usize = 65_536;
/// A reply to a manage request, in bytes.
pub const MANAGE_REPLY_BYTES: usize = 1_048_576;
/// Operations in one manage request.
pub const MANAGE_OPERATIONS: usize = 32;
/// Manage requests and replies are filled up to a multiple of this, in bytes.
pub const MANAGE_BLOCK: usize = 4_096;
/// A promise or receipt, in bytes.
pub const PROMISE_BYTES: usize = 4_096;
/// The link of a credential offer, in characters. It may carry the whole offer.
pub const OFFER_LINK_CHARS: usize = 4_096;
/// A credential offer, in bytes.
pub const OFFER_BYTES: usize = 16_384;
/// What an issuer or its authorization server says of itself, in bytes.
pub const METADATA_BYTES: usize = 262_144;
/// A proof of a key, in bytes.
pub const PROOF_BYTES: usize = 4_096;
/// Copies of one credential that are asked for at once.
pub const COPIES: usize = 100;
/// A request for that many copies, in bytes.
pub const CREDENTIAL_REQUEST_BYTES: usize = 131_072;
/// The copies as they come, in bytes.
pub const CREDENTIALS_BYTES: usize = 2 * 1_048_576;
/// A name shown to a person, in characters.
pub const NAME_CHARS: usize = 120;

/// How far two clocks may differ.
pub const CLOCK_LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// How long a request may be valid: five minutes, and the clocks' difference.
pub const REQUEST_LIFE: SignedDuration = SignedDuration::from_secs(5 * 60 + 60);
/// How old a proof of possession in an answer may be.
pub const ANSWER_AGE: SignedDuration = SignedDuration::from_secs(5 * 60);

/// Credential queries in one request, and presentations in an answer to one of them.
pub const QUERY_CREDENTIALS: usize = 16;
/// Claims in one credential query.
pub const QUERY_CLAIMS: usize = 64;
/// Entries in any other list of a query: types, values, sets, options, authorities.
pub const QUERY_LIST: usize = 32;
/// Steps of one claims path.
pub const QUERY_PATH_STEPS: usize = 16;
/// The id of a query or of a claim, in characters.
pub const QUERY_ID_CHARS: usize = 64;
/// Any other text in a query, in characters.
pub const QUERY_TEXT_CHARS: usize = 512;
