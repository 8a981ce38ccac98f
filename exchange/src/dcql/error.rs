/// Why a query is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is none, or it asks for nothing.
    #[error("the request doesn't say what it asks for")]
    Nothing,
    /// A member is missing or of the wrong type.
    #[error("the request's question is not well formed")]
    Malformed,
    /// It asks for more than [`crate::limits`] allows.
    #[error("the request's question is larger than allowed")]
    TooLarge,
    /// A member that isn't known could change the meaning.
    #[error("the request's question has a part that is not understood")]
    UnknownMember,
    /// Two queries with one id.
    #[error("the request uses one name for two questions")]
    DuplicateId,
    /// An outdated or unknown credential format.
    #[error("the request asks for a credential format that is not accepted")]
    Format,
    /// `meta` is empty or missing.
    #[error("the request doesn't say which credential it wants")]
    MetaEmpty,
    /// Two claims with one id.
    #[error("the request uses one name for two claims")]
    DuplicateClaimId,
    /// There are claim sets, and a claim has no id.
    #[error("the request offers a choice between claims that it doesn't name")]
    ClaimWithoutId,
    /// Claim sets without claims.
    #[error("the request offers a choice between claims, but lists none")]
    ClaimSetsWithoutClaims,
    /// A claims path is empty, too long, or has another kind of step.
    #[error("the request doesn't say clearly which claim it wants")]
    ClaimPath,
    /// `values` is empty or has something else than texts, whole numbers, true and false.
    #[error("the request wants a claim to have a value that can't be compared")]
    ClaimValues,
    /// A set names a query or claim that isn't there.
    #[error("the request offers a choice with something that it doesn't ask for")]
    UnknownId,
}

impl QueryError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nothing => "request_no_query",
            Self::Malformed => "request_query_malformed",
            Self::TooLarge => "request_query_too_large",
            Self::UnknownMember => "request_query_unknown_member",
            Self::DuplicateId => "request_duplicate_query_id",
            Self::Format => "request_format",
            Self::MetaEmpty => "request_meta_empty",
            Self::DuplicateClaimId => "request_duplicate_claim_id",
            Self::ClaimWithoutId => "request_claim_without_id",
            Self::ClaimSetsWithoutClaims => "request_claim_sets_without_claims",
            Self::ClaimPath => "request_claim_path",
            Self::ClaimValues => "request_claim_values",
            Self::UnknownId => "request_query_unknown_id",
        }
    }
}
