//! An answer that shows cards and gives no consent.

use carnet_consent::code;
use carnet_exchange::{
    answer::{self, MakeError},
    limits::REPLY_BYTES,
    media,
};
use carnet_fetch::{FetchError, Limits};

use crate::{
    ChosenCard, GrantError, TalkError, Wallet,
    activity::{Entry, Happened},
    inspect::Question,
    random::{make_bytes, make_key},
    vault::{Table, VaultError},
    views::AnswerView,
};

/// In the place of a grant, where nothing is granted.
const NO_GRANT: [u8; 32] = [0; 32];

impl Wallet {
    /// Shows the chosen cards.
    pub(crate) async fn show(
        &self,
        question: &Question,
        chosen: &[ChosenCard],
    ) -> Result<AnswerView, GrantError> {
        let (request, now) = (&question.request, self.clock.now());
        if chosen.is_empty() {
            return Err(GrantError::NothingChosen);
        }
        let copies = self.hold_copies().await;
        let shown = self.shown(question, chosen)?;
        let in_order = request.query.credentials.iter();
        let thumbprint = in_order
            .filter_map(|query| shown.presentations.get(&query.id)?.first())
            .find_map(answer::thumbprint_of)
            .ok_or(MakeError::QueryMisfit)?;
        let jwe = answer::seal(request, &shown.presentations, None, &make_key()?, make_bytes()?)?;

        let mut change = self.vault.change();
        shown.put(&mut change, now, &question.party.name);
        change.put(Table::Requests, &question.request_id, &question.kept.used());
        change.commit()?;
        drop(copies);
        // What comes back changes nothing: an address in it is never opened.
        let send = || {
            let body = answer::form_body(&jwe).into_bytes();
            let limits = Limits::bytes(REPLY_BYTES);
            question
                .talk
                .post(&request.response_uri, media::FORM, body, limits)
        };
        let sent = match send().await {
            // It may or may not have arrived; once more the identical proof is no second one.
            Err(TalkError::Fetch(FetchError::Broken)) if shown.count() == 0 => {
                send().await.map_err(|error| {
                    if error.nothing_left() {
                        TalkError::Fetch(FetchError::Broken)
                    } else {
                        error
                    }
                })
            }
            sent => sent,
        };
        match sent {
            Ok(_) => {}
            Err(error) if error.nothing_left() => {
                self.as_if_never_shown(question)?;
                return Err(GrantError::Unreachable(error));
            }
            Err(error) => return Err(GrantError::NotTaken(error)),
        }
        Ok(AnswerView {
            decision: "permit".to_owned(),
            consent_id: None,
            grant_id: None,
            code: Some(code(&request.digest, &thumbprint, &NO_GRANT).to_string()),
            state: if shown.proof.is_some() { "proved" } else { "shown" }.to_owned(),
            ledger: None,
            records: 0,
            shown: shown.count(),
        })
    }

    /// Nothing has left: the question is open again. Copies that were used up stay so.
    fn as_if_never_shown(&self, question: &Question) -> Result<(), VaultError> {
        let mut change = self.vault.change();
        change.put(Table::Requests, &question.request_id, &question.kept);
        Entry::new(self.clock.now(), Happened::Failed)
            .who(&question.party.name)
            .code("not_sent")
            .put(&mut change);
        change.commit()
    }
}
