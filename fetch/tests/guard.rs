//! What the client refuses, tried against a small server over real TLS.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use carnet_fetch::{Client, FetchError, Limits, Pin};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

struct Server {
    address: SocketAddr,
    spki_sha256: [u8; 32],
    hits: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let spki_sha256 = Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key)).into();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = hits.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else {
                        return;
                    };
                    let mut head = vec![0; 4096];
                    let read = tls.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                    let _ = answer(&mut tls, &path).await;
                    let _ = tls.shutdown().await;
                });
            }
        });
        Self {
            address,
            spki_sha256,
            hits,
        }
    }

    fn origin(&self) -> String {
        format!("https://{}", self.address)
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.origin())).unwrap()
    }

    fn client(&self) -> Client {
        Client::new([Pin {
            origin: self.origin(),
            spki_sha256: self.spki_sha256,
            local: true,
        }])
        .unwrap()
    }
}

async fn answer(tls: &mut (impl AsyncWriteExt + Unpin), path: &str) -> std::io::Result<()> {
    match path {
        "/plain" => {
            tls.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\ncontent-length: 2\r\n\r\n{}",
            )
            .await
        }
        "/away" => {
            tls.write_all(b"HTTP/1.1 302 Found\r\nlocation: /plain\r\ncontent-length: 0\r\n\r\n").await
        }
        "/zipped" => {
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx").await
        }
        "/announced" => tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nxx").await,
        "/cut" => tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nxx").await,
        "/endless" => {
            tls.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            loop {
                tls.write_all(b"400\r\n").await?;
                tls.write_all(&[b'x'; 1024]).await?;
                tls.write_all(b"\r\n").await?;
            }
        }
        "/drip" => {
            tls.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            loop {
                tls.write_all(b"1\r\nx\r\n").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        _ => tls.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await,
    }
}

const LIMITS: Limits = Limits::bytes(65_536);

#[tokio::test]
async fn the_pinned_key_is_accepted_and_any_other_refused() {
    let server = Server::start().await;
    let response = server.client().get(&server.url("/plain"), LIMITS).await.unwrap();
    assert_eq!(
        (response.status, response.content_type.as_str()),
        (200, "application/json")
    );
    assert_eq!(response.body, b"{}");

    let stranger = Client::new([Pin {
        origin: server.origin(),
        spki_sha256: [7; 32],
        local: true,
    }])
    .unwrap();
    assert_eq!(
        stranger.get(&server.url("/plain"), LIMITS).await.unwrap_err(),
        FetchError::WrongKey
    );
}

#[tokio::test]
async fn a_redirect_is_an_error_and_is_not_followed() {
    let server = Server::start().await;
    let client = server.client();
    assert_eq!(
        client.get(&server.url("/away"), LIMITS).await.unwrap_err(),
        FetchError::Redirected
    );
    let posted = client
        .post(&server.url("/away"), "text/plain", b"secret".to_vec(), LIMITS)
        .await;
    assert_eq!(posted.unwrap_err(), FetchError::Redirected);
    assert_eq!(server.hits.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn bodies_are_cut_off_and_never_unpacked() {
    let server = Server::start().await;
    let client = server.client();
    for (path, expected) in [
        ("/endless", FetchError::TooLarge),
        ("/announced", FetchError::TooLarge),
        ("/zipped", FetchError::Compressed),
        ("/cut", FetchError::Broken),
    ] {
        assert_eq!(
            client.get(&server.url(path), LIMITS).await.unwrap_err(),
            expected,
            "{path}"
        );
    }
    let slow = LIMITS.within(Duration::from_millis(400));
    assert_eq!(
        client.get(&server.url("/drip"), slow).await.unwrap_err(),
        FetchError::TimedOut
    );
}

#[tokio::test]
async fn strange_addresses_are_refused_before_connecting() {
    let server = Server::start().await;
    let port = server.address.port();
    let client = server.client();
    for (url, expected) in [
        (format!("http://127.0.0.1:{port}/plain"), FetchError::NotHttps),
        ("file:///etc/passwd".to_owned(), FetchError::NotHttps),
        (
            format!("https://me:you@127.0.0.1:{port}/plain"),
            FetchError::HasUserinfo,
        ),
        ("https://127.0.0.1/plain".to_owned(), FetchError::IpLiteral),
        ("https://2130706433/plain".to_owned(), FetchError::IpLiteral),
        ("https://0177.0.0.1/plain".to_owned(), FetchError::IpLiteral),
        (
            "https://[::ffff:127.0.0.1]/plain".to_owned(),
            FetchError::IpLiteral,
        ),
        (format!("https://localhost:{port}/plain"), FetchError::OddPort),
        ("https://example.org/".to_owned(), FetchError::NotPinned),
    ] {
        let url = Url::parse(&url).unwrap();
        assert_eq!(client.get(&url, LIMITS).await.unwrap_err(), expected, "{url}");
    }
    assert_eq!(server.hits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_public_name_that_leads_home_is_not_contacted() {
    let client = Client::new([Pin {
        origin: "https://localhost".to_owned(),
        spki_sha256: [0; 32],
        local: false,
    }])
    .unwrap();
    let url = Url::parse("https://localhost/").unwrap();
    assert_eq!(
        client.get(&url, LIMITS).await.unwrap_err(),
        FetchError::PrivateAddress
    );
}

#[tokio::test]
async fn nobody_there_is_told_apart_from_a_refusal() {
    let server = Server::start().await;
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::new([Pin {
        origin: format!("https://{gone}"),
        spki_sha256: server.spki_sha256,
        local: true,
    }])
    .unwrap();
    let error = client
        .get(&Url::parse(&format!("https://{gone}/")).unwrap(), LIMITS)
        .await
        .unwrap_err();
    assert_eq!(error, FetchError::Unreachable);
    assert!(error.is_temporary());
}
