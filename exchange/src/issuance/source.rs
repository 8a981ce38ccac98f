//! All addresses of one issuance belong to one issuer of the trust list. An offer from elsewhere, an authorization
//! server of somebody else, a single endpoint at another host: refused, before the patient is asked for a PIN.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    metadata::{AuthorizationServer, CredentialIssuer, MetadataError},
    offer::{CredentialOffer, OfferError},
};
use crate::{Entry, TrustList, trust::Role};

/// Why an issuer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The offer's or issuer's address is nobody's of the list.
    #[error("who offers this card is not on your list of organisations")]
    NotListed,
    /// Listed, but not as an issuer.
    #[error("this organisation is listed, but not as one that issues cards")]
    NotAnIssuer,
    /// The offer lies at one organisation's address and names another one as the issuer.
    #[error("the code leads to one organisation and names another as the issuer")]
    OtherOrganisation,
    /// The authorization server isn't the issuer's own.
    #[error("the code would be sent to an address that doesn't belong to the issuer")]
    ForeignServer,
    /// An endpoint isn't the issuer's own.
    #[error("the issuer names an address that doesn't belong to it")]
    ForeignEndpoint,
    /// The offer itself.
    #[error("{0}")]
    Offer(#[from] OfferError),
    /// What the issuer says of itself.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
}

impl SourceError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotListed => "issuer_not_listed",
            Self::NotAnIssuer => "issuer_not_an_issuer",
            Self::OtherOrganisation => "offer_other_organisation",
            Self::ForeignServer => "issuer_foreign_server",
            Self::ForeignEndpoint => "issuer_foreign_address",
            Self::Offer(error) => error.code(),
            Self::Metadata(error) => error.code(),
        }
    }
}

/// Where one issuance takes place: every address is the listed issuer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Stable id of the issuer in the trust list.
    pub entry_id: String,
    /// The issuer's identifier: what key proofs are made for.
    pub credential_issuer: String,
    /// The authorization server's identifier.
    pub server: String,
    /// The server's answers to a sign-in must name it.
    pub answers_name_issuer: bool,
    /// The code for a token.
    pub token: Url,
    /// Copies.
    pub credential: Url,
    /// Nonces.
    pub nonce: Option<Url>,
    /// Copies that come later.
    pub deferred: Option<Url>,
    /// What became of them.
    pub notification: Option<Url>,
    /// Where a sign-in is begun, and its page.
    pub sign_in: Option<(Url, Url)>,
    /// Copies in one request.
    pub batch_size: u32,
}

/// The issuer that an address belongs to.
pub fn issuer_at<'a>(list: &'a TrustList, url: &Url) -> Result<&'a Entry, SourceError> {
    let entry = list.by_origin(url).ok_or(SourceError::NotListed)?;
    if entry.has_role(Role::Issuer) {
        Ok(entry)
    } else {
        Err(SourceError::NotAnIssuer)
    }
}

/// The issuer that an offer names; where the offer was fetched, it must be that issuer's own.
pub fn issuer_of<'a>(
    list: &'a TrustList,
    offer: &CredentialOffer,
    fetched_from: Option<&Url>,
) -> Result<&'a Entry, SourceError> {
    let url = Url::parse(&offer.credential_issuer).map_err(|_| OfferError::BadAddress)?;
    let entry = issuer_at(list, &url)?;
    if fetched_from.is_some_and(|from| !entry.covers_origin(from)) {
        return Err(SourceError::OtherOrganisation);
    }
    Ok(entry)
}

/// Whether the issuer's authorization server is its own. Asked before anything is fetched from there.
pub fn check_server(entry: &Entry, server: &str) -> Result<(), SourceError> {
    let own = Url::parse(server).is_ok_and(|url| entry.covers_origin(&url));
    own.then_some(()).ok_or(SourceError::ForeignServer)
}

impl Source {
    /// Puts together what was found, if all of it is the entry's.
    pub fn of(
        entry: &Entry,
        issuer: &CredentialIssuer,
        server: &AuthorizationServer,
    ) -> Result<Self, SourceError> {
        check_server(entry, &server.issuer)?;
        let own_servers = [
            Some(&server.token_endpoint),
            server.authorization_endpoint.as_ref(),
            server.par_endpoint.as_ref(),
        ];
        if !own_servers
            .into_iter()
            .flatten()
            .all(|url| entry.covers_origin(url))
        {
            return Err(SourceError::ForeignServer);
        }
        let own = [
            Some(&issuer.credential_endpoint),
            issuer.nonce_endpoint.as_ref(),
            issuer.deferred_endpoint.as_ref(),
            issuer.notification_endpoint.as_ref(),
        ];
        if !own.into_iter().flatten().all(|url| entry.covers_origin(url)) {
            return Err(SourceError::ForeignEndpoint);
        }
        let sign_in = server
            .par_endpoint
            .clone()
            .zip(server.authorization_endpoint.clone());
        Ok(Self {
            entry_id: entry.id.clone(),
            credential_issuer: issuer.id.clone(),
            server: server.issuer.clone(),
            answers_name_issuer: server.answers_name_issuer,
            token: server.token_endpoint.clone(),
            credential: issuer.credential_endpoint.clone(),
            nonce: issuer.nonce_endpoint.clone(),
            deferred: issuer.deferred_endpoint.clone(),
            notification: issuer.notification_endpoint.clone(),
            sign_in: sign_in.filter(|_| server.sign_in),
            batch_size: issuer.batch_size,
        })
    }
}
