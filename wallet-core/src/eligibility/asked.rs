//! What a statement would show, by which cards, and what they would learn. Nothing is chosen here.

use carnet_eligibility::Day;
use carnet_exchange::{
    TrustList,
    eligibility::{AskedStatement, issuers, today},
};

use super::{Asker, Provable};
use crate::{
    Wallet,
    activity::to_the_second,
    inspect::Question,
    vault::VaultError,
    views::{StatementAskedView, StatementOption},
};

impl Wallet {
    /// The statement that a question asks for, if it asks for one.
    pub(crate) fn statements_asked(
        &self,
        question: &Question,
    ) -> Result<Vec<StatementAskedView>, VaultError> {
        let Some(asked) = &question.request.statement else {
            return Ok(Vec::new());
        };
        let accepts = |issuer: &str| question.accepts_proof_by(issuer);
        let view = self.statement_view(asked, question.asker(&accepts))?;
        Ok(vec![StatementAskedView {
            required: question.request.query.sets.is_empty(),
            ..view
        }])
    }

    /// A statement that this party asks for, with what the patient holds for it.
    pub(crate) fn statement_view(
        &self,
        asked: &AskedStatement,
        asker: Asker<'_>,
    ) -> Result<StatementAskedView, VaultError> {
        let (now, list) = (self.clock.now(), asker.list);
        let provable = self.provable(asked, asker)?;
        let mut names: Vec<String> = Vec::new();
        for name in provable
            .iter()
            .filter_map(|one| one.kept.issuer_view(Some(list)).name)
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let issuer = match names.as_slice() {
            [] => "who issued it".to_owned(),
            names => format!("who issued it: {}", names.join(" or ")),
        };
        let probing = self.probing(asker.party, asked)?;
        Ok(StatementAskedView {
            query: asked.query.clone(),
            says: asked.statement.says(asked.as_of),
            learns: vec![
                "whether it was shown: yes or not shown".to_owned(),
                issuer,
                "until when your proof is valid".to_owned(),
            ],
            options: provable.iter().map(|one| option(one, list)).collect(),
            required: true,
            asked_before: probing.other_limits(asked, now),
            wait_until: probing.wait_until(asked, now).map(to_the_second),
        })
    }

    /// For each card the copy that would answer: fresh ones first, by issuers that the list has.
    pub(crate) fn provable(
        &self,
        asked: &AskedStatement,
        asker: Asker<'_>,
    ) -> Result<Vec<Provable>, VaultError> {
        let known = issuers(asker.list);
        let in_time = |issued: Option<Day>| asker.issued_on.is_none_or(|day| issued == Some(day));
        let mut provable = Vec::new();
        for copies in self.eligibility_copies(&asked.statement.kind())? {
            let fresh = copies
                .iter()
                .filter(|(_, kept)| in_time(kept.from.and_then(today)));
            let count = u32::try_from(fresh.count()).unwrap_or(u32::MAX);
            let fitting = copies.into_iter().find_map(|(id, kept)| {
                let (copy, opening, key) = kept.eligibility()?;
                let listed = known
                    .iter()
                    .any(|(issuer, entry)| *issuer == copy.issuer && (asker.trusts)(&entry.id));
                (listed && (copy.from..=copy.until).contains(&asked.as_of))
                    .then_some((id, kept, copy, opening, key))
            });
            let Some((id, kept, copy, opening, key)) = fitting else {
                continue;
            };
            let holds = asked.request("", &[0; 32]).holds_of(&opening).unwrap_or(false);
            provable.push(Provable {
                copies: if in_time(Some(copy.from)) { count } else { 0 },
                id,
                kept,
                copy,
                opening,
                key,
                holds,
            });
        }
        Ok(provable)
    }
}

impl Question {
    /// Who asks it.
    pub(crate) fn asker<'a>(&'a self, trusts: &'a dyn Fn(&str) -> bool) -> Asker<'a> {
        Asker {
            party: &self.request.entry_id,
            list: &self.talk.list,
            trusts,
            issued_on: None,
        }
    }

    /// Whether they accept this issuer's word (stable id).
    pub(crate) fn accepts_proof_by(&self, issuer: &str) -> bool {
        let asked = self.request.statement.as_ref();
        let query = asked.and_then(|asked| self.request.query.credential(&asked.query));
        query.is_some_and(|query| query.trusts(Some(issuer), &[]))
    }
}

fn option(one: &Provable, list: &TrustList) -> StatementOption {
    StatementOption {
        card: one.kept.card.clone(),
        title: one.copy.kind.title().to_owned(),
        issuer: one.kept.issuer_view(Some(list)),
        until: one.kept.until.map(to_the_second),
        copies: one.copies,
        holds: one.holds,
        own_value: one.copy.kind.own_words(&one.opening),
        last_copy: one.copies == 1,
    }
}
