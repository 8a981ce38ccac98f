//! Looking up identifiers that are held, and checking a log.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use carnet_did_resolver::{
    Options, Resolver,
    resolver::Keeping,
    webvh::{
        self,
        write::{self, Change, Create},
    },
};
use carnet_fetch::{Openness, Pin, Web};
use ed25519_dalek::{Signer, SigningKey};
use jiff::{Timestamp, ToSpan};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use super::{cpu_each, line};

/// Entries of the log that is checked.
const ENTRIES: usize = 50;
/// Who ask for one DID at the same time.
const AT_ONCE: usize = 10_000;

pub(super) fn print() {
    if let Err(error) = check().and_then(|()| lookups()) {
        println!("identifiers could not be measured: {error}");
    }
}

/// A log of some entries, as a DID of some years has it.
fn check() -> Result<(), Box<dyn Error>> {
    let key = SigningKey::from_bytes(&[1; 32]);
    let mut now = Timestamp::UNIX_EPOCH;
    let create = Create {
        location: "clinic.example".to_owned(),
        document: Map::new(),
        portable: false,
        parameters: Change::default(),
    };
    let mut made = write::create(create, &key, now)?;
    for _ in 1..ENTRIES {
        now = now.checked_add(1.hour())?;
        made = write::update(&made.did, &made.log, Change::default(), &key, now)?;
    }
    let signature = key.sign(&[7; 64]);
    let bare = cpu_each(9, 200, || {
        key.verifying_key().verify_strict(&[7; 64], &signature).is_ok()
    });
    let ours = cpu_each(9, 5, || {
        webvh::resolve(&made.did, made.log.as_bytes(), None, &Options::default(), now).is_ok()
    });
    let each = ours / u32::try_from(ENTRIES)?;
    line(
        "did:webvh, each entry of a log of 50 (bare Ed25519)",
        each,
        bare,
        "",
    );
    Ok(())
}

fn lookups() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let (resolver, did, asked) = runtime.block_on(host())?;
    let resolved = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (resolver, did) = (resolver.clone(), did.clone());
            tasks.spawn(async move { resolver.resolve(&did, &Options::default()).await.is_ok() });
        }
        tasks
            .join_all()
            .await
            .into_iter()
            .filter(|resolved| *resolved)
            .count()
    });
    let asked = asked.load(Ordering::SeqCst);
    println!(
        "did:web, {AT_ONCE} look-ups at once: {resolved} answered, the host was asked {asked} time(s)   target 1"
    );

    let bare: moka::future::Cache<String, Arc<u64>> = moka::future::Cache::new(10);
    runtime.block_on(bare.insert(did.clone(), Arc::new(1)));
    let options = Options::default();
    let ours = cpu_each(9, 10_000, || {
        runtime.block_on(resolver.resolve(&did, &options)).is_ok()
    });
    let theirs = cpu_each(9, 10_000, || runtime.block_on(bare.get(&did)));
    line("DID that is held (bare moka get)", ours, theirs, "≤ 5 µs");
    Ok(())
}

/// A did:web on this machine, a resolver that may ask for it, and how often its host was asked.
async fn host() -> Result<(Resolver, String, Arc<AtomicUsize>), Box<dyn Error>> {
    let key = rcgen::KeyPair::generate()?;
    let spki_sha256 = Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key)).into();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let did = format!("did:web:localhost%3A{port}");
    let body = json!({ "id": did }).to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else {
                continue;
            };
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = tls.read(&mut [0; 4_096]).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = tls.write_all(head.as_bytes()).await;
            let _ = tls.shutdown().await;
        }
    });
    let pin = Pin {
        origin: format!("https://localhost:{port}"),
        spki_sha256,
        local: true,
    };
    let web = Web::new([pin], Openness::Pinned)?;
    let resolver = Resolver::new(web, Keeping::default(), Arc::new(Timestamp::now));
    Ok((resolver, did, asked))
}
