//! The door to hosts of the public web, for what a stranger's identifier names.
//!
//! A pinned origin is reached by its pin and by nothing else. Any other host must show a certificate that this system's
//! own authorities vouch for, and is reached only where [`Openness`] lets it be. The rest of the guard is the same:
//! https, a name (no bare number), the usual port, public addresses only, no redirect, a cap and a time limit.

use std::{collections::HashSet, sync::Arc};

use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use crate::{
    Client, FetchError, Limits, Pin, Response,
    address::Vetting,
    client::{exchange, guarded},
};

/// Which hosts without a pin may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Openness {
    /// None: pinned origins only.
    Pinned,
    /// These, by name, as in an address (lower case, no port).
    Hosts(HashSet<String>),
    /// Any host with a public address.
    Anywhere,
}

/// Reads public files over https.
#[derive(Debug, Clone)]
pub struct Web {
    pinned: Client,
    openness: Openness,
    /// Missing where this system has no certificate authorities: then only pinned origins are reached.
    public: Option<reqwest::Client>,
}

impl Web {
    /// A client for these origins and, as far as `openness` goes, for others.
    pub fn new(pins: impl IntoIterator<Item = Pin>, openness: Openness) -> Result<Self, FetchError> {
        let public = match openness {
            Openness::Pinned => None,
            Openness::Hosts(_) | Openness::Anywhere => public_door().ok(),
        };
        Ok(Self {
            pinned: Client::new(pins)?,
            openness,
            public,
        })
    }

    /// One file. Any status but a redirect is an answer.
    pub async fn get(&self, url: &Url, limits: Limits) -> Result<Response, FetchError> {
        match self.pinned.check(url) {
            Ok(()) => self.pinned.get(url, limits).await,
            Err(FetchError::NotPinned) if self.opens(url) => {
                let public = self.public.as_ref().ok_or(FetchError::Setup)?;
                exchange(public.get(url.clone()), limits)
                    .await
                    .map_err(|error| match error {
                        FetchError::WrongKey => FetchError::NotVouchedFor,
                        other => other,
                    })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether an address may be contacted at all, without contacting it.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        match self.pinned.check(url) {
            Err(FetchError::NotPinned) if self.opens(url) => Ok(()),
            answer => answer,
        }
    }

    fn opens(&self, url: &Url) -> bool {
        match &self.openness {
            Openness::Pinned => false,
            Openness::Hosts(hosts) => url.host_str().is_some_and(|host| hosts.contains(host)),
            Openness::Anywhere => true,
        }
    }
}

fn public_door() -> Result<reqwest::Client, FetchError> {
    guarded(vouched_for()?, Vetting { local: false })
}

/// TLS that believes this system's certificate authorities.
fn vouched_for() -> Result<ClientConfig, FetchError> {
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|_| FetchError::Setup)?
        .with_no_client_auth();
    // No session outlives its connection: two questions can't be linked by a ticket.
    tls.resumption = rustls::client::Resumption::disabled();
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use rustls::ServerConfig;
    use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;

    fn refusal(web: &Web, address: &str) -> Option<FetchError> {
        web.check(&Url::parse(address).unwrap()).err()
    }

    #[test]
    fn only_names_on_the_usual_port_over_https_are_asked() {
        let web = Web::new([], Openness::Anywhere).unwrap();
        assert_eq!(refusal(&web, "https://example.com/x"), None);
        for (address, expected) in [
            ("http://example.com/x", FetchError::NotHttps),
            ("file:///etc/passwd", FetchError::NotHttps),
            ("https://a:b@example.com/x", FetchError::HasUserinfo),
            ("https://127.0.0.1/x", FetchError::IpLiteral),
            ("https://2130706433/x", FetchError::IpLiteral),
            ("https://0x7f.1/x", FetchError::IpLiteral),
            ("https://[::1]/x", FetchError::IpLiteral),
            ("https://example.com:8443/x", FetchError::OddPort),
        ] {
            assert_eq!(refusal(&web, address), Some(expected), "{address}");
        }
    }

    #[test]
    fn what_is_not_opened_is_not_asked() {
        let pinned = Web::new([], Openness::Pinned).unwrap();
        assert_eq!(
            refusal(&pinned, "https://example.com/"),
            Some(FetchError::NotPinned)
        );
        let some = Web::new([], Openness::Hosts(["example.com".to_owned()].into())).unwrap();
        assert_eq!(refusal(&some, "https://EXAMPLE.com/"), None);
        assert_eq!(
            refusal(&some, "https://example.org/"),
            Some(FetchError::NotPinned)
        );
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], secret)
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            let _ = tokio_rustls::TlsAcceptor::from(Arc::new(config))
                .accept(tcp)
                .await;
        });
        // The public door's own TLS; only the look at the address is left out, to get as far as the certificate.
        let door = guarded(vouched_for().unwrap(), Vetting { local: true }).unwrap();
        let request = door.get(format!("https://localhost:{port}/"));
        assert_eq!(
            exchange(request, Limits::bytes(10)).await.unwrap_err(),
            FetchError::WrongKey
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_contacted() {
        let web = Web::new([], Openness::Anywhere).unwrap();
        let url = Url::parse("https://localhost/").unwrap();
        assert_eq!(
            web.get(&url, Limits::bytes(10)).await.unwrap_err(),
            FetchError::PrivateAddress
        );
    }
}
