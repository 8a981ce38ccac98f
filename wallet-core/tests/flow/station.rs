//! A clinic for tests: real TLS, real requests, promises and receipts, and many ways to misbehave.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_consent::{
    ConsentId, ConsentRequest, Endpoint, GrantId, Item, LedgerRef, LedgerStatus, Manage, Onward, Period,
    Purpose, ReadingKind, Recipient, Retention, Salt,
};
use carnet_credentials::jwk::PublicKey;
use carnet_exchange::{
    EncryptionKey, Entry, RequestLink, RequestUriMethod, TrustList,
    answer::{self, AskedOf, CheckedCard, GrantTuple, Opened, Reply, Session},
    client_id_of,
    dcql::Query,
    delivery::{self, DeliverySecret},
    hpke::HpkeSecret,
    manage::{self, DeletionReceipt, Logged, ManageReply, Op, OpResult, Read},
    promise::{self, Operation, Promise},
    refusal::Refusal,
    registry::{GrantStatus, RevocationReply, RevocationRequest},
    request::{self, RequestParts},
    trust::{self, LocalPin, Registry, RegistryKind, Role},
};
use carnet_ledger::{Domain, Grant};
use carnet_log::{
    Checkpoint, Hash, Place, Tiles, Tree, TreeError, checkpoint::Log, receipt::lines, tree::leaf,
    witness as cosigning,
};
use jiff::{SignedDuration, Timestamp, Unit};
use p256::{SecretKey, ecdsa::SigningKey, pkcs8::DecodePrivateKey};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use url::{Url, form_urlencoded};

/// How it behaves; `Honest` until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    Honest,
    /// Takes the answer and gives no promise.
    WithholdsPromise,
    /// Signs the promise with a key that is not its own.
    ForgesPromise,
    /// Promises, but the ledger knows nothing.
    RecordsNothing,
    /// Never answers an answer.
    Hangs,
    /// Would have the answer posted elsewhere.
    RedirectsAnswer,
    RedirectsRequest,
    RequestAsHtml,
    EndlessRequest,
    /// Never ends its answer, one byte at a time.
    DrippingRequest,
    /// Gives out the request that was signed before the wallet asked.
    IgnoresNonce,
    /// Gives out a request that was made for another wallet.
    OtherNonce,
    /// Promises and records, but can't take records now.
    DeliveryDown,
    DeliveryRefused,
    /// Sees the cards and says that it doesn't take them.
    RefusesCards,
    /// Takes answers and revocations; its ledger has not confirmed them yet.
    NotFinal,
    /// The same, and the connection breaks when an answer comes first.
    NotFinalAndBreaks,
    /// Takes no revocation, neither as clinic nor as relayer.
    KeepsRevocationsBack,
    /// Closes every connection.
    Gone,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) delivered: Vec<String>,
    pub(crate) granted: BTreeSet<String>,
    pub(crate) revoked: BTreeSet<String>,
    pub(crate) denied: u32,
    pub(crate) requests_served: u32,
    pub(crate) connections: u32,
    pub(crate) other_paths: Vec<String>,
    /// Status lists, by their paths.
    pub(crate) shown: Vec<CheckedCard>,
    pub(crate) published: BTreeMap<String, String>,
}

struct Open {
    query: Query,
    consent: ConsentRequest,
    nonce: String,
    state: String,
    compact: String,
    transaction_data: Option<String>,
    answer_key: SecretKey,
    delivery_key: DeliverySecret,
    delivery_digest: Option<carnet_consent::Digest32>,
    grant_id: Option<GrantId>,
    /// The answer as it came first.
    jwe: Option<String>,
}

pub(crate) struct Station {
    inner: Arc<Inner>,
    task: tokio::task::JoinHandle<()>,
}

/// Who read what, and the log of it. A test alters it as a clinic might.
#[derive(Clone, Default)]
pub(crate) struct Readings {
    pub(crate) entries: Vec<[u8; 32]>,
    pub(crate) told: BTreeMap<String, Vec<Read>>,
    /// Its log doesn't answer.
    pub(crate) silent: bool,
    /// What the registry says of the log: entries and root.
    pub(crate) anchored: Option<(u64, [u8; 32])>,
    /// It says that it knows no consent.
    pub(crate) forgetful: bool,
    /// Names of the witnesses that have signed the newest state.
    pub(crate) signed_by: Vec<&'static str>,
}

/// Somebody independent, as an authority names them.
pub(crate) fn witness(name: &str) -> Entry {
    let id = id_of(name);
    Entry {
        name: name.to_owned(),
        client_ids: vec![],
        origins: vec![format!("https://{id}.example")],
        purposes: vec![],
        roles: vec![Role::Witness],
        registries: vec![],
        log_keys: vec![PublicKey::from(&witness_key(&id))],
        issuer_keys: vec![],
        request_keys: vec![],
        offline_keys: vec![],
        local: None,
        id,
    }
}

fn id_of(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn witness_key(id: &str) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&Sha256::digest(id).into())
}

impl Readings {
    /// Somebody reads under this consent; gives what the holder will be told.
    pub(crate) fn add(&mut self, grant_id: &str, who: &str) -> Read {
        let mut read = Read {
            when: "2025-03-01T10:00:00Z".parse().unwrap(),
            who: who.to_owned(),
            what: vec!["allergies".to_owned()],
            kind: ReadingKind::Read,
            reason: None,
            log: None,
        };
        let salt = Salt(random());
        let place = self.entries.len() as u64;
        self.entries.push(read.entry(&grant_id.parse().unwrap(), &salt));
        read.log = Some(Logged { place, salt });
        self.told
            .entry(grant_id.to_owned())
            .or_default()
            .push(read.clone());
        read
    }

    pub(crate) fn root(&self) -> [u8; 32] {
        let (tree, shelf) = self.tree();
        tree.root(&shelf).unwrap().0
    }

    fn tree(&self) -> (Tree, Shelf) {
        let mut tree = Tree::of(0).unwrap();
        let leaves: Vec<_> = self.entries.iter().map(|entry| leaf(entry)).collect();
        let shelf = Shelf::default();
        let tiles = tree.append(&leaves, &shelf).unwrap();
        (tree, Shelf(tiles.into_iter().collect()))
    }
}

#[derive(Default)]
struct Shelf(BTreeMap<Place, Vec<u8>>);

impl Tiles for Shelf {
    fn read(&self, place: Place) -> Result<Option<Vec<u8>>, TreeError> {
        Ok(self.0.get(&place).cloned())
    }
}

struct Inner {
    address: SocketAddr,
    certificate: Vec<u8>,
    spki_sha256: [u8; 32],
    key: SigningKey,
    log_key: SigningKey,
    checkpoint_key: ed25519_dalek::SigningKey,
    readings: Mutex<Readings>,
    root: SigningKey,
    ledger: LedgerRef,
    conduct: Mutex<Conduct>,
    /// As given out last.
    list: Mutex<Option<TrustList>>,
    sessions: Mutex<BTreeMap<String, Open>>,
    seen: Mutex<Seen>,
}

impl Drop for Station {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_slice(&[seed; 32]).unwrap()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

impl Station {
    pub(crate) async fn start() -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&pair)
            .unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der())),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Arc::new(Inner {
            address: listener.local_addr().unwrap(),
            certificate: certificate.der().to_vec(),
            spki_sha256: Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&pair)).into(),
            key: SigningKey::from_pkcs8_der(&pair.serialize_der()).unwrap(),
            log_key: SigningKey::from(secret(11)),
            checkpoint_key: ed25519_dalek::SigningKey::from_bytes(&[13; 32]),
            readings: Mutex::default(),
            root: SigningKey::from(secret(12)),
            ledger: LedgerRef {
                chain_id: "7777".to_owned(),
                registry: format!("0x{}", "ab".repeat(20)),
            },
            conduct: Mutex::new(Conduct::Honest),
            list: Mutex::default(),
            sessions: Mutex::default(),
            seen: Mutex::default(),
        });
        let serving = inner.clone();
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                serving.seen().connections += 1;
                if serving.conduct() == Conduct::Gone {
                    continue;
                }
                let (acceptor, inner) = (acceptor.clone(), serving.clone());
                tokio::spawn(async move {
                    if let Ok(mut tls) = acceptor.accept(tcp).await {
                        let _ = inner.serve(&mut tls).await;
                        let _ = tls.shutdown().await;
                    }
                });
            }
        });
        Self { inner, task }
    }

    pub(crate) fn behave(&self, conduct: Conduct) {
        *self.inner.conduct.lock().unwrap() = conduct;
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.inner.seen()
    }

    pub(crate) fn readings(&self) -> MutexGuard<'_, Readings> {
        self.inner.readings.lock().unwrap()
    }

    /// The list of an authority that knows this clinic.
    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.inner.address)
    }

    /// What it signs promises and lists with.
    pub(crate) fn log_key(&self) -> &SigningKey {
        &self.inner.log_key
    }

    pub(crate) fn trust_list(&self, version: u64) -> String {
        self.trust_list_with(version, Vec::new())
    }

    /// The same with others on it.
    pub(crate) fn trust_list_with(&self, version: u64, others: Vec<Entry>) -> String {
        self.trust_list_of(version, RegistryKind::Embedded, others)
    }

    /// The same with a registry of this kind.
    pub(crate) fn trust_list_of(&self, version: u64, kind: RegistryKind, others: Vec<Entry>) -> String {
        let inner = &self.inner;
        let origin = self.origin();
        let now = Timestamp::now();
        let mut list = TrustList {
            version,
            issued: now,
            expires: now + SignedDuration::from_hours(24 * 60),
            authority: "Authority of Tests".to_owned(),
            development: true,
            entries: vec![Entry {
                id: "northgate".to_owned(),
                name: "Northgate Clinic".to_owned(),
                client_ids: vec![client_id_of(&inner.certificate)],
                origins: vec![origin.clone()],
                purposes: vec![Purpose::Treatment],
                roles: vec![Role::Verifier, Role::Relayer, Role::Issuer],
                registries: vec![Registry {
                    chain_id: inner.ledger.chain_id.clone(),
                    address: inner.ledger.registry.clone(),
                    endpoints: vec![Url::parse(&format!("{origin}/ledger")).unwrap()],
                    finality_seconds: 0,
                    kind,
                }],
                log_keys: vec![
                    PublicKey::from(&inner.log_key),
                    PublicKey::from(&inner.checkpoint_key),
                ],
                issuer_keys: vec![PublicKey::from(&inner.log_key)],
                request_keys: vec![],
                offline_keys: vec![],
                local: Some(LocalPin {
                    spki_sha256: URL_SAFE_NO_PAD.encode(inner.spki_sha256),
                }),
            }],
        };
        list.entries.extend(others);
        *inner.list.lock().unwrap() = Some(list.clone());
        trust::sign(&list, &inner.root).unwrap()
    }

    /// This one as another organisation of the list, which brings revocations to the same registry.
    pub(crate) fn as_relayer(&self) -> Entry {
        let (list, _) = trust::open_any(&self.trust_list(1)).unwrap();
        let mut entry = list.entries[0].clone();
        "southgate".clone_into(&mut entry.id);
        "Southgate Hospital".clone_into(&mut entry.name);
        entry.roles = vec![Role::Relayer];
        entry.registries[0].kind = RegistryKind::Network;
        entry
    }

    /// The clinic's own file about itself, under some name.
    pub(crate) fn own_entry(&self, name: &str) -> String {
        let (list, _) = trust::open_any(&self.trust_list(1)).unwrap();
        let mut entry = list.entries[0].clone();
        name.clone_into(&mut entry.name);
        trust::sign_own(&entry, &self.inner.key).unwrap()
    }

    /// A fresh question for records; the link of its code.
    pub(crate) fn ask(&self, items: &[(&str, bool)]) -> String {
        self.ask_query(items, &json!({ "credentials": [] }))
    }

    /// A fresh question for records and cards; proof of the holder key is added where there are items.
    pub(crate) fn ask_query(&self, items: &[(&str, bool)], query: &Value) -> String {
        let mut query = query.clone();
        if !items.is_empty() {
            let holder = json!({ "id": "holder", "format": "dc+sd-jwt", "meta": { "vct_values": [request::HOLDER_VCT] } });
            query["credentials"].as_array_mut().unwrap().insert(0, holder);
        }
        let query = Query::read(&query).unwrap();
        let inner = &self.inner;
        let origin = format!("https://{}", inner.address);
        let url = |path: String| Url::parse(&format!("{origin}{path}")).unwrap();
        let id = URL_SAFE_NO_PAD.encode(random::<16>());
        let now = Timestamp::now();
        let hour = now
            .round(
                jiff::TimestampRound::new()
                    .smallest(Unit::Hour)
                    .mode(jiff::RoundMode::Trunc),
            )
            .unwrap();
        let answer_key = SecretKey::from_slice(&random::<32>()).unwrap();
        let delivery_key = DeliverySecret {
            p256: SecretKey::from_slice(&random::<32>()).unwrap(),
            hpke: Some(HpkeSecret::from_bytes(&random()).unwrap()),
        };
        let client_id = client_id_of(&inner.certificate);
        let consent = ConsentRequest {
            consent_id: ConsentId(uuid::Uuid::new_v4()),
            credential_ids: vec!["holder".to_owned()],
            purpose: vec![Purpose::Treatment],
            items: items
                .iter()
                .map(|(scope, required)| Item {
                    scope: scope.parse().unwrap(),
                    required: *required,
                })
                .collect(),
            data_period: None,
            period: Period {
                start: hour,
                end: hour + SignedDuration::from_hours(24 * 30),
            },
            recipient: Recipient {
                client_id: client_id.clone(),
                name: "N0rthgate".to_owned(),
                policy_uri: url("/policy".to_owned()),
            },
            retention: Retention::from_days(30).unwrap(),
            onward: Onward::None,
            delivery: Endpoint {
                uri: url(format!("/delivery/{id}")),
                jwk: EncryptionKey::new(delivery_key.p256.public_key(), None).to_jwk(),
                hpke: delivery_key.hpke.as_ref().map(|key| key.public().to_jwk()),
            },
            manage: Manage {
                uri: url("/manage".to_owned()),
            },
            ledger: inner.ledger.clone(),
        };
        let nonce = URL_SAFE_NO_PAD.encode(random::<32>());
        let state = URL_SAFE_NO_PAD.encode(random::<16>());
        let response_uri = url(format!("/oid4vp/response/{id}"));
        let parts = RequestParts {
            response_uri: &response_uri,
            nonce: &nonce,
            state: &state,
            issued: now,
            expires: now + SignedDuration::from_mins(5),
            encryption_key: &EncryptionKey::new(answer_key.public_key(), Some("k1".to_owned())),
            query: &query,
            consent: (!items.is_empty()).then_some(&consent),
            statement: None,
        };
        let signed = request::sign(&parts, &inner.key, &*inner.certificate);
        let open = Open {
            query,
            consent,
            nonce,
            state,
            compact: signed.compact,
            transaction_data: signed.transaction_data,
            answer_key,
            delivery_key,
            delivery_digest: None,
            grant_id: None,
            jwe: None,
        };
        inner.sessions.lock().unwrap().insert(id.clone(), open);
        RequestLink {
            client_id,
            request_uri: url(format!("/oid4vp/request/{id}")),
            method: RequestUriMethod::Post,
        }
        .to_string()
    }
}

struct Answer {
    status: &'static str,
    content_type: &'static str,
    body: String,
}

impl Answer {
    fn json(body: impl ToString) -> Self {
        Self {
            status: "200 OK",
            content_type: "application/json",
            body: body.to_string(),
        }
    }
    fn refuse(status: &'static str, code: &str) -> Self {
        let body = serde_json::to_string(&Refusal::new(code, "", "")).unwrap();
        Self {
            status,
            content_type: "application/json",
            body,
        }
    }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn conduct(&self) -> Conduct {
        *self.conduct.lock().unwrap()
    }

    async fn serve(&self, tls: &mut TlsStream<tokio::net::TcpStream>) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let (head, mut body) = loop {
            let mut chunk = vec![0; 16_384];
            let read = tls.read(&mut chunk).await?;
            if read == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(&chunk[..read]);
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                let body = bytes.split_off(at + 4);
                break (String::from_utf8_lossy(&bytes).into_owned(), body);
            }
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|n| n.trim().parse().unwrap())
            })
            .unwrap_or(0);
        while body.len() < length {
            let mut chunk = vec![0; 16_384];
            let read = tls.read(&mut chunk).await?;
            body.extend_from_slice(&chunk[..read]);
        }
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let conduct = self.conduct();
        if path.starts_with("/oid4vp/request/") && conduct == Conduct::EndlessRequest {
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/oauth-authz-req+jwt\r\ntransfer-encoding: chunked\r\n\r\n")
                .await?;
            loop {
                tls.write_all(b"4\r\nabcd\r\n").await?;
            }
        }
        if path.starts_with("/oid4vp/request/") && conduct == Conduct::DrippingRequest {
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/oauth-authz-req+jwt\r\ntransfer-encoding: chunked\r\n\r\n")
                .await?;
            loop {
                tls.write_all(b"1\r\na\r\n").await?;
                tls.flush().await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        if path.starts_with("/oid4vp/response/") && conduct == Conduct::Hangs {
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
        let answered_before = || {
            let id = path.trim_start_matches("/oid4vp/response/");
            self.sessions.lock().unwrap()[id].jwe.is_some()
        };
        let breaks = conduct == Conduct::NotFinalAndBreaks
            && path.starts_with("/oid4vp/response/")
            && !answered_before();
        let answer = self.answer(&path, &body, conduct);
        if breaks {
            return Ok(());
        }
        let head = format!(
            "HTTP/1.1 {}\r\ncontent-type: {}\r\nlocation: /elsewhere\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.status,
            answer.content_type,
            answer.body.len()
        );
        tls.write_all(head.as_bytes()).await?;
        tls.write_all(answer.body.as_bytes()).await
    }

    fn answer(&self, path: &str, body: &[u8], conduct: Conduct) -> Answer {
        let mut segments = path.trim_start_matches('/').splitn(3, '/');
        let (first, second, third) = (
            segments.next(),
            segments.next(),
            segments.next().unwrap_or_default(),
        );
        match (first.unwrap_or_default(), second.unwrap_or_default()) {
            ("oid4vp", "request") => self.request(third, body, conduct),
            ("oid4vp", "response") => self.response(third, body, conduct),
            ("delivery", id) => self.delivery(id, body, conduct),
            ("manage", "log") => self.reads_log(third),
            ("manage", _) | ("ledger", "revocations") if conduct == Conduct::KeepsRevocationsBack => {
                Answer::refuse("503 Service Unavailable", "unavailable")
            }
            ("ledger", "revocations") if conduct == Conduct::NotFinal => {
                Answer::refuse("503 Service Unavailable", "not_final")
            }
            ("manage", _) => self.manage(body),
            ("ledger", "anchors") => self.anchor(third),
            ("ledger", "grants") => self.status(third),
            ("ledger", "revocations") => self.revocation(body),
            _ => {
                if let Some(list) = self.seen().published.get(path) {
                    return Answer {
                        status: "200 OK",
                        content_type: "application/statuslist+jwt",
                        body: list.clone(),
                    };
                }
                self.seen().other_paths.push(path.to_owned());
                Answer::refuse("404 Not Found", "unknown")
            }
        }
    }

    fn request(&self, id: &str, body: &[u8], conduct: Conduct) -> Answer {
        self.seen().requests_served += 1;
        let mut sessions = self.sessions.lock().unwrap();
        let Some(open) = sessions.get_mut(id) else {
            return Answer::refuse("404 Not Found", "unknown");
        };
        let field = |wanted: &str| {
            form_urlencoded::parse(body)
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        let nonce = match conduct {
            Conduct::IgnoresNonce => None,
            Conduct::OtherNonce => Some("AAAA".to_owned()),
            _ => field("wallet_nonce"),
        };
        if let Some(nonce) = nonce {
            open.compact =
                request::sign_for_wallet(&open.compact, &nonce, &self.key, &*self.certificate).unwrap();
        }
        match conduct {
            Conduct::RedirectsRequest => Answer {
                status: "302 Found",
                content_type: "text/plain",
                body: String::new(),
            },
            Conduct::RequestAsHtml => Answer {
                status: "200 OK",
                content_type: "text/html",
                body: open.compact.clone(),
            },
            _ => Answer {
                status: "200 OK",
                content_type: "application/oauth-authz-req+jwt",
                body: open.compact.clone(),
            },
        }
    }

    fn response(&self, id: &str, body: &[u8], conduct: Conduct) -> Answer {
        let mut sessions = self.sessions.lock().unwrap();
        let Some(open) = sessions.get_mut(id) else {
            return Answer::refuse("404 Not Found", "unknown");
        };
        let jwe = form_urlencoded::parse(body)
            .find(|(name, _)| name == "response")
            .unwrap()
            .1
            .into_owned();
        let first = open.jwe.get_or_insert_with(|| jwe.clone());
        assert_eq!(first, &jwe, "an answer is sent again as it was");
        let opened = answer::open(&jwe, &open.answer_key).unwrap();
        if let Opened::Denied { .. } = opened {
            self.seen().denied += 1;
            return Answer::json(Reply::Nothing.to_json());
        }
        let client_id = client_id_of(&self.certificate);
        let list = self.list.lock().unwrap().clone().unwrap();
        let session = Session {
            client_id: &client_id,
            nonce: &open.nonce,
            state: &open.state,
            request_digest: request::digest(&open.compact),
            query: &open.query,
            consent: open.transaction_data.as_deref().map(|transaction_data| AskedOf {
                holder_query: "holder",
                transaction_data,
                request: &open.consent,
            }),
            statement: None,
            list: Some(&list),
        };
        let checked =
            answer::check(opened, &session, |tuple| self.grant_id(tuple), Timestamp::now()).unwrap();
        if let Conduct::RefusesCards = conduct {
            return Answer::refuse("400 Bad Request", "refused");
        }
        self.seen().shown.extend(checked.cards);
        let Some(checked) = checked.consent else {
            // As some verifiers do; whoever answers stays where they are.
            return Answer::json(json!({ "redirect_uri": "javascript:alert(1)" }));
        };
        open.delivery_digest = Some(checked.consent.delivery_digest);
        open.grant_id = Some(checked.grant_id);
        let signer = if conduct == Conduct::ForgesPromise {
            SigningKey::from(secret(99))
        } else {
            self.log_key.clone()
        };
        match conduct {
            Conduct::WithholdsPromise => return Answer::json("{}"),
            Conduct::RedirectsAnswer => {
                return Answer {
                    status: "307 Temporary Redirect",
                    content_type: "text/plain",
                    body: String::new(),
                };
            }
            Conduct::RecordsNothing => {}
            Conduct::NotFinal | Conduct::NotFinalAndBreaks => {
                return Answer::refuse("503 Service Unavailable", "not_final");
            }
            _ => {
                self.seen().granted.insert(checked.grant_id.to_string());
            }
        }
        Answer::json(Reply::Promise(self.promise(checked.grant_id, Operation::Grant, &signer)).to_json())
    }

    fn delivery(&self, id: &str, body: &[u8], conduct: Conduct) -> Answer {
        let sessions = self.sessions.lock().unwrap();
        let open = &sessions[id];
        match conduct {
            Conduct::DeliveryDown => return Answer::refuse("503 Service Unavailable", "down"),
            Conduct::DeliveryRefused => return Answer::refuse("409 Conflict", "not_wanted"),
            _ => {}
        }
        let sealed = std::str::from_utf8(body).unwrap();
        assert_eq!(
            Some(delivery::digest(sealed)),
            open.delivery_digest,
            "what arrives is what was promised"
        );
        let bundle = delivery::open(sealed, &open.delivery_key, &request::digest(&open.compact)).unwrap();
        self.seen()
            .delivered
            .push(String::from_utf8(bundle.to_vec()).unwrap());
        Answer {
            status: "204 No Content",
            content_type: "text/plain",
            body: String::new(),
        }
    }

    fn manage(&self, body: &[u8]) -> Answer {
        let aud = format!("https://{}/manage", self.address);
        let (_, request) =
            manage::verify(std::str::from_utf8(body).unwrap(), &aud, Timestamp::now()).unwrap();
        let results = request.ops.iter().map(|op| self.operate(op)).collect();
        Answer::json(ManageReply { results }.to_json().unwrap())
    }

    fn operate(&self, op: &Op) -> OpResult {
        let grant_id = *op.grant_id();
        match op {
            Op::Reads { .. } => {
                let mut readings = self.readings.lock().unwrap();
                if readings.forgetful {
                    return OpResult::Refused {
                        grant_id,
                        code: "unknown".to_owned(),
                    };
                }
                let id = grant_id.to_string();
                if !readings.told.contains_key(&id) {
                    readings.add(&id, "Nurse\u{202e} Ines");
                }
                let reads = readings.told[&id].clone();
                OpResult::Reads { grant_id, reads }
            }
            Op::Revoke { grant, .. } => {
                assert_eq!(self.grant_id(grant), grant_id);
                self.seen().revoked.insert(grant_id.to_string());
                let receipt = DeletionReceipt {
                    grant_id,
                    time: now_seconds(),
                    exported: false,
                };
                OpResult::Revoked {
                    grant_id,
                    promise: (self.conduct() != Conduct::NotFinal)
                        .then(|| self.promise(grant_id, Operation::Revoke, &self.log_key)),
                    receipt: Some(manage::sign_receipt(&receipt, &self.log_key).unwrap()),
                }
            }
            Op::Receipt { .. } => OpResult::Receipt {
                grant_id,
                receipt: None,
            },
        }
    }

    /// The log of readings, and its proofs.
    fn reads_log(&self, path: &str) -> Answer {
        let readings = self.readings.lock().unwrap();
        if readings.silent {
            return Answer::refuse("503 Service Unavailable", "unavailable");
        }
        let (tree, shelf) = readings.tree();
        let number = |text: &str| text.parse::<u64>().unwrap();
        let segments: Vec<&str> = path.split('/').collect();
        let body = match segments.as_slice() {
            ["checkpoint"] => {
                let root = tree.root(&shelf).unwrap();
                let origin = carnet_log::entry::reads("northgate");
                let signed = Checkpoint::sign(&origin, tree.size(), root, &self.checkpoint_key).unwrap();
                let log = Log {
                    origin: &origin,
                    keys: &[self.checkpoint_key.verifying_key()],
                };
                let cosigned = |name: &&str| {
                    let (id, request) = (id_of(name), cosigning::request(0, &[], &signed));
                    let witness = cosigning::Witness {
                        name: &id,
                        key: &witness_key(&id),
                    };
                    let time = now_seconds();
                    witness.cosign(&request, log, (0, Hash([0; 32])), time).unwrap().0
                };
                let lines: String = readings.signed_by.iter().map(cosigned).collect();
                signed.with_lines(&lines).unwrap()
            }
            ["growth", from, to] => {
                let (from, to) = (number(from), Tree::of(number(to)).unwrap());
                lines(&to.prove_growth(from, &shelf).unwrap())
            }
            ["inclusion", place, size] => {
                let (place, of) = (number(place), Tree::of(number(size)).unwrap());
                lines(&of.prove_entry(place, &shelf).unwrap())
            }
            _ => return Answer::refuse("404 Not Found", "unknown"),
        };
        Answer {
            status: "200 OK",
            content_type: "text/plain; charset=utf-8",
            body,
        }
    }

    /// What the registry says of a log, always by the same account.
    fn anchor(&self, path: &str) -> Answer {
        let sender = "0x00000000000000000000000000000000000000c1";
        let key = carnet_log::verifier_key(
            &carnet_log::entry::reads("northgate"),
            &self.checkpoint_key.verifying_key(),
        );
        let log = format!("0x{}", hex::encode(carnet_ledger::log_id(&key)));
        let of_reads = path.split('/').next() == Some(log.as_str());
        let anchored = self.readings.lock().unwrap().anchored.filter(|_| of_reads);
        let anchor = anchored.map(|(size, root)| {
            let root = format!("0x{}", hex::encode(root));
            serde_json::json!({"log": log, "by": sender, "size": size, "root": root})
        });
        Answer::json(serde_json::json!({"sender": sender, "anchor": anchor}).to_string())
    }

    fn status(&self, id: &str) -> Answer {
        let seen = self.seen();
        let status = if seen.revoked.contains(id) {
            LedgerStatus::Revoked
        } else if seen.granted.contains(id) {
            LedgerStatus::Active
        } else {
            LedgerStatus::None
        };
        let status = GrantStatus {
            grant_id: id.parse().unwrap(),
            status,
            as_of: now_seconds(),
            chain_id: self.ledger.chain_id.clone(),
            registry: self.ledger.registry.clone(),
        };
        Answer::json(serde_json::to_string(&status).unwrap())
    }

    fn revocation(&self, body: &[u8]) -> Answer {
        let id = self.grant_id(&RevocationRequest::read(body).unwrap().grant);
        self.seen().revoked.insert(id.to_string());
        let promise = self.promise(id, Operation::Revoke, &self.log_key);
        Answer::json(serde_json::to_string(&RevocationReply { promise }).unwrap())
    }

    fn promise(&self, grant_id: GrantId, operation: Operation, key: &SigningKey) -> String {
        let promise = Promise {
            grant_id,
            operation,
            sequence: 1,
            time: now_seconds(),
            chain_id: self.ledger.chain_id.clone(),
            registry: self.ledger.registry.clone(),
        };
        promise::sign(&promise, key).unwrap()
    }

    fn grant_id(&self, tuple: &GrantTuple) -> GrantId {
        let domain = Domain {
            chain_id: self.ledger.chain_id.parse().unwrap(),
            registry: self.ledger.registry.parse().unwrap(),
        };
        let grant = Grant {
            subject: carnet_ledger::Address(tuple.subject),
            commitment: tuple.commitment,
            not_before: tuple.not_before,
            expiry: tuple.expiry,
            revoke_hash: tuple.revoke_hash,
        };
        GrantId(carnet_ledger::grant_id(&domain, &grant))
    }
}

fn now_seconds() -> u64 {
    Timestamp::now().as_second().unsigned_abs()
}
