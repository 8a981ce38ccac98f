//! Which claims are meant (OpenID4VP 1.0 section 7), and what showing them discloses.

use carnet_credentials::sd_jwt::{ClaimPath, Step};
use serde_json::Value;

use super::CredentialQuery;

/// A claim that is asked for (section 6.3).
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimQuery {
    /// Names it for claim sets.
    pub id: Option<String>,
    /// Which one.
    pub path: ClaimPath,
    /// Wanted only with one of these values; empty: with any.
    pub values: Vec<Value>,
}

/// Why what was shown is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownError {
    /// A claim is missing, or has another value than was asked for.
    TooLittle,
    /// Something that can be withheld was disclosed without being asked for.
    TooMuch,
}

impl ClaimQuery {
    /// The claims that are meant, each by a path of its own. Nothing where a step doesn't fit (section 7.1) or no value is one
    /// of those that are wanted.
    fn selected(&self, claims: &Value) -> Option<Vec<ClaimPath>> {
        let mut selected = vec![(ClaimPath::default(), claims)];
        for step in self.path.steps() {
            let mut further = Vec::new();
            for (path, value) in selected {
                match step {
                    Step::Member(name) => {
                        let member = value.as_object()?.get(name);
                        further.extend(member.map(|value| (path.member(name), value)));
                    }
                    Step::Element(place) => {
                        let element = value.as_array()?.get(*place);
                        further.extend(element.map(|value| (path.element(*place), value)));
                    }
                    Step::Every => {
                        let elements = value.as_array()?.iter().enumerate();
                        further.extend(elements.map(|(place, value)| (path.clone().element(place), value)));
                    }
                }
            }
            selected = further;
        }
        let wanted = |value: &Value| self.values.is_empty() || self.values.contains(value);
        let selected: Vec<ClaimPath> = selected
            .into_iter()
            .filter(|(_, value)| wanted(value))
            .map(|(path, _)| path)
            .collect();
        (!selected.is_empty()).then_some(selected)
    }
}

impl CredentialQuery {
    /// What of `disclosable` must be disclosed so that these claims answer the query (section 6.4.1): the first claim set that
    /// can be satisfied, and nothing else. None if none can.
    pub(super) fn disclosed(&self, claims: &Value, disclosable: &[ClaimPath]) -> Option<Vec<ClaimPath>> {
        let selected = self.alternatives().find_map(|set| selected_of(&set, claims))?;
        let needed = disclosable.iter().filter(|path| touches(&selected, path));
        Some(needed.cloned().collect())
    }

    /// Whether a credential's claims, as shown, are what was asked for. `disclosed`: those of them that could have been
    /// withheld.
    pub fn check_shown(&self, claims: &Value, disclosed: &[ClaimPath]) -> Result<(), ShownError> {
        let mut outcome = Err(ShownError::TooLittle);
        for set in self.alternatives() {
            if let Some(selected) = selected_of(&set, claims) {
                if disclosed.iter().all(|path| touches(&selected, path)) {
                    return Ok(());
                }
                outcome = Err(ShownError::TooMuch);
            }
        }
        outcome
    }

    /// The lists of claims any one of which is enough, best first.
    fn alternatives(&self) -> impl Iterator<Item = Vec<&ClaimQuery>> {
        let all = self.claim_sets.is_empty().then(|| self.claims.iter().collect());
        let sets = self.claim_sets.iter();
        all.into_iter()
            .chain(sets.map(|set| set.iter().filter_map(|place| self.claims.get(*place)).collect()))
    }
}

/// Everything that a list of claims selects; none if one of them selects nothing.
fn selected_of(set: &[&ClaimQuery], claims: &Value) -> Option<Vec<ClaimPath>> {
    let each: Option<Vec<_>> = set.iter().map(|claim| claim.selected(claims)).collect();
    Some(each?.concat())
}

/// Whether `path` leads to what is selected, or is it, or stands inside it.
fn touches(selected: &[ClaimPath], path: &ClaimPath) -> bool {
    selected.iter().any(|one| {
        let both = one.steps().len().min(path.steps().len());
        one.steps()[..both] == path.steps()[..both]
    })
}
