//! What the patient could show for each card that is asked for. Nothing is chosen here.

use carnet_exchange::{
    TrustList,
    dcql::{Authority, CredentialQuery},
};

use crate::{
    Wallet,
    credentials::{about_the_person, kind_title, lines},
    inspect::Question,
    present::Disclosure,
    vault::VaultError,
    views::{CardAskedView, CardChoiceView, CardOption},
};

impl Wallet {
    /// Each card that is asked for, with what the patient holds for it: what shows least comes first.
    pub(crate) fn cards_asked(&self, question: &Question) -> Result<Vec<CardAskedView>, VaultError> {
        let list = &question.talk.list;
        let optional = !question.query().sets.is_empty();
        question
            .card_queries()
            .map(|query| {
                let mut options = self.card_options(question, query)?;
                options.sort_by_key(|option| option.shown.len());
                Ok(CardAskedView {
                    query: query.id.clone(),
                    kinds: query.format.kinds().into_iter().map(kind_title).collect(),
                    multiple: query.multiple,
                    required: !optional,
                    options,
                    issuers: issuers(query, list),
                })
            })
            .collect()
    }

    fn card_options(
        &self,
        question: &Question,
        query: &CredentialQuery,
    ) -> Result<Vec<CardOption>, VaultError> {
        let list = &question.talk.list;
        let mut options = Vec::new();
        for copies in self.showable_cards(&question.request.entry_id)? {
            let fitting = copies
                .iter()
                .find_map(|(_, kept)| Some((kept, Disclosure::of(kept, query)?)));
            let Some((kept, disclosure)) = fitting else {
                continue;
            };
            options.push(CardOption {
                card: kept.card.clone(),
                title: kind_title(&kept.kind),
                issuer: kept.issuer_view(Some(list)),
                until: kept.until.map(crate::activity::to_the_second),
                copies: u32::try_from(copies.len()).unwrap_or(u32::MAX),
                shown: lines(&about_the_person(disclosure.claims)),
                last_copy: kept.single_use && copies.len() == 1,
            });
        }
        Ok(options)
    }
}

/// The choices between cards, as they were asked. The proof of the holder key is in every answer and is no choice.
pub(crate) fn card_choices(question: &Question) -> Vec<CardChoiceView> {
    let holder = question.holder_query();
    let sets = question.query().sets.iter();
    sets.map(|set| {
        let options = set.options.iter().map(|option| {
            let ids = option.iter().filter(|id| Some(id.as_str()) != holder);
            ids.cloned().collect::<Vec<_>>()
        });
        CardChoiceView {
            required: set.required,
            options: options.collect(),
        }
    })
    .filter(|choice| choice.options.iter().any(|option| !option.is_empty()))
    .collect()
}

/// Names of the issuers that they insist on, as far as the list of organisations has them.
fn issuers(query: &CredentialQuery, list: &TrustList) -> Vec<String> {
    let ids = query.authorities.iter().flat_map(|authority| match authority {
        Authority::Listed(ids) => ids.as_slice(),
        Authority::KeyId(_) | Authority::Other { .. } => &[],
    });
    ids.filter_map(|id| list.by_id(id))
        .map(|entry| entry.name.clone())
        .collect()
}
