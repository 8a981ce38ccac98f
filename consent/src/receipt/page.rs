//! The receipt for printing: the same content in plain words.

use carnet_paper::{Document, PaperError, Table};
use jiff::{Timestamp, tz::TimeZone};

use super::{ERASED, GIVEN, Receipt, WITHDRAWN};
use crate::Decision;

impl Receipt {
    /// The pages, as PDF. The JSON form is in the file's properties, so that a program can read it back.
    ///
    /// # Errors
    /// [`PaperError`]; there are no half documents.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperError> {
        let record = &self.consent_record;
        let evidence = &record.evidence;
        let party = record.party_identification.first();
        let recipient = party.map_or("", |party| party.party_name.as_str());
        let decision = match evidence.decision {
            Decision::Permit => "All of what was asked",
            Decision::Partial => "A part of what was asked",
        };
        let first = record.pii_processing.purposes.first();
        let purposes: Vec<&str> = record
            .pii_processing
            .purposes
            .iter()
            .map(|purpose| purpose.purpose)
            .collect();
        let mut kinds = Table::new([("What", 40), ("Exactly", 60)]);
        for pii in first.iter().flat_map(|purpose| &purpose.pii_information) {
            kinds.row([pii.pii_type.clone(), pii.pii_attribute_id.clone()]);
        }
        let mut rows = vec![
            ("Who may see it", recipient.to_owned()),
            ("To what end", purposes.join(", ")),
            ("Granted", decision.to_owned()),
            (
                "Lawful basis",
                first.map_or("", |one| one.lawful_basis).to_owned(),
            ),
            ("From", moment(evidence.valid_from)),
            ("Until", moment(evidence.valid_until)),
            (
                "A copy is kept at most",
                days(first.map_or("", |one| one.retention_period.as_str())),
            ),
            ("Passed on to others", "No".to_owned()),
            (
                "Their privacy notice",
                record.pii_processing.privacy_notice.clone(),
            ),
        ];
        if let Some(period) = evidence.data_period {
            let day =
                |day: Option<jiff::civil::Date>| day.map_or("any day".to_owned(), |day| day.to_string());
            rows.push((
                "Records dated",
                format!("{} to {}", day(period.start), day(period.end)),
            ));
        }
        let mut happened = Table::new([("When", 40), ("What", 60)]);
        for event in &record.events {
            let what = match event.event_state {
                GIVEN => "Consent given, and recorded",
                WITHDRAWN => "Consent taken back, and recorded",
                ERASED => "The key of their copy was destroyed; they signed for it",
                other => other,
            };
            happened.row([moment(event.event_time), what.to_owned()]);
        }
        let mut document = Document::new("Receipt of a consent", "en")
            .keywords(String::from_utf8_lossy(&self.to_json()))
            .paragraph("Both sides can print this page, and both print the same.")
            .rows(rows)
            .heading("What may be seen")
            .table(kinds)
            .heading("What happened")
            .table(happened);
        if let Some(purpose) = first {
            document = document
                .heading("Your rights")
                .steps(purpose.privacy_rights.iter().map(|right| capital(right)))
                .paragraph(format!("How to take it back: {}.", purpose.withdrawal_method))
                .small(format!(
                    "How it came: {}. What is done with it: {}. Where it is kept: {}.",
                    purpose.collection_method,
                    purpose.processing_method,
                    purpose.storage_locations.join(", ")
                ));
        }
        document
            .small(format!(
                "Form: {}. Where these records are kept and which law applies was not stated.",
                self.schema_version
            ))
            .heading("For checking")
            .literal(format!(
                "receipt {}\nconsent {}\ngrant {}\nregistry {} on {}\npatient {}\nrecipient {}",
                self.receipt_id,
                record.record_id,
                evidence.status.grant_id,
                evidence.status.registry,
                evidence.status.chain_id,
                record.pii_principal_id,
                party.map_or("", |party| party.party_id.as_str()),
            ))
            .to_pdf()
    }
}

fn moment(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M UTC")
        .to_string()
}

/// `P30D` in words.
fn days(period: &str) -> String {
    match period.trim_start_matches('P').trim_end_matches('D') {
        "1" => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
