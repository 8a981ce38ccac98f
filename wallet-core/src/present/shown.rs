//! The chosen cards, made ready to leave.

use std::collections::HashSet;

use carnet_exchange::{
    answer::{self, Presentations},
    dcql::{ChoiceError, CredentialQuery},
};
use jiff::Timestamp;

use super::Disclosure;
use crate::{
    ChosenCard, GrantError, Wallet,
    activity::{Entry, Happened},
    credentials::{Binding, KeptCredential, about_the_person, kind_title, labels},
    eligibility::Proof,
    inspect::Question,
    vault::{Change, Table},
};

/// Cards that are about to be shown.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) presentations: Presentations,
    /// For each card what will stand in the log: kinds of claims, never a value.
    told: Vec<Vec<String>>,
    /// Copies that are used up by it.
    used: Vec<(String, KeptCredential)>,
    /// The statement that is shown, if one is.
    pub(super) proof: Option<Proof>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl Shown {
    /// How many cards.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.told.len()).unwrap_or(u32::MAX)
    }

    /// Uses the copies up and writes the log, both before anything leaves: a copy is rather lost than shown twice.
    pub(crate) fn put(&self, change: &mut Change<'_>, now: Timestamp, who: &str) {
        for (id, copy) in &self.used {
            change.put(Table::Credentials, id, copy);
        }
        if let Some(proof) = &self.proof {
            proof.put(change, now, who);
        }
        for claims in &self.told {
            Entry::new(now, Happened::Shown)
                .who(who)
                .shown(claims)
                .put(change);
        }
    }
}

impl Wallet {
    /// Makes the presentations of the chosen cards. Refuses what is no answer to the question, or shows more than one.
    pub(crate) fn shown(&self, question: &Question, chosen: &[ChosenCard]) -> Result<Shown, GrantError> {
        let mut answered: std::collections::BTreeSet<&str> =
            chosen.iter().map(|card| card.query.as_str()).collect();
        if let Some(holder) = question.holder_query() {
            if answered.contains(holder) {
                return Err(GrantError::CardNotAsked);
            }
            answered.insert(holder);
        }
        question.query().accepts(&answered).map_err(|error| match error {
            ChoiceError::Missing => GrantError::CardMissing,
            ChoiceError::Surplus | ChoiceError::Unknown => GrantError::CardNotAsked,
        })?;
        let mut shown = Shown::default();
        if let Some(asked) = &question.request.statement {
            let for_it: Vec<&ChosenCard> = chosen.iter().filter(|card| card.query == asked.query).collect();
            if for_it.len() > 1 {
                return Err(GrantError::SeveralCards);
            }
            if let Some(choice) = for_it.first() {
                let (presentation, proof) = self.prove_chosen(question, asked, choice)?;
                shown
                    .presentations
                    .insert(asked.query.clone(), vec![presentation]);
                shown.proof = Some(proof);
            }
        }
        let cards = self.showable_cards(&question.request.entry_id)?;
        let mut spent: HashSet<&str> = HashSet::new();
        for query in question.card_queries() {
            let for_it: Vec<&ChosenCard> = chosen.iter().filter(|card| card.query == query.id).collect();
            if for_it.len() > 1 && !query.multiple {
                return Err(GrantError::SeveralCards);
            }
            for choice in for_it {
                let mut matching = cards.iter().filter(|copies| {
                    let card = copies.first().map(|(_, kept)| kept.card.as_str());
                    !choice.card.is_empty() && card.is_some_and(|card| card.starts_with(&choice.card))
                });
                let (Some(copies), None) = (matching.next(), matching.next()) else {
                    return Err(GrantError::CardNotHeld);
                };
                let copy = copies
                    .iter()
                    .filter(|(id, kept)| !kept.single_use || !spent.contains(id.as_str()))
                    .find_map(|(id, kept)| Some((id, kept, Disclosure::of(kept, query)?)));
                let (id, kept, disclosure) = copy.ok_or(GrantError::CardNotHeld)?;
                spent.insert(id);
                self.show_copy(question, query, (id, kept, disclosure), &mut shown)?;
            }
        }
        Ok(shown)
    }

    fn show_copy(
        &self,
        question: &Question,
        query: &CredentialQuery,
        (id, kept, disclosure): (&str, &KeptCredential, Disclosure),
        shown: &mut Shown,
    ) -> Result<(), GrantError> {
        let now = self.clock.now();
        let key = match &kept.binding {
            Binding::Nobody => None,
            // Not among those that can be shown; what proves is never shown as a card.
            Binding::EdCopy(_) | Binding::Spent => return Err(GrantError::CardNotHeld),
            Binding::Pairwise(party) => Some(self.vault.keys().derive_holder_key(party)),
            Binding::Copy(key) => Some(key.signing_key()),
        };
        let of_card = (kept.text.as_str(), disclosure.paths.as_slice());
        let presentation = answer::show_card(&question.request, query, of_card, key.as_ref(), now)?;
        shown
            .presentations
            .entry(query.id.clone())
            .or_default()
            .push(presentation);
        let title = kind_title(&kept.kind);
        let told = labels(&about_the_person(disclosure.claims));
        shown
            .told
            .push(told.iter().map(|label| format!("{title}: {label}")).collect());
        if kept.single_use {
            let mut spent = kept.clone();
            spent.spend();
            shown.used.push((id.to_owned(), spent));
        }
        Ok(())
    }
}
