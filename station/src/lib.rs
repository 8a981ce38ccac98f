//! The clinic's side of Carnet: one service with two doors.
//!
//! *Public door* (TLS): what wallets talk to ([`doors::public`]). *Staff door* (plain HTTP, loopback only):
//! what the front desk and its programs talk to ([`doors::staff`]). Between them, one file per use case:
//!
//! | what a person does | file |
//! |---|---|
//! | first administrator, sign-in, colleagues | [`accounts`] |
//! | show a question as a code | [`ask`] |
//! | scan the code that a patient shows | [`scan`] |
//! | take the wallet's answer, put the grant on the ledger | [`answer`] |
//! | take the sealed records | [`deliver`] |
//! | the same with the cable out, code against code | [`counter`], [`counter_alone`] |
//! | ask for a proof at the counter, and see what came of it | [`checks`] |
//! | type the four digits | [`confirm`] |
//! | read and export | [`read`] |
//! | hand out the receipt of a consent | [`receipt`] |
//! | issue cards into wallets | [`issue`] |
//! | show that the registry was not rewritten | [`evidence`] |
//! | say in the registry how far the logs are | [`anchors`] |
//! | use a registry on a chain instead | [`on_chain`] |
//! | let go: revoked, run out, kept long enough | [`end`], [`manage`], [`sweep`] |
//! | keep the list of trusted organisations (not the station's job) | [`trust`], [`authority`] |
//! | sign the states of others' registers (never one's own) | [`witness`] |
//! | look at a patient's proof (anybody's job) | [`verify_receipt`] |
//! | be driven by public test suites of W3C credentials (not the station's job) | [`vc_api`] |
//!
//! What is acknowledged is durable; what must be destroyed hangs on one small key file ([`folder`]).

pub mod accounts;
pub mod anchors;
pub mod answer;
pub mod app;
pub mod ask;
pub mod authority;
pub mod cards_asked;
pub mod cards_shown;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod confirm;
pub mod counter;
pub mod counter_alone;
pub mod db;
pub mod deliver;
pub mod delivery_keys;
pub mod doors;
pub mod end;
pub mod errors;
pub mod events;
pub mod evidence;
pub mod folder;
pub mod gates;
pub mod health;
pub mod identity;
pub mod issue;
pub mod keys;
pub mod limits;
pub mod listeners;
pub mod manage;
pub mod on_chain;
pub mod page;
pub mod read;
pub mod receipt;
pub mod rows;
pub mod scan;
pub mod serve;
pub mod sweep;
pub mod templates;
pub mod trust;
pub mod vc_api;
pub mod verify_receipt;
pub mod web;
pub mod witness;
