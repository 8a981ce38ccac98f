//! The receipt of a consent: one content, the same on the patient's and on the recipient's side.
//!
//! It follows the consent record and receipt of ISO/IEC TS 27560:2023, clauses 6.3.3 (header), 6.3.4 (processing), 6.3.5 (PII),
//! 6.3.6 (parties) and 6.3.7 (events). The text of that specification is sold; the names here are those of its public summaries
//! (W3C DPVCG, *Consent Records and Receipts as per ISO/IEC TS 27560:2023*). What nobody stated (place, jurisdiction) is left out.
//!
//! A receipt says nothing about when it was made, so that the same facts give the same bytes.

#![expect(
    clippy::struct_field_names,
    reason = "the names are those of the specification"
)]

mod page;

use carnet_fhir::Group;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Consent, DataPeriod, Decision, Digest32, GrantId, LedgerRef, Purpose, Scope};

/// What a receipt follows: the specification, and our own form of it.
pub const RECEIPT_SCHEMA: &str = "ISO/IEC TS 27560:2023; urn:carnet:consent-receipt:1";
/// The receipt as a type of credential.
pub const RECEIPT_TYPE: &str = "urn:carnet:consent-receipt:1";
/// How a receipt names where its status stands: [`LedgerEntry`].
pub const LEDGER_STATUS: &str = "urn:carnet:status:ledger:1";

const GIVEN: &str = "consent given";
const WITHDRAWN: &str = "consent withdrawn";
const ERASED: &str = "copy erased";
const CONTROLLER: &str = "controller";

/// What both sides know of a consent. The times stand in promises and receipts that the recipient signed and the patient holds.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptFacts<'a> {
    /// The consent as given.
    pub consent: &'a Consent,
    /// Its grant.
    pub grant_id: GrantId,
    /// The recipient's legal name, as the trust list has it.
    pub recipient: &'a str,
    /// When the ledger took the grant.
    pub given: Timestamp,
    /// When the ledger took the revocation.
    pub withdrawn: Option<Timestamp>,
    /// When the key of the recipient's copy was destroyed. Counts only once the consent was withdrawn.
    pub erased: Option<Timestamp>,
}

/// A receipt; `Serialize` is its JSON form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Receipt {
    schema_version: &'static str,
    receipt_id: String,
    consent_record: Record,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Record {
    schema_version: &'static str,
    record_id: String,
    pii_principal_id: String,
    pii_processing: Processing,
    party_identification: Vec<Party>,
    events: Vec<Event>,
    /// What the specification has no field for.
    #[serde(rename = "carnet_evidence")]
    evidence: Evidence,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Processing {
    privacy_notice: String,
    language: &'static str,
    purposes: Vec<PurposeOf>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PurposeOf {
    purpose: &'static str,
    /// HL7 v3 ActReason.
    purpose_type: &'static str,
    lawful_basis: &'static str,
    pii_information: Vec<Pii>,
    pii_controllers: Vec<String>,
    collection_method: &'static str,
    processing_method: &'static str,
    storage_locations: Vec<&'static str>,
    retention_period: String,
    recipient_third_parties: Vec<String>,
    withdrawal_method: &'static str,
    privacy_rights: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pii {
    pii_type: String,
    /// SMART v2 scope.
    pii_attribute_id: String,
    sensitive_pii_category: bool,
    special_pii_category: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Party {
    party_id: String,
    party_name: String,
    party_role: &'static str,
    party_url: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Event {
    event_time: Timestamp,
    event_type: &'static str,
    event_state: &'static str,
    entity_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity_duration: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Evidence {
    decision: Decision,
    valid_from: Timestamp,
    valid_until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_period: Option<DataPeriod>,
    request_digest: Digest32,
    delivery_digest: Digest32,
    status: LedgerEntry,
}

/// Where a grant's status stands: valid as long as the registry says that it is active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// Decimal.
    pub chain_id: String,
    /// `0x` and 40 lower-case hex digits.
    pub registry: String,
    /// The grant.
    pub grant_id: GrantId,
}

impl LedgerEntry {
    /// The entry of a grant in its registry.
    pub fn of(ledger: &LedgerRef, grant_id: GrantId) -> Self {
        Self {
            chain_id: ledger.chain_id.clone(),
            registry: ledger.registry.clone(),
            grant_id,
        }
    }
}

impl Receipt {
    /// The receipt of these facts.
    pub fn of(facts: &ReceiptFacts<'_>) -> Self {
        let consent_record = record(facts);
        Self {
            schema_version: RECEIPT_SCHEMA,
            receipt_id: receipt_id(&consent_record),
            consent_record,
        }
    }

    /// The JSON file, indented, as both sides write it.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts, lists and objects of texts: there is nothing in it that could fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The same as a JSON value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Where its status stands.
    pub fn status(&self) -> &LedgerEntry {
        &self.consent_record.evidence.status
    }

    /// When the consent was given.
    pub fn given(&self) -> Timestamp {
        self.consent_record
            .events
            .first()
            .map_or(self.consent_record.evidence.valid_from, |event| event.event_time)
    }
}

fn record(facts: &ReceiptFacts<'_>) -> Record {
    let consent = facts.consent;
    // RFC 9278: the pairwise key that only this recipient knows the patient by.
    let principal = format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", consent.holder);
    let controller = consent.recipient.client_id.clone();
    let event = |event_time, event_state, entity_id: &str| Event {
        event_time,
        event_type: "explicit",
        event_state,
        entity_id: entity_id.to_owned(),
        validity_duration: None,
    };
    let mut events = vec![Event {
        validity_duration: Some(hours(consent)),
        ..event(facts.given, GIVEN, &principal)
    }];
    if let Some(withdrawn) = facts.withdrawn {
        events.push(event(withdrawn, WITHDRAWN, &principal));
        events.extend(facts.erased.map(|erased| event(erased, ERASED, &controller)));
    }
    Record {
        schema_version: RECEIPT_SCHEMA,
        record_id: consent.consent_id.to_string(),
        pii_processing: Processing {
            privacy_notice: consent.recipient.policy_uri.to_string(),
            language: "en",
            purposes: consent
                .purpose
                .iter()
                .map(|purpose| purpose_of(consent, *purpose))
                .collect(),
        },
        party_identification: vec![Party {
            party_id: controller,
            party_name: facts.recipient.to_owned(),
            party_role: CONTROLLER,
            party_url: consent.recipient.policy_uri.origin().ascii_serialization(),
        }],
        pii_principal_id: principal,
        events,
        evidence: Evidence {
            decision: consent.decision,
            valid_from: consent.period.start,
            valid_until: consent.period.end,
            data_period: consent.data_period,
            request_digest: consent.request_digest,
            delivery_digest: consent.delivery_digest,
            status: LedgerEntry::of(&consent.ledger, facts.grant_id),
        },
    }
}

fn purpose_of(consent: &Consent, purpose: Purpose) -> PurposeOf {
    let pii = |scope: &Scope| Pii {
        pii_type: kinds(scope),
        pii_attribute_id: scope.to_string(),
        // All of it is health data (GDPR Art. 9).
        sensitive_pii_category: true,
        special_pii_category: true,
    };
    PurposeOf {
        purpose: purpose.display(),
        purpose_type: purpose.code(),
        lawful_basis: "explicit consent",
        pii_information: consent.granted.iter().map(pii).collect(),
        pii_controllers: vec![consent.recipient.client_id.clone()],
        collection_method: "one delivery, sealed on the patient's device to a key made for it",
        processing_method: "read by named staff; every read is written down and shown to the patient",
        storage_locations: vec!["the recipient's own system"],
        retention_period: consent.retention.to_string(),
        // Onward passing is not granted.
        recipient_third_parties: Vec::new(),
        withdrawal_method: "\"Take back\" in the patient's wallet, or the printed revocation slip, at any time",
        privacy_rights: vec![
            "to take the consent back at any time",
            "to see who read what under it",
            "to have the copy made unreadable when it is taken back or ends",
        ],
    }
}

/// What a scope asks for in plain words.
fn kinds(scope: &Scope) -> String {
    let titles: Vec<&str> = scope.groups().into_iter().map(Group::title).collect();
    if titles.is_empty() {
        "Everything".to_owned()
    } else {
        titles.join(", ")
    }
}

/// Whole hours, as a period has.
fn hours(consent: &Consent) -> String {
    let seconds = consent.period.end.as_second() - consent.period.start.as_second();
    format!("PT{}H", seconds / 3600)
}

/// A version 8 UUID (RFC 9562) of the record's SHA-256: another content is another receipt.
fn receipt_id(record: &Record) -> String {
    let canonical = serde_json_canonicalizer::to_vec(record).unwrap_or_default();
    let digest = Sha256::new()
        .chain_update(b"carnet-receipt-v1")
        .chain_update(canonical)
        .finalize();
    let bytes = std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default());
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
