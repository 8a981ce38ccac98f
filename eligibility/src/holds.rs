//! Whether a statement holds: for the holder alone, before anything is proven.

use crate::{Opening, Request, Statement, StatementError};

impl Statement {
    /// The list of codes that it is about.
    pub fn list(&self) -> Option<&crate::kind::ListDigest> {
        match self {
            Self::CodeIn { list, .. } | Self::CodeAmong { list, .. } => Some(list),
            _ => None,
        }
    }
}

impl Request {
    /// Whether it holds of these values, which must be of the statement's kind.
    pub fn holds_of(&self, opening: &Opening) -> Result<bool, StatementError> {
        if let Some(places) = self.statement.members() {
            let is = |value: &u32| places.iter().any(|place| u32::from(*place) == *value);
            return Ok(opening.values.first().is_some_and(is));
        }
        let bounds = self.statement.bounds(self.as_of)?;
        Ok(bounds.iter().all(|bound| {
            let value = opening.values.get(bound.value);
            value.is_some_and(|value| bound.distance(*value).is_some())
        }))
    }
}
