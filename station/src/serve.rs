//! Serve: opens the folder, the ledger and both doors, says where they are, and runs until it is told to stop.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum_server::{
    Handle,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use carnet_ledger::{
    Ledger, LedgerError,
    embedded::{Embedded, chain_id_from},
};
use carnet_store::{EngineKind, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use url::Url;

use crate::{
    accounts::{AccountError, Accounts, TokenFileError},
    anchors,
    app::{App, Role},
    authority::{self, DevelopmentError},
    clock::{Clock, Source},
    db::{Db, DbError},
    doors,
    evidence::{
        reads::{ReadsLog, ReadsLogError},
        witnesses::{WitnessFileError, Witnesses},
    },
    folder::{Folder, write_private},
    identity::{Identity, IdentityError, Kind},
    keys::{KeyError, Keys, make_bytes},
    limits,
    listeners::{Counted, ListenError, Listeners, tls},
    on_chain::{OnChain, RelayerError},
    read, sweep,
};

/// Seconds between two sweeps.
const SWEEP: Duration = Duration::from_secs(20);
/// Time between two rounds of asking a chain of every consent that is held: two questions to a node for each.
const ASK_THE_CHAIN: Duration = Duration::from_mins(5);
/// Time that what is under way gets when the station stops.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
const DEFAULT_NAME: &str = "Development Clinic";

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Options {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub staff_listen: SocketAddr,
    pub roles: Vec<Role>,
    pub name: Option<String>,
    pub trust_list: Option<PathBuf>,
    pub public_url: Option<Url>,
    pub resolve_anywhere: bool,
    /// Under which kind of client id questions are asked.
    pub client_id: Kind,
    /// Entries of the witnesses that are asked to sign the register's states: files.
    pub witnesses: Vec<PathBuf>,
    /// How often the logs are anchored in the registry, at most.
    pub anchor_every: Duration,
    /// Where the registry is, if not here.
    pub on_chain: Option<OnChain>,
    /// What runs as the development authority: this program.
    pub program: Option<PathBuf>,
}

/// Why the station does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the station's folder could not be opened or written")]
    Folder(#[source] io::Error),
    #[error("another station is running on this folder")]
    InUse,
    #[error("the station's storage could not be opened")]
    Store(#[source] StoreError),
    #[error("the ledger could not be opened")]
    Ledger(#[from] LedgerError),
    #[error("the registry on the chain could not be opened")]
    Relayer(#[from] RelayerError),
    #[error("the station's keys could not be opened")]
    Keys(#[from] KeyError),
    #[error("the station can't ask under that identity: {0}")]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Witness(#[from] WitnessFileError),
    #[error("wallets need an address for {0}")]
    PublicUrl(SocketAddr),
    #[error("the public address has to be an https origin without a path")]
    NotAnOrigin,
    #[error(transparent)]
    Development(#[from] DevelopmentError),
    #[error("this program could not be found to run the development authority")]
    Program,
    #[error("the accounts could not be opened")]
    Accounts(#[from] AccountError),
    #[error("the service token could not be kept")]
    Token(#[from] TokenFileError),
    #[error("the log of readings could not be opened")]
    Reads(#[from] ReadsLogError),
    #[error("what ran out could not be cleared away")]
    Sweep(#[from] sweep::SweepError),
    #[error("a row could not be read or written")]
    Db(#[from] DbError),
    #[error("the system gave no randomness")]
    Randomness(#[from] getrandom::Error),
    #[error("a door closed by itself")]
    Door(#[source] io::Error),
}

impl ServeError {
    /// Stable, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::InUse => "in_use",
            Self::Store(_) | Self::Db(_) | Self::Reads(_) | Self::Sweep(_) => "storage",
            Self::Ledger(_) | Self::Relayer(RelayerError::Ledger(_)) => "ledger",
            Self::Relayer(error) => error.code(),
            Self::Keys(_) => "keys",
            Self::Identity(_) => "client_id",
            Self::Listen(ListenError::StaffNotLoopback(_)) => "staff_not_loopback",
            Self::Listen(_) => "listen",
            Self::Witness(_) => "witness",
            Self::PublicUrl(_) | Self::NotAnOrigin => "public_url",
            Self::Development(_) | Self::Program => "development_authority",
            Self::Accounts(_) | Self::Token(_) => "accounts",
            Self::Randomness(_) => "randomness",
            Self::Door(_) => "door",
        }
    }

    pub fn next(&self) -> &'static str {
        match self {
            Self::InUse => "Stop the other one, or choose another --data folder.",
            Self::Listen(ListenError::StaffNotLoopback(_)) => {
                "Choose a loopback address for --staff-listen, such as 127.0.0.1:0."
            }
            Self::Listen(_) => "Choose another port, or stop the program that holds it.",
            Self::PublicUrl(_) | Self::NotAnOrigin => "Give it with --public-url https://clinic.example:8443",
            Self::Witness(_) => "Give the entry.json that `carnet-station witness` wrote into its folder.",
            Self::Identity(_) => {
                "Give an address with a name in it: --public-url https://clinic.example, or leave --client-id out."
            }
            Self::Relayer(error) => error.next(),
            Self::Keys(_) => "Restore the folder from its copy; new keys would be a new clinic.",
            Self::Development(_) | Self::Program => {
                "Give a signed list with --trust-list, or look at the folder."
            }
            _ => "Look at the disk and the folder's rights. Nothing was half-written.",
        }
    }

    /// The message with its causes.
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// What a station remembers of how it was started.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    name: Option<String>,
}

/// A station with its doors bound and not yet served.
#[derive(Debug)]
pub struct Station {
    pub app: Arc<App>,
    listeners: Listeners,
    token_file: PathBuf,
    anchor_every: Duration,
}

/// Opens a station. `now` is where its time comes from.
pub async fn open(options: Options, now: Source) -> Result<Station, ServeError> {
    let folder = Folder::open(&options.data).map_err(ServeError::Folder)?;
    let store = open_store(&folder, "store")?;
    let name = remembered_name(&folder, options.name)?;
    let keys = Keys::open(&folder, &name, options.roles.contains(&Role::Issuer))?;
    let listeners = Listeners::bind(&folder, options.listen, options.staff_listen)?;
    let public_url = public_url(options.public_url, listeners.public_address)?;

    let db = Db::new(store);
    let clock = Clock::open(Arc::clone(&now), db.clone())?;
    let on_chain = options.on_chain.filter(OnChain::is_asked_for);
    let (ledger, registry) = open_ledger(&folder, on_chain.as_ref(), ledger_clock(now))?;
    let accounts = Accounts::open(db.clone(), clock.clone())?;
    let token_file = accounts.service_token(&folder)?;
    let authority = folder.file(authority::FOLDER);
    let identity = Identity::of(options.client_id, &keys, &public_url)?;
    let mut app = App {
        name,
        roles: options.roles,
        public_url,
        client_id: identity.asking_as().client_id(),
        identity,
        development: options.trust_list.is_none(),
        resolve_anywhere: options.resolve_anywhere,
        trust_list: options
            .trust_list
            .unwrap_or_else(|| authority.join(crate::trust::LIST_FILE)),
        folder,
        keys,
        reads: ReadsLog::open(db.clone())?,
        db,
        ledger,
        registry,
        finality_seconds: on_chain.map_or(0, |on_chain| on_chain.finality_seconds),
        witnesses: Witnesses::open(&options.witnesses)?,
        clock,
        accounts,
        events: crate::events::Events::default(),
        gates: crate::gates::Gates::default(),
        seen: crate::manage::Seen::default(),
        cards: crate::issue::Cards::new()?,
        tombstones: limits::Buckets::new(
            f64::from(limits::TOMBSTONES),
            f64::from(limits::TOMBSTONES) / 3_600.0,
        ),
        asking: Arc::new(Semaphore::new(limits::ASKING)),
    };
    app.trust_list = std::path::absolute(&app.trust_list).map_err(ServeError::Folder)?;
    sweep::after_a_crash(&app)?;
    read::begin_log(&app)?;

    // What an authority signs: written even when nobody vouches for it yet.
    let entry_file = app.folder.file("entry.json");
    let entry = serde_json::to_vec_pretty(&app.entry()).map_err(|error| ServeError::Folder(error.into()))?;
    write_private(&entry_file, &entry).map_err(ServeError::Folder)?;
    if app.development {
        let program = options.program.ok_or(ServeError::Program)?;
        authority::vouch(&program, &authority, &entry_file).await?;
    }
    Ok(Station {
        app: Arc::new(app),
        listeners,
        token_file,
        anchor_every: options.anchor_every,
    })
}

impl Station {
    /// First line on stdout: where everything is.
    pub fn greeting(&self) -> Value {
        json!({
            "staff_url": format!("http://{}", self.listeners.staff_address),
            "public_url": self.app.public_url.origin().ascii_serialization(),
            "trust_list": self.app.trust_list,
            "token_file": std::path::absolute(&self.token_file).unwrap_or_else(|_| self.token_file.clone()),
        })
    }

    /// Serves both doors until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), ServeError> {
        let host = self.app.public_url.host_str().unwrap_or("localhost").to_owned();
        let (certificate, key) = self.app.keys.tls.certificate(&host)?;
        let config = RustlsConfig::from_config(Arc::new(tls(certificate, key)?));
        let acceptor = RustlsAcceptor::new(config).acceptor(Counted::new(limits::CONNECTIONS));

        let (public_handle, staff_handle) = (Handle::new(), Handle::new());
        let mut public = axum_server::from_tcp(self.listeners.public)
            .map_err(ServeError::Door)?
            .acceptor(acceptor)
            .http1_only()
            .first_request_timeout(limits::HEADERS)
            .handle(public_handle.clone());
        public
            .http_builder()
            .http1()
            .header_read_timeout(limits::HEADERS)
            .max_buf_size(64 * 1024);
        let mut staff = axum_server::from_tcp(self.listeners.staff)
            .map_err(ServeError::Door)?
            .http1_only()
            .handle(staff_handle.clone());
        staff.http_builder().http1().max_buf_size(64 * 1024);

        let public_router = doors::public::router(Arc::clone(&self.app));
        let staff_router =
            doors::staff::router(Arc::clone(&self.app), self.listeners.staff_address, stop.clone());
        let sweeping = tokio::spawn(now_and_then(Arc::clone(&self.app), SWEEP, sweep::now));
        // Beside the other: a slow ledger holds up nothing that runs out.
        let asked = match self.app.registry {
            Some(_) => SWEEP,
            None => ASK_THE_CHAIN,
        };
        let asking = tokio::spawn(now_and_then(Arc::clone(&self.app), asked, sweep::ended_elsewhere));
        let witnessing = tokio::spawn(Witnesses::keep_asking(Arc::clone(&self.app)));
        let anchoring = tokio::spawn(anchors::keep_anchoring(Arc::clone(&self.app), self.anchor_every));
        let closing = async move {
            // A sender that is gone is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
            public_handle.graceful_shutdown(Some(GRACE));
            staff_handle.graceful_shutdown(Some(GRACE));
        };
        let public = public.serve(public_router.into_make_service_with_connect_info::<SocketAddr>());
        let staff = staff.serve(staff_router.into_make_service());
        let closing = tokio::spawn(closing);
        let result = tokio::try_join!(public, staff)
            .map(|_| ())
            .map_err(ServeError::Door);
        closing.abort();
        sweeping.abort();
        asking.abort();
        witnessing.abort();
        anchoring.abort();
        anchors::at_the_end(self.app).await;
        result
    }
}

/// At once, and then each time after `pause`.
async fn now_and_then(app: Arc<App>, pause: Duration, sweep: fn(&App) -> Result<(), sweep::SweepError>) {
    let mut beat = tokio::time::interval(pause);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let app = Arc::clone(&app);
        let swept = tokio::task::spawn_blocking(move || sweep(&app)).await;
        if let Ok(Err(error)) = swept {
            eprintln!("carnet-station: a sweep left something and will go on: {error}");
        }
    }
}

/// Runs a station until SIGTERM or ctrl-c.
pub async fn until_stopped<R>(options: Options, greet: impl FnOnce(Value) -> R) -> Result<(), ServeError> {
    let station = open(options, Arc::new(Timestamp::now)).await?;
    let (stopping, stop) = watch::channel(false);
    tokio::spawn(async move {
        stop_signal().await;
        let _ = stopping.send(true);
    });
    if let Some(secret) = station.app.accounts.set_up_secret() {
        eprintln!(
            "carnet-station: no administrator yet. Open the staff page and set it up with this secret."
        );
        eprintln!("set-up secret: {secret}");
    }
    greet(station.greeting());
    station.run(stop).await
}

/// SIGTERM or ctrl-c.
pub(crate) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The registry, and, if this station keeps it, that again.
type Opened = (Arc<dyn Ledger>, Option<Arc<Embedded>>);

fn open_ledger(
    folder: &Folder,
    on_chain: Option<&OnChain>,
    clock: carnet_ledger::Clock,
) -> Result<Opened, ServeError> {
    if let Some(on_chain) = on_chain {
        let network = on_chain.open(open_store(folder, "chain")?, clock)?;
        return Ok((Arc::new(network), None));
    }
    let own = Arc::new(Embedded::open(
        open_with(folder, "ledger", REGISTRY)?,
        chain_id_from(make_bytes()?),
        clock,
    )?);
    Ok((Arc::clone(&own) as Arc<dyn Ledger>, Some(own)))
}

/// What a new registry is kept with: it takes half of the space of the other one, and opens in a quarter of the time.
const REGISTRY: EngineKind = EngineKind::Redb;

pub(crate) fn open_store(folder: &Folder, name: &str) -> Result<Arc<dyn Store>, ServeError> {
    open_with(folder, name, EngineKind::default())
}

/// A store that is there keeps its engine.
fn open_with(folder: &Folder, name: &str, kind: EngineKind) -> Result<Arc<dyn Store>, ServeError> {
    let path = folder.file(name);
    crate::folder::private_dir(&path).map_err(ServeError::Folder)?;
    match carnet_store::open(&path, kind) {
        Ok(store) => Ok(Arc::new(store)),
        Err(StoreError::InUse) => Err(ServeError::InUse),
        Err(error) => Err(ServeError::Store(error)),
    }
}

fn remembered_name(folder: &Folder, asked: Option<String>) -> Result<String, ServeError> {
    let path = folder.file("station.json");
    let before: Remembered = std::fs::read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let asked = asked
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let name = asked.or(before.name).unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let bytes = serde_json::to_vec(&Remembered {
        name: Some(name.clone()),
    })
    .map_err(|error| ServeError::Folder(error.into()))?;
    write_private(&path, &bytes).map_err(ServeError::Folder)?;
    Ok(name)
}

pub(crate) fn public_url(asked: Option<Url>, address: SocketAddr) -> Result<Url, ServeError> {
    let url = match asked {
        Some(url) => url,
        None if address.ip().is_unspecified() => return Err(ServeError::PublicUrl(address)),
        None => Url::parse(&format!("https://{address}")).map_err(|_| ServeError::PublicUrl(address))?,
    };
    let bare = url.scheme() == "https"
        && url.host().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare {
        Ok(url)
    } else {
        Err(ServeError::NotAnOrigin)
    }
}

fn ledger_clock(now: Source) -> Arc<dyn Fn() -> u64 + Send + Sync> {
    Arc::new(move || u64::try_from(now().as_second()).unwrap_or_default())
}

/// A clock that a test or a demonstration can move.
#[derive(Debug, Default, Clone)]
pub struct MovedClock(Arc<RwLock<jiff::SignedDuration>>);

impl MovedClock {
    /// Moves it to so much ahead of the machine's time.
    pub fn ahead(&self, by: jiff::SignedDuration) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by;
    }

    pub fn source(&self) -> Source {
        let moved = self.clone();
        Arc::new(move || Timestamp::now() + *moved.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
