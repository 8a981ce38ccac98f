//! Reading a question: fetched once, checked, sealed in the vault, shown.

use carnet_exchange::{
    Entry as Party, RequestLink,
    link::LinkError,
    request::{RequestError, VerifiedRequest, check_unused, verify, who},
};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    Described, Facts, TalkError, Wallet,
    activity::{Entry, Happened},
    fetch_request::FetchedRequest,
    kept::KeptRequest,
    random::NoRandomness,
    talk::Talk,
    vault::{Table, VaultError},
    views::QuestionView,
    wallet::Hold,
};

#[derive(Debug, Error)]
pub enum InspectError {
    #[error("The code can't be used: {0}.")]
    Link(#[from] LinkError),
    #[error("The question was refused: {0}. Nothing of yours was sent.")]
    Request(RequestError),
    #[error("{0} Nothing of yours was sent.")]
    Talk(#[from] TalkError),
    #[error("This code was already answered. Nothing more was sent.")]
    AlreadyAnswered,
    #[error("This code has expired. Nothing was sent.")]
    Expired,
    #[error("This wallet holds no such question.")]
    Unknown,
    #[error("The question repeats a consent that this wallet knows from another one. Nothing was sent.")]
    RepeatedConsent,
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Described for InspectError {
    fn facts(&self) -> Facts {
        match self {
            Self::Link(error) => Facts::expected(
                error.code(),
                "Scan the code at the desk again, or paste the whole link.",
            ),
            Self::Request(error) => Facts::critical(
                error.code(),
                "Don't answer it. Tell the desk, and ask for a new code if you are sure where you are.",
            ),
            Self::Talk(error) => error.facts(),
            Self::AlreadyAnswered => Facts::expected(
                "already_answered",
                "Look at your consents, or ask the desk for a new code.",
            ),
            Self::Expired => Facts::expected("request_expired", "Ask the desk for a new code."),
            Self::Unknown => Facts::expected("unknown_question", "Scan the code at the desk again."),
            Self::RepeatedConsent => {
                Facts::critical("repeated_consent", "Tell the desk, and ask for a new code.")
            }
            Self::Randomness(_) => Facts::unexpected("no_randomness", "Try again in a moment."),
            Self::Vault(error) => crate::error::vault_facts(error),
        }
    }
}

impl From<RequestError> for InspectError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Expired => Self::Expired,
            RequestError::Used => Self::AlreadyAnswered,
            error => Self::Request(error),
        }
    }
}

/// A question that can still be answered, and what is needed for talking about it.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) request_id: String,
    pub(crate) kept: KeptRequest,
    pub(crate) request: VerifiedRequest,
    pub(crate) party: Party,
    pub(crate) talk: Talk,
}

impl Wallet {
    /// Fetches and checks the question behind a link, or takes the sealed copy. Answers nothing.
    pub async fn inspect(&self, link: &str) -> Result<QuestionView, InspectError> {
        self.question(&self.request_id(link).await?)
    }

    /// A question read before, from the vault.
    pub fn question(&self, request_id: &str) -> Result<QuestionView, InspectError> {
        Ok(self.question_view(&self.open_question(request_id)?)?)
    }

    /// The id of the question named by a link, fetched if need be, or by its id already.
    pub(crate) async fn request_id(&self, link_or_request_id: &str) -> Result<String, InspectError> {
        let text = link_or_request_id.trim();
        if !text.contains(':') {
            return Ok(text.to_owned());
        }
        let link: RequestLink = text.parse()?;
        let request_id = hex::encode(&Sha256::digest(link.to_string())[..16]);
        if self
            .vault
            .get::<KeptRequest>(Table::Requests, &request_id)?
            .is_none()
        {
            let talk = self.talk()?;
            let fetched = self.fetch(&request_id, &link, &talk).await;
            if let Err(error) = &fetched {
                self.note_refusal(error, &link, &talk)?;
            }
            fetched?;
        }
        Ok(request_id)
    }

    async fn fetch(&self, request_id: &str, link: &RequestLink, talk: &Talk) -> Result<(), InspectError> {
        let party = who(link, &talk.list)?;
        let fetched = Box::pin(FetchedRequest::get(link, party, talk, &self.clock)).await?;
        let now = self.clock.now();
        let request = verify(&fetched.compact, fetched.with(link), &talk.list, now)?;
        self.check_new(&request)?;
        let kept = KeptRequest {
            link: link.to_string(),
            did_document: fetched.did_document(),
            wallet_nonce: fetched.wallet_nonce,
            compact: fetched.compact,
            expires: request.expires,
            once: hex::encode(request.once),
            consent_id: consent_id(&request),
            verifier: party.name.clone(),
            answered: false,
        };
        let mut change = self.vault.change();
        change.put(Table::Requests, request_id, &kept);
        Entry::new(now, Happened::Asked).who(&party.name).put(&mut change);
        Ok(change.commit()?)
    }

    /// Neither its one-time value nor its consent may be known from another question.
    fn check_new(&self, request: &VerifiedRequest) -> Result<(), InspectError> {
        let known: Vec<(String, KeptRequest)> = self.vault.all(Table::Requests)?;
        check_unused(request, |once| {
            let once = hex::encode(once);
            known.iter().any(|(_, kept)| kept.answered && kept.once == once)
        })?;
        let Some(consent_id) = consent_id(request) else {
            return Ok(());
        };
        let repeated = known
            .iter()
            .any(|(_, kept)| kept.consent_id.as_ref() == Some(&consent_id))
            || self.kept_consent(&consent_id)?.is_some();
        if repeated {
            Err(InspectError::RepeatedConsent)
        } else {
            Ok(())
        }
    }

    fn note_refusal(&self, error: &InspectError, link: &RequestLink, talk: &Talk) -> Result<(), VaultError> {
        if matches!(error, InspectError::Vault(_))
            || matches!(error, InspectError::Talk(error) if error.is_temporary())
        {
            return Ok(());
        }
        let mut change = self.vault.change();
        let entry = Entry::new(self.clock.now(), Happened::Refused).code(error.code());
        match talk.list.by_client_id(&link.client_id) {
            // Only who is verified is named in the log; a mere claim is not.
            Some(party) if party.covers_origin(&link.request_uri) => entry.who(&party.name).put(&mut change),
            _ => entry.put(&mut change),
        }
        change.commit()
    }

    /// Waits until nobody else in this process is at this question.
    pub(crate) async fn hold_question(&self, request_id: &str) -> Result<Hold, InspectError> {
        let kept = self.open_question(request_id)?.kept;
        Ok(self.hold(kept.consent_id.as_deref().unwrap_or(request_id)).await)
    }

    /// Checks a sealed question anew, against the list and the time of now.
    pub(crate) fn open_question(&self, request_id: &str) -> Result<Question, InspectError> {
        let kept: KeptRequest = self
            .vault
            .get(Table::Requests, request_id)?
            .ok_or(InspectError::Unknown)?;
        if kept.answered {
            return Err(InspectError::AlreadyAnswered);
        }
        let now = self.clock.now();
        if now >= kept.expires {
            return Err(InspectError::Expired);
        }
        let talk = self.talk()?;
        let link: RequestLink = kept.link.parse()?;
        let fetched = kept.fetched()?;
        let request = verify(&kept.compact, fetched.with(&link), &talk.list, now)?;
        let party = talk.entry(&request.entry_id)?.clone();
        Ok(Question {
            request_id: request_id.to_owned(),
            kept,
            request,
            party,
            talk,
        })
    }
}

fn consent_id(request: &VerifiedRequest) -> Option<String> {
    let asked = request.consent.as_ref()?;
    Some(asked.request.consent_id.to_string())
}

impl KeptRequest {
    /// What stays of a question once an answer has left: enough to know it again.
    pub(crate) fn used(&self) -> Self {
        Self {
            link: self.link.clone(),
            compact: String::new(),
            wallet_nonce: None,
            did_document: None,
            expires: self.expires,
            once: self.once.clone(),
            consent_id: self.consent_id.clone(),
            verifier: self.verifier.clone(),
            answered: true,
        }
    }
}
