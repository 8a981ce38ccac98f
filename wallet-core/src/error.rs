//! How every error of the wallet speaks: a stable code, what happened, what to do next, and how private it is.

use crate::views::ErrorView;

/// What kind of trouble an error is; decides what may be written about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Part of ordinary life: a wrong passphrase, an expired code.
    Expected,
    /// Somebody or something must look at it: forged promise, damaged vault.
    Critical,
    /// Says something about the person; never enters a log or report.
    Personal,
    /// Should not happen; a defect here or on the other side.
    Unexpected,
}

/// What is said about an error beside its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Stable, `snake_case`.
    pub code: &'static str,
    pub category: Category,
    /// What to do next, one plain sentence.
    pub next: &'static str,
}

impl Facts {
    pub(crate) const fn expected(code: &'static str, next: &'static str) -> Self {
        Self {
            code,
            category: Category::Expected,
            next,
        }
    }
    pub(crate) const fn critical(code: &'static str, next: &'static str) -> Self {
        Self {
            code,
            category: Category::Critical,
            next,
        }
    }
    pub(crate) const fn personal(code: &'static str, next: &'static str) -> Self {
        Self {
            code,
            category: Category::Personal,
            next,
        }
    }
    pub(crate) const fn unexpected(code: &'static str, next: &'static str) -> Self {
        Self {
            code,
            category: Category::Unexpected,
            next,
        }
    }
}

/// An error of a use case.
pub trait Described: std::error::Error {
    fn facts(&self) -> Facts;
    /// Stable, `snake_case`.
    fn code(&self) -> &'static str {
        self.facts().code
    }
    fn category(&self) -> Category {
        self.facts().category
    }
}

impl<E: Described> From<E> for ErrorView {
    fn from(error: E) -> Self {
        let facts = error.facts();
        Self {
            code: facts.code.into(),
            message: error.to_string(),
            next: facts.next.into(),
        }
    }
}

/// What to say when the vault itself can't be read or written.
pub(crate) fn vault_facts(error: &crate::vault::VaultError) -> Facts {
    Facts::critical(error.code(), error.next())
}
