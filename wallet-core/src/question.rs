//! A checked question, with what the patient holds for it.

use std::collections::HashMap;

use carnet_consent::{ConsentRequest, Item, Scope, Selection, excess_scope, select};
use carnet_fhir::Summary;

use crate::{
    Wallet,
    index::{Held, Index},
    inspect::Question,
    present::card_choices,
    trust::verifier_view,
    vault::VaultError,
    views::{ItemView, PeriodView, QuestionView, WithheldView},
};

impl Wallet {
    /// What a screen may see of it. The name is the trust list's.
    pub(crate) fn question_view(&self, question: &Question) -> Result<QuestionView, VaultError> {
        let (request, list) = (&question.request, &question.talk.list);
        let consent = request.consent.as_ref().map(|asked| &asked.request);
        Ok(QuestionView {
            request_id: question.request_id.clone(),
            verifier: verifier_view(&question.party, list),
            purpose: consent
                .into_iter()
                .flat_map(|consent| &consent.purpose)
                .map(|purpose| purpose.code().to_owned())
                .collect(),
            items: match consent {
                Some(consent) => items(consent, &*self.index()?),
                None => Vec::new(),
            },
            period: consent.map(|consent| PeriodView {
                start: consent.period.start.to_string(),
                end: consent.period.end.to_string(),
            }),
            retention_days: consent.map(|consent| consent.retention.days()),
            expires: request.expires.to_string(),
            development: list.development,
            cards: self.cards_asked(question)?,
            card_choices: card_choices(question),
            statements: self.statements_asked(question)?,
        })
    }
}

/// The records that are asked for, with everything granted: whatever may go under any choice is shown, and only what can never
/// go is withheld.
fn items(consent: &ConsentRequest, index: &Index) -> Vec<ItemView> {
    let asked: Vec<Scope> = consent.items.iter().map(|item| item.scope.clone()).collect();
    let candidates = candidates(index, &asked);
    let selection = select(consent, &asked, &summaries(&candidates));
    let records: HashMap<&str, &Candidate<'_>> = candidates
        .iter()
        .map(|candidate| (candidate.id.as_str(), candidate))
        .collect();
    consent
        .items
        .iter()
        .map(|item| item_view(consent, item, &selection, &records))
        .collect()
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
