//! Which claim is meant (SD-JWT VC draft 15, "Claim Path"; the same as in OpenID4VP 1.0 section 7).

use serde_json::Value;

/// One step into a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The member of this name.
    Member(String),
    /// The element at this place of an array, from zero, counted as if everything were disclosed.
    Element(usize),
    /// Every element of an array. Not for issuing: there each claim is named by itself.
    Every,
}

/// The way to a claim, from the outermost member in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ClaimPath(Vec<Step>);

impl ClaimPath {
    /// Reads a non-empty array of names, places and `null`.
    pub fn from_json(value: &Value) -> Option<Self> {
        let steps = value.as_array().filter(|steps| !steps.is_empty())?;
        let steps: Option<Vec<Step>> = steps
            .iter()
            .map(|step| match step {
                Value::Null => Some(Step::Every),
                Value::String(name) => Some(Step::Member(name.clone())),
                Value::Number(place) => Some(Step::Element(usize::try_from(place.as_u64()?).ok()?)),
                _ => None,
            })
            .collect();
        steps.map(Self)
    }

    /// The same path, one element of an array further in.
    #[must_use]
    pub fn element(mut self, place: usize) -> Self {
        self.0.push(Step::Element(place));
        self
    }

    /// The same path, one member further in.
    #[must_use]
    pub fn member(mut self, name: &str) -> Self {
        self.0.push(Step::Member(name.to_owned()));
        self
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether a path without [`Step::Every`] is one of those that this path means.
    pub fn means(&self, one: &Self) -> bool {
        self.0.len() == one.0.len()
            && self.0.iter().zip(&one.0).all(|(mine, other)| {
                mine == other || (*mine == Step::Every && matches!(other, Step::Element(_)))
            })
    }

    /// What of `claims` it means. Nothing where a step doesn't fit.
    pub fn select<'a>(&self, claims: &'a Value) -> Vec<&'a Value> {
        let mut selected = vec![claims];
        for step in &self.0 {
            selected = selected
                .into_iter()
                .flat_map(|value| match step {
                    Step::Member(name) => value.get(name).into_iter().collect::<Vec<_>>(),
                    Step::Element(place) => value.get(place).into_iter().collect(),
                    Step::Every => value.as_array().into_iter().flatten().collect(),
                })
                .collect();
        }
        selected
    }

    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }
}

impl<const N: usize> From<[&str; N]> for ClaimPath {
    fn from(names: [&str; N]) -> Self {
        Self(
            names
                .iter()
                .map(|name| Step::Member((*name).to_owned()))
                .collect(),
        )
    }
}
