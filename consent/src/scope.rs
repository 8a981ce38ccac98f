//! SMART App Launch 2.x resource scopes, read from the patient's side: `patient/Type.rs?param=value`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use carnet_fhir::{Coding, Group, Summary, is_r4_type};
use serde::{Deserialize, Serialize};

/// The longest scope, in bytes.
const MAX_LENGTH: usize = 256;

/// Not a scope that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not of the form `patient/Type.rs?param=value`.
    #[error("not a SMART v2 patient scope")]
    IllFormed,
    /// Not an R4 resource type nor `*`.
    #[error("unknown resource type in a scope")]
    UnknownType,
    /// Another filter than `category` or `code`, or the same one twice.
    #[error("unknown filter in a scope")]
    UnknownFilter,
}

impl ScopeError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::IllFormed => "scope_ill_formed",
            Self::UnknownType => "scope_unknown_type",
            Self::UnknownFilter => "scope_unknown_filter",
        }
    }
}

/// What is asked for or granted: a resource type (or all), and filters that narrow it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    resource_type: Option<String>,
    permissions: String,
    category: Vec<Token>,
    code: Vec<Token>,
}

/// A FHIR search token (R4 §3.1.1.4.10): `code` in any system, or `system|code`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Token {
    system: Option<String>,
    code: String,
}

impl Token {
    fn matches(&self, coding: &Coding) -> bool {
        coding.code == self.code && self.system.as_ref().is_none_or(|system| *system == coding.system)
    }
}

impl FromStr for Token {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let (system, code) = match text.split_once('|') {
            Some((system, code)) => (Some(system.to_owned()), code),
            None => (None, text),
        };
        if code.is_empty() || code.contains('|') {
            return Err(ScopeError::IllFormed);
        }
        Ok(Self {
            system,
            code: code.to_owned(),
        })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.system {
            Some(system) => write!(f, "{system}|{}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

impl Scope {
    /// The resource type; `*` for all.
    pub fn resource_type(&self) -> &str {
        self.resource_type.as_deref().unwrap_or("*")
    }

    /// Whether a record falls under it: its type, and each filter by one of its values.
    pub fn matches(&self, summary: &Summary) -> bool {
        let has = |tokens: &[Token], codings: &[Coding]| {
            tokens.is_empty()
                || tokens
                    .iter()
                    .any(|token| codings.iter().any(|coding| token.matches(coding)))
        };
        self.resource_type
            .as_deref()
            .is_none_or(|own| own == summary.resource_type)
            && has(&self.category, &summary.categories)
            && has(&self.code, &summary.codes)
    }

    /// Whether every record of this kind falls under it.
    pub fn covers_type(&self, resource_type: &str) -> bool {
        self.resource_type
            .as_deref()
            .is_none_or(|own| own == resource_type)
            && self.category.is_empty()
            && self.code.is_empty()
    }

    /// The drawers its records can be in; empty for everything.
    pub fn groups(&self) -> Vec<Group> {
        let Some(own) = self.resource_type.as_deref() else {
            return Vec::new();
        };
        if own != "Observation" {
            return vec![Group::of_type(own)];
        }
        if self.category.is_empty() {
            return vec![Group::Laboratory, Group::Vitals, Group::Reports, Group::Other];
        }
        let group = |token: &Token| match token.code.as_str() {
            "laboratory" => Group::Laboratory,
            "vital-signs" => Group::Vitals,
            "imaging" | "procedure" | "exam" => Group::Reports,
            _ => Group::Other,
        };
        let groups: BTreeSet<Group> = self.category.iter().map(group).collect();
        groups.into_iter().collect()
    }

    /// The one drawer it asks for, for naming it in plain words; `None` for everything, `Other` for several.
    pub fn group(&self) -> Option<Group> {
        match self.groups().as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => Some(Group::Other),
        }
    }

    /// Its filters as SMART writes them: `category=laboratory`.
    pub(crate) fn filters(&self) -> impl Iterator<Item = String> {
        let filters = [("category", &self.category), ("code", &self.code)].into_iter();
        filters
            .filter(|(_, tokens)| !tokens.is_empty())
            .map(|(name, tokens)| {
                let tokens: Vec<String> = tokens.iter().map(ToString::to_string).collect();
                format!("{name}={}", tokens.join(","))
            })
    }

    /// Asks to change something, which no grant gives.
    pub fn asks_to_write(&self) -> bool {
        self.permissions.contains(['c', 'u', 'd'])
    }

    /// The same, for reading only: what a grant gives.
    #[must_use]
    pub fn read_only(&self) -> Self {
        Self {
            permissions: "rs".to_owned(),
            ..self.clone()
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ScopeError::IllFormed);
        }
        let rest = text.strip_prefix("patient/").ok_or(ScopeError::IllFormed)?;
        let (head, query) = match rest.split_once('?') {
            Some((head, query)) => (head, Some(query)),
            None => (rest, None),
        };
        let (name, permissions) = head.split_once('.').ok_or(ScopeError::IllFormed)?;
        // SMART App Launch 2.2 §3.0.2.2: some of c, r, u, d, s, in this order.
        let mut order = "cruds".chars();
        if !permissions.contains('r') || !permissions.chars().all(|letter| order.any(|next| next == letter)) {
            return Err(ScopeError::IllFormed);
        }
        let resource_type = match name {
            "*" => None,
            name if is_r4_type(name) => Some(name.to_owned()),
            _ => return Err(ScopeError::UnknownType),
        };
        let mut scope = Self {
            resource_type,
            permissions: permissions.to_owned(),
            category: Vec::new(),
            code: Vec::new(),
        };
        for filter in query.iter().flat_map(|query| query.split('&')) {
            let (name, values) = filter.split_once('=').ok_or(ScopeError::IllFormed)?;
            let tokens = match name {
                "category" => &mut scope.category,
                "code" => &mut scope.code,
                _ => return Err(ScopeError::UnknownFilter),
            };
            if !tokens.is_empty() {
                return Err(ScopeError::UnknownFilter);
            }
            for value in values.split(',') {
                tokens.push(unescape(value)?.parse()?);
            }
            // One spelling for one meaning.
            tokens.sort();
            tokens.dedup();
        }
        Ok(scope)
    }
}

/// The only escapes that a token needs, and none of the characters that structure a scope.
fn unescape(value: &str) -> Result<String, ScopeError> {
    let value = value
        .replace("%7C", "|")
        .replace("%7c", "|")
        .replace("%3A", ":")
        .replace("%2F", "/");
    let structural = |byte: u8| {
        matches!(
            byte,
            b'%' | b'?' | b'#' | b'=' | b'&' | b'"' | b'\\' | b'<' | b'>' | b'$'
        )
    };
    if value.bytes().any(structural) {
        Err(ScopeError::IllFormed)
    } else {
        Ok(value)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient/{}.{}", self.resource_type(), self.permissions)?;
        for (index, filter) in self.filters().enumerate() {
            write!(f, "{}{filter}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}
