//! did:web and did:webvh from a host on this machine that is pinned as local: what is asked, kept and refused.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use carnet_did_resolver::{
    Options, PublicKey, ResolveError, Resolver,
    resolver::{Clock, Keeping},
    webvh::write::{self, Change, Create, Written},
};
use carnet_fetch::{Openness, Pin, Web};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A web server with files, a count of what was asked, and a switch that makes it hang up.
struct Host {
    address: SocketAddr,
    spki_sha256: [u8; 32],
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
    time: Arc<AtomicI64>,
}

impl Host {
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Self {
            address: listener.local_addr().unwrap(),
            spki_sha256,
            files: Arc::default(),
            asked: Arc::default(),
            down: Arc::default(),
            time: Arc::new(AtomicI64::new(1_800_000_000)),
        };
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (files, asked, down) = (host.files.clone(), host.asked.clone(), host.down.clone());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                if down.load(Ordering::SeqCst) {
                    continue;
                }
                let (acceptor, files, asked) = (acceptor.clone(), files.clone(), asked.clone());
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else {
                        return;
                    };
                    let mut head = vec![0; 4_096];
                    let read = tls.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
                    asked.fetch_add(1, Ordering::SeqCst);
                    let file = files.lock().unwrap().get(&path).cloned();
                    let _ = give(&mut tls, &path, file).await;
                    let _ = tls.shutdown().await;
                });
            }
        });
        host
    }

    fn resolver(&self) -> Resolver {
        let pin = Pin {
            origin: format!("https://localhost:{}", self.address.port()),
            spki_sha256: self.spki_sha256,
            local: true,
        };
        let time = self.time.clone();
        let clock: Clock = Arc::new(move || Timestamp::from_second(time.load(Ordering::SeqCst)).unwrap());
        Resolver::new(
            Web::new([pin], Openness::Anywhere).unwrap(),
            Keeping::default(),
            clock,
        )
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.time.load(Ordering::SeqCst)).unwrap()
    }

    fn pass(&self, duration: Duration) {
        self.time
            .fetch_add(i64::try_from(duration.as_secs()).unwrap(), Ordering::SeqCst);
    }

    fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(path.to_owned(), content.into());
    }

    fn place(&self) -> String {
        format!("localhost%3A{}", self.address.port())
    }

    fn did(&self, folder: &str) -> String {
        format!("did:web:{}:{folder}", self.place())
    }

    /// Publishes a document of that folder's DID.
    fn publish(&self, folder: &str) -> String {
        let did = self.did(folder);
        self.put(&format!("/{folder}/did.json"), json!({ "id": did }).to_string());
        did
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn give(tls: &mut (impl AsyncWriteExt + Unpin), path: &str, file: Option<Vec<u8>>) -> io::Result<()> {
    match (path, file) {
        ("/away/did.json", _) => {
            tls.write_all(b"HTTP/1.1 302 Found\r\nlocation: /there/did.json\r\ncontent-length: 0\r\n\r\n")
                .await
        }
        ("/broken/did.json", _) => {
            tls.write_all(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")
                .await
        }
        ("/endless/did.json", _) => {
            tls.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                .await?;
            loop {
                tls.write_all(b"400\r\n").await?;
                tls.write_all(&[b' '; 1024]).await?;
                tls.write_all(b"\r\n").await?;
            }
        }
        (_, Some(file)) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", file.len());
            tls.write_all(head.as_bytes()).await?;
            tls.write_all(&file).await
        }
        _ => {
            tls.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
                .await
        }
    }
}

fn no_cache() -> Options {
    Options {
        no_cache: true,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_who_ask_at_once_make_the_host_be_asked_once() {
    let host = Host::start().await;
    let did = host.publish("clinic");
    let resolver = host.resolver();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (resolver, did) = (resolver.clone(), did.clone());
        tasks.spawn(async move { resolver.resolve(&did, &Options::default()).await });
    }
    while let Some(resolved) = tasks.join_next().await {
        assert_eq!(resolved.unwrap().unwrap().document().id, did);
    }
    assert_eq!(host.asked(), 1);
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time_and_asked_again_when_told_to() {
    let host = Host::start().await;
    let did = host.publish("clinic");
    let resolver = host.resolver();
    let ask = |options| {
        let (resolver, did) = (resolver.clone(), did.clone());
        async move { resolver.resolve(&did, &options).await }
    };
    let first = ask(Options::default()).await.unwrap();
    assert_eq!((first.stale, first.retrieved), (false, Some(host.now())));
    host.pass(Duration::from_secs(3_599));
    ask(Options::default()).await.unwrap();
    assert_eq!(host.asked(), 1);
    ask(no_cache()).await.unwrap();
    assert_eq!(host.asked(), 2);
    host.pass(Duration::from_hours(1));
    ask(Options::default()).await.unwrap();
    assert_eq!(host.asked(), 3);
}

#[tokio::test]
async fn a_host_that_is_down_leaves_the_last_good_copy_marked_stale_for_a_day() {
    let host = Host::start().await;
    let did = host.publish("clinic");
    let resolver = host.resolver();
    let fresh = resolver.resolve(&did, &Options::default()).await.unwrap();
    host.down.store(true, Ordering::SeqCst);
    host.pass(Duration::from_hours(1));
    let stale = resolver.resolve(&did, &Options::default()).await.unwrap();
    assert!(stale.stale);
    assert_eq!(stale.retrieved, fresh.retrieved);
    host.pass(Duration::from_hours(24));
    let error = resolver.resolve(&did, &Options::default()).await.unwrap_err();
    assert!(error.is_temporary(), "{}", error.code());
}

#[tokio::test]
async fn what_is_not_there_is_not_asked_for_again_at_once_and_then_is() {
    let host = Host::start().await;
    let did = host.did("later");
    let resolver = host.resolver();
    for _ in 0..3 {
        let missing = resolver.resolve(&did, &Options::default()).await;
        assert_eq!(missing.unwrap_err(), ResolveError::NotFound);
    }
    assert_eq!(host.asked(), 1);
    host.publish("later");
    host.pass(Duration::from_secs(30));
    assert!(resolver.resolve(&did, &Options::default()).await.is_ok());
}

#[tokio::test]
async fn what_a_hostile_host_gives_is_refused_by_name() {
    let host = Host::start().await;
    let resolver = host.resolver();
    host.put("/there/did.json", json!({ "id": host.did("away") }).to_string());
    host.put("/other/did.json", json!({ "id": host.did("clinic") }).to_string());
    host.put("/deep/did.json", "[".repeat(100_000));
    host.put("/large/did.json", vec![b' '; (1 << 20) + 1]);
    host.put(
        "/twice/did.json",
        format!(r#"{{"id":"{0}","id":"{0}"}}"#, host.did("twice")),
    );
    host.put(
        "/number/did.json",
        format!(r#"{{"id":"{}","x":1e999}}"#, host.did("number")),
    );
    host.put(
        "/shape/did.json",
        json!({ "id": host.did("shape"), "verificationMethod": 1 }).to_string(),
    );
    host.put("/text/did.json", "hello");
    for (folder, expected) in [
        ("away", "redirected"),
        ("other", "wrong_id"),
        ("deep", "too_deep"),
        ("large", "too_large"),
        ("endless", "too_large"),
        ("twice", "duplicate_member"),
        ("number", "not_json"),
        ("shape", "did_document_malformed"),
        ("text", "not_json"),
        ("broken", "bad_answer"),
    ] {
        let answer = resolver.resolve(&host.did(folder), &Options::default()).await;
        assert_eq!(answer.unwrap_err().code(), expected, "{folder}");
    }
    let versions = Options {
        version_number: Some(1),
        ..Options::default()
    };
    let answer = resolver.resolve(&host.did("clinic"), &versions).await;
    assert_eq!(answer.unwrap_err(), ResolveError::NoVersions);
}

#[tokio::test]
async fn places_that_nobody_should_be_sent_to_are_not_asked() {
    let host = Host::start().await;
    let resolver = host.resolver();
    for (did, expected) in [
        ("did:web:127.0.0.1", "invalid_did"),
        ("did:web:2130706433", "invalid_did"),
        ("did:web:%5B%3A%3A1%5D", "invalid_did"),
        ("did:web:user@example.com", "invalid_did"),
        ("did:web:example.com%3A8443", "odd_port"),
        ("did:web:localhost", "private_address"),
        ("did:web:example.com:..:secret", "invalid_did"),
    ] {
        let answer = resolver.resolve(did, &Options::default()).await;
        assert_eq!(answer.unwrap_err().code(), expected, "{did}");
    }
    // Without a pin, this machine is not asked, whatever the port.
    let unpinned = Resolver::new(
        Web::new([], Openness::Anywhere).unwrap(),
        Keeping::default(),
        Arc::new(Timestamp::now),
    );
    let answer = unpinned.resolve(&host.did("clinic"), &Options::default()).await;
    assert_eq!(answer.unwrap_err().code(), "odd_port");
    let closed = Resolver::offline(Arc::new(Timestamp::now));
    let answer = closed.resolve("did:web:example.com", &Options::default()).await;
    assert_eq!(answer.unwrap_err(), ResolveError::Offline);
    assert_eq!(host.asked(), 0);
}

fn log_of(host: &Host, parameters: Change) -> Written {
    let create = Create {
        location: format!("{}:hospital", host.place()),
        document: Map::new(),
        portable: false,
        parameters,
    };
    write::create(create, &SigningKey::from_bytes(&[1; 32]), host.now()).unwrap()
}

#[tokio::test]
async fn a_log_is_fetched_with_its_witnesses_and_kept_as_long_as_it_says() {
    let host = Host::start().await;
    let resolver = host.resolver();
    let witness = SigningKey::from_bytes(&[2; 32]);
    let made = log_of(
        &host,
        Change {
            ttl: Some(60),
            witnesses: Some((1, vec![PublicKey::from(&witness).did_key()])),
            ..Change::default()
        },
    );
    host.put("/hospital/did.jsonl", made.log.clone());
    let without = resolver.resolve(&made.did, &Options::default()).await;
    assert_eq!(without.unwrap_err().code(), "webvh_witness_missing");
    let proof = write::witness(&made.version_id, &witness, host.now()).unwrap();
    let file = json!([{ "versionId": made.version_id, "proof": [proof] }]);
    host.put("/hospital/did-witness.json", file.to_string());
    let resolved = resolver.resolve(&made.did, &no_cache()).await.unwrap();
    assert_eq!(resolved.metadata.ttl.as_deref(), Some("60"));
    let asked = host.asked();
    host.pass(Duration::from_secs(59));
    resolver.resolve(&made.did, &Options::default()).await.unwrap();
    assert_eq!(host.asked(), asked);
    host.pass(Duration::from_secs(1));
    resolver.resolve(&made.did, &Options::default()).await.unwrap();
    assert_eq!(host.asked(), asked + 2);
}

#[tokio::test]
async fn a_host_can_not_take_back_what_it_published() {
    let host = Host::start().await;
    let resolver = host.resolver();
    let first = log_of(&host, Change::default());
    host.pass(Duration::from_mins(1));
    let ended = write::deactivate(
        &first.did,
        &first.log,
        &SigningKey::from_bytes(&[1; 32]),
        host.now(),
    )
    .unwrap();
    host.put("/hospital/did.jsonl", ended.log.clone());
    let resolved = resolver.resolve(&ended.did, &Options::default()).await.unwrap();
    assert_eq!(resolved.in_force().unwrap_err(), ResolveError::Deactivated);
    host.put("/hospital/did.jsonl", first.log);
    for _ in 0..2 {
        let cut = resolver.resolve(&ended.did, &no_cache()).await;
        assert_eq!(cut.unwrap_err().code(), "webvh_rolled_back");
    }
    host.put("/hospital/did.jsonl", ended.log);
    assert!(resolver.resolve(&ended.did, &no_cache()).await.is_ok());
}

#[tokio::test]
async fn a_short_peer_did_is_known_once_its_long_form_was_seen() {
    let resolver = Resolver::offline(Arc::new(Timestamp::now));
    let long = include_str!("peer4.txt").trim();
    let short = long.rsplit_once(':').unwrap().0;
    let unknown = resolver.resolve(short, &Options::default()).await;
    assert_eq!(unknown.unwrap_err(), ResolveError::NotFound);
    resolver.resolve(long, &Options::default()).await.unwrap();
    let known = resolver.resolve(short, &Options::default()).await.unwrap();
    assert_eq!(known.document().id, short);
    assert_eq!(known.document().also_known_as, [long]);
}
