//! Why a fetch was refused or failed.

use thiserror::Error;

/// What went wrong; never carries an address, a path or a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("The address is not a complete https address.")]
    NotHttps,
    #[error("The address carries a user name or password.")]
    HasUserinfo,
    #[error("The address is a bare number, not a name, and is not a known local one.")]
    IpLiteral,
    #[error("The address uses a port that is not the usual one, and is not a known local one.")]
    OddPort,
    #[error("This host is not one whose key is known here.")]
    NotPinned,
    #[error("The name leads to a private address and was not contacted.")]
    PrivateAddress,
    #[error("The name could not be found.")]
    NameNotFound,
    #[error("The other side could not be reached.")]
    Unreachable,
    #[error("The other side showed another key than the one that is known.")]
    WrongKey,
    #[error("The other side's certificate is not one that a public authority vouches for.")]
    NotVouchedFor,
    #[error("The other side took too long.")]
    TimedOut,
    #[error("The other side tried to send us elsewhere.")]
    Redirected,
    #[error("The other side sent more than is allowed.")]
    TooLarge,
    #[error("The other side sent compressed data, which is not accepted.")]
    Compressed,
    #[error("The connection broke in the middle.")]
    Broken,
    #[error("The secure channel could not be set up.")]
    Setup,
}

impl FetchError {
    /// Stable, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttps => "not_https",
            Self::HasUserinfo => "has_userinfo",
            Self::IpLiteral => "ip_literal",
            Self::OddPort => "odd_port",
            Self::NotPinned => "not_pinned",
            Self::PrivateAddress => "private_address",
            Self::NameNotFound => "name_not_found",
            Self::Unreachable => "unreachable",
            Self::WrongKey => "wrong_key",
            Self::NotVouchedFor => "not_vouched_for",
            Self::TimedOut => "timed_out",
            Self::Redirected => "redirected",
            Self::TooLarge => "too_large",
            Self::Compressed => "compressed",
            Self::Broken => "connection_broken",
            Self::Setup => "channel_setup",
        }
    }

    /// Trying again later may help: nothing was refused, the other side was just not there.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::NameNotFound | Self::Unreachable | Self::TimedOut | Self::Broken
        )
    }
}
