//! A checked question, with what the patient holds for it.

use std::collections::HashMap;

use carnet_consent::{ConsentRequest, Item, Scope, Selection, excess_scope, select};
use carnet_exchange::{TrustList, request::VerifiedRequest, trust::ADDED};
use carnet_fhir::Summary;

use crate::{
    clinics,
    index::{Held, Index},
    views::{ItemView, PeriodView, QuestionView, VerifierView, WithheldView},
};

/// What a screen may see of it. The name is the trust list's.
pub(crate) fn view(
    request_id: &str,
    request: &VerifiedRequest,
    list: &TrustList,
    verifier: &str,
    index: &Index,
) -> QuestionView {
    let consent = &request.consent;
    // With everything granted: whatever may go under any choice is shown, and only what can never go is withheld.
    let asked: Vec<Scope> = consent.items.iter().map(|item| item.scope.clone()).collect();
    let candidates = candidates(index, &asked);
    let selection = select(consent, &asked, &summaries(&candidates));
    let records: HashMap<&str, &Candidate<'_>> = candidates
        .iter()
        .map(|candidate| (candidate.id.as_str(), candidate))
        .collect();
    QuestionView {
        request_id: request_id.to_owned(),
        verifier: VerifierView {
            id: request.entry_id.clone(),
            name: verifier.to_owned(),
            vouched_by: clinics::vouched_by(list, &request.entry_id),
            added_by_you: request.entry_id.starts_with(ADDED),
        },
        purpose: consent
            .purpose
            .iter()
            .map(|purpose| purpose.code().to_owned())
            .collect(),
        items: consent
            .items
            .iter()
            .map(|item| item_view(consent, item, &selection, &records))
            .collect(),
        period: PeriodView {
            start: consent.period.start.to_string(),
            end: consent.period.end.to_string(),
        },
        retention_days: consent.retention.days(),
        expires: request.expires.to_string(),
        development: list.development,
    }
}

/// A record that a grant may reach.
pub(crate) struct Candidate<'i> {
    pub(crate) id: String,
    pub(crate) held: Held<'i>,
    pub(crate) summary: Summary,
}

/// The records of the types that are asked for, newest first, and the medicines that they may take their names from. Only
/// these are spelled out.
pub(crate) fn candidates<'i>(index: &'i Index, asked: &[Scope]) -> Vec<Candidate<'i>> {
    index
        .newest_first()
        .filter(|held| {
            let kind = held.resource_type();
            kind == "Medication"
                || asked
                    .iter()
                    .any(|scope| ["*", kind].contains(&scope.resource_type()))
        })
        .map(|held| Candidate {
            id: held.id(),
            held,
            summary: held.summary(),
        })
        .collect()
}

pub(crate) fn summaries<'c>(candidates: &'c [Candidate<'_>]) -> Vec<(String, &'c Summary)> {
    candidates
        .iter()
        .map(|candidate| (candidate.id.clone(), &candidate.summary))
        .collect()
}

fn item_view(
    consent: &ConsentRequest,
    item: &Item,
    selection: &Selection,
    records: &HashMap<&str, &Candidate<'_>>,
) -> ItemView {
    let find = |id: &String| {
        let Candidate { held, summary, .. } = records.get(id.as_str())?;
        item.scope.matches(summary).then(|| (held.line(), summary))
    };
    let going: Vec<_> = selection.going.iter().filter_map(find).collect();
    let sensitive_count = going
        .iter()
        .filter(|(_, summary)| !summary.sensitive.is_empty())
        .count() as u32;
    ItemView {
        scope: item.scope.to_string(),
        group: item
            .scope
            .group()
            .map_or_else(|| "everything".to_owned(), |group| group.to_string()),
        required: item.required,
        matching: going.len() as u32,
        sensitive: sensitive_count > 0,
        sensitive_count,
        excess: excess_scope(&consent.purpose, &item.scope),
        records: going.into_iter().map(|(line, _)| line).collect(),
        withheld: selection
            .withheld
            .iter()
            .filter_map(|(id, why)| {
                find(id).map(|(record, _)| WithheldView {
                    record,
                    reason: why.code().to_owned(),
                })
            })
            .collect(),
    }
}
