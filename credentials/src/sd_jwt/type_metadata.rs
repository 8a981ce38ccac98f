//! What a credential type says of itself (SD-JWT VC draft 15, "SD-JWT VC Type Metadata"): its name and its claims'
//! labels, for showing, and which claims must be there.
//!
//! No schema is evaluated and nothing is rendered. Fetching is the caller's: [`Reading`] says which document it needs
//! next.

use serde_json::Value;

mod document;
mod integrity;

pub use integrity::Integrity;

use super::{ClaimPath, Issued};
use crate::json::JsonError;

/// Longest document that is looked at, in bytes.
pub const MAX_LEN: usize = 262_144;
/// Most documents in a chain of types that extend each other.
pub const MAX_CHAIN: usize = 8;
/// Most claims, and most languages of one text, that are looked at.
const MAX_ENTRIES: usize = 512;

/// Why a type's metadata is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// Not JSON that reads one way only.
    #[error("the description of the credential's type is not acceptable JSON: {0}")]
    Json(JsonError),
    /// A member is missing or ill-typed.
    #[error("the description of the credential's type is not well formed")]
    Malformed,
    /// It describes another type than the one it was fetched for.
    #[error("the description is another type's")]
    OtherType,
    /// It isn't the document whose digest was named, or the digest is of an unknown kind.
    #[error("the description of the credential's type was changed")]
    Integrity,
    /// The types extend each other in a circle.
    #[error("the credential's type extends itself")]
    Circle,
    /// More than [`MAX_CHAIN`] types, or more than is looked at of one.
    #[error("the description of the credential's type is larger than allowed")]
    TooLarge,
    /// A type weakens what the type it extends demands.
    #[error("the credential's type contradicts the one it extends")]
    Contradiction,
    /// A document was added after the last one, or the last one is missing.
    #[error("the description of the credential's type is not complete")]
    Incomplete,
    /// The credential lacks a mandatory claim.
    #[error("the credential lacks a claim that its type demands")]
    ClaimMissing,
    /// A claim can be withheld that must not, or can't be that must.
    #[error("the credential hides other claims than its type demands")]
    ClaimDisclosure,
}

impl TypeError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "type_not_json",
            Self::Malformed => "type_malformed",
            Self::OtherType => "type_other",
            Self::Integrity => "type_integrity",
            Self::Circle => "type_circle",
            Self::TooLarge => "type_too_large",
            Self::Contradiction => "type_contradiction",
            Self::Incomplete => "type_incomplete",
            Self::ClaimMissing => "type_claim_missing",
            Self::ClaimDisclosure => "type_claim_disclosure",
        }
    }
}

/// A text for people, in one language. Whoever wrote it is a stranger: it is shown as text and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Language tag (RFC 5646).
    pub locale: String,
    /// The type's name or the claim's label.
    pub label: String,
    /// More about it.
    pub description: Option<String>,
}

/// Whether a holder can withhold a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Withholding {
    /// The issuer must make it possible.
    Always,
    /// The issuer may.
    #[default]
    Allowed,
    /// The issuer must not.
    Never,
}

/// What a type says of some claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimType {
    /// Which ones.
    pub path: ClaimPath,
    /// Their label, by language.
    pub display: Vec<Text>,
    /// Whether every credential of the type has it.
    pub mandatory: bool,
    /// Whether it can be withheld.
    pub withholding: Withholding,
}

/// A type, with everything that the types it extends add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMetadata {
    /// The type and those that it extends, nearest first.
    pub types: Vec<String>,
    /// Its name for people, by language.
    pub display: Vec<Text>,
    /// Its claims.
    pub claims: Vec<ClaimType>,
}

/// Reading a type's metadata, one document after the other.
#[derive(Debug, Clone)]
pub struct Reading {
    next: Option<(String, Option<Integrity>)>,
    documents: Vec<document::Document>,
}

impl Reading {
    /// Begins with the `vct` and, where the credential has it, the `vct#integrity` of a credential.
    pub fn begin(vct: &str, integrity: Option<&str>) -> Result<Self, TypeError> {
        Ok(Self {
            next: Some((vct.to_owned(), integrity.map(Integrity::parse).transpose()?)),
            documents: Vec::new(),
        })
    }

    /// The type whose document is needed next: an address if it is an https URL, and chosen by a stranger.
    pub fn wanted(&self) -> Option<&str> {
        self.next.as_ref().map(|(vct, _)| vct.as_str())
    }

    /// Takes the document of the wanted type.
    pub fn add(&mut self, text: &[u8]) -> Result<(), TypeError> {
        let (vct, integrity) = self.next.as_ref().ok_or(TypeError::Incomplete)?;
        if text.len() > MAX_LEN {
            return Err(TypeError::TooLarge);
        }
        // The digest first: a document that isn't the one meant is not even parsed.
        if integrity.as_ref().is_some_and(|i| !i.holds(text)) {
            return Err(TypeError::Integrity);
        }
        let document = document::Document::parse(text, vct)?;
        let next = document.extends.clone();
        self.documents.push(document);
        if let Some((extended, _)) = &next {
            if self.documents.iter().any(|d| d.vct == *extended) {
                return Err(TypeError::Circle);
            }
            if self.documents.len() >= MAX_CHAIN {
                return Err(TypeError::TooLarge);
            }
        }
        self.next = next;
        Ok(())
    }

    /// The type, once nothing more is wanted.
    pub fn finish(self) -> Result<TypeMetadata, TypeError> {
        if self.next.is_some() {
            return Err(TypeError::Incomplete);
        }
        let mut whole = TypeMetadata {
            types: self.documents.iter().map(|d| d.vct.clone()).collect(),
            display: Vec::new(),
            claims: Vec::new(),
        };
        for document in self.documents.into_iter().rev() {
            // A type that says how it is shown replaces what the extended one says (draft, "Display Metadata").
            if !document.display.is_empty() {
                whole.display = document.display;
            }
            for claim in document.claims {
                whole.extend(claim)?;
            }
        }
        Ok(whole)
    }
}

impl TypeMetadata {
    /// What an extending type says of a claim replaces what the extended one says, but can't take back a demand.
    fn extend(&mut self, claim: ClaimType) -> Result<(), TypeError> {
        let Some(extended) = self.claims.iter_mut().find(|c| c.path == claim.path) else {
            if self.claims.len() >= MAX_ENTRIES {
                return Err(TypeError::TooLarge);
            }
            self.claims.push(claim);
            return Ok(());
        };
        let weaker =
            extended.withholding != Withholding::Allowed && extended.withholding != claim.withholding;
        if weaker || (extended.mandatory && !claim.mandatory) {
            return Err(TypeError::Contradiction);
        }
        *extended = claim;
        Ok(())
    }

    /// Whether a credential as issued, with all its claims, has what the type demands.
    pub fn fits(&self, issued: &Issued) -> Result<(), TypeError> {
        let claims = Value::Object(issued.claims.clone());
        for claim in &self.claims {
            let present = !claim.path.select(&claims).is_empty();
            if claim.mandatory && !present {
                return Err(TypeError::ClaimMissing);
            }
            let withheld = issued.disclosable.iter().any(|path| claim.path.means(path));
            match claim.withholding {
                Withholding::Always if present && !withheld => return Err(TypeError::ClaimDisclosure),
                Withholding::Never if withheld => return Err(TypeError::ClaimDisclosure),
                _ => {}
            }
        }
        Ok(())
    }
}
