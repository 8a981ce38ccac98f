//! Cards that a question asks for: which of them the patient holds, and showing the chosen ones.
//!
//! - [`options`]: what could be shown, and exactly what of it
//! - [`shown`]: the chosen cards, made ready to leave
//! - [`show`]: an answer that shows cards and gives no consent

mod options;
mod show;
mod shown;
#[cfg(test)]
mod tests;

pub(crate) use options::card_choices;
pub(crate) use shown::Shown;

use carnet_credentials::sd_jwt::ClaimPath;
use carnet_exchange::dcql::{CredentialQuery, Query};
use serde_json::{Map, Value};

use crate::inspect::Question;

/// What showing one copy of a card would disclose.
pub(crate) struct Disclosure {
    /// The paths that can be withheld and are not.
    pub(crate) paths: Vec<ClaimPath>,
    /// Everything that the other side would see, but for what the credential says about itself.
    pub(crate) claims: Map<String, Value>,
}

impl Question {
    /// The queries for cards: all but those that the proof of the holder key and a statement answer.
    fn card_queries(&self) -> impl Iterator<Item = &CredentialQuery> {
        let holder = self.holder_query();
        let statement = self.request.statement.as_ref().map(|asked| asked.query.as_str());
        self.query()
            .credentials
            .iter()
            .filter(move |query| ![holder, statement].contains(&Some(query.id.as_str())))
    }

    fn query(&self) -> &Query {
        &self.request.query
    }

    /// Id of the query that the proof of the holder key answers, where there is a consent.
    fn holder_query(&self) -> Option<&str> {
        let consent = self.request.consent.as_ref()?;
        Some(&consent.holder_query)
    }
}
