//! Every method behind one door: the network through the guarded client, and what it gave kept for a while.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use carnet_fetch::{Limits, Web};
use jiff::Timestamp;
use moka::future::Cache;
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    address::Location,
    document::Document,
    error::ResolveError,
    json,
    methods::peer,
    resolution::{Options, Resolved},
    resolve::{MAX_PEER_LEN, parts, resolve, with_long_form},
    webvh::{self, History, Log, MAX_LOG_LEN, MAX_WITNESS_LEN, WebvhError},
};

/// Largest did:web document, in bytes.
pub const MAX_DOCUMENT_LEN: usize = 1 << 20;
/// Hosts that are asked at the same time.
const AT_ONCE: usize = 32;
/// Short forms of did:peer:4 whose long form is remembered.
const LONG_FORMS: u64 = 1_000;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long answers of hosts are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// A document, at most; a did:webvh may ask for less.
    pub good: Duration,
    /// A refusal or failure.
    pub bad: Duration,
    /// The last good copy, given out as stale while its host can't be reached; it also shows when a log was cut.
    pub stale: Duration,
    /// Memory for all of it, in bytes, roughly.
    pub bytes: u64,
}

impl Default for Keeping {
    /// An hour, half a minute, a day, 32 MiB.
    fn default() -> Self {
        Self {
            good: Duration::from_hours(1),
            bad: Duration::from_secs(30),
            stale: Duration::from_hours(24),
            bytes: 32 << 20,
        }
    }
}

/// Resolves DIDs. Cloning shares what is kept.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    web: Option<Web>,
    clock: Clock,
    keeping: Keeping,
    kept: Cache<String, Arc<Kept>>,
    last_good: Cache<String, Arc<Kept>>,
    long_forms: Cache<String, String>,
    /// Counts what was asked of hosts: `noCache` takes an answer that was asked for later than itself.
    asked: AtomicU64,
    places: Semaphore,
}

/// What a host gave, or why it gave nothing.
struct Kept {
    found: Result<Found, ResolveError>,
    asked: u64,
    retrieved: Timestamp,
    /// When it has to be asked again.
    until: Timestamp,
    stale: bool,
    weight: u32,
}

#[derive(Clone)]
enum Found {
    Document(Resolved),
    History(Arc<History>),
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("web", &self.inner.web.is_some())
            .finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver that asks hosts through `web`.
    pub fn new(web: Web, keeping: Keeping, clock: Clock) -> Self {
        Self::with(Some(web), keeping, clock)
    }

    /// A resolver that asks nobody: did:web and did:webvh are refused.
    pub fn offline(clock: Clock) -> Self {
        Self::with(None, Keeping::default(), clock)
    }

    fn with(web: Option<Web>, keeping: Keeping, clock: Clock) -> Self {
        let cache = |bytes| {
            Cache::builder()
                .max_capacity(bytes)
                .weigher(|did: &String, kept: &Arc<Kept>| {
                    kept.weight
                        .saturating_add(u32::try_from(did.len()).unwrap_or(u32::MAX))
                })
                .build()
        };
        Self {
            inner: Arc::new(Inner {
                web,
                clock,
                keeping,
                kept: cache(keeping.bytes / 2),
                last_good: cache(keeping.bytes / 2),
                long_forms: Cache::new(LONG_FORMS),
                asked: AtomicU64::new(0),
                places: Semaphore::new(AT_ONCE),
            }),
        }
    }

    /// The document of a DID, and what is known about it.
    pub async fn resolve(&self, did: &str, options: &Options) -> Result<Resolved, ResolveError> {
        options.check()?;
        let (method, _) = parts(did)?;
        match method {
            "web" | "webvh" => self.inner.hosted(did, method, options).await,
            _ if options.names_version() => {
                // A DID that is nothing, or of no method known here, is that first.
                resolve(did)?;
                Err(ResolveError::NoVersions)
            }
            "peer" => self.inner.peer(did).await,
            _ => resolve(did).map(Resolved::derived),
        }
    }
}

impl Inner {
    async fn peer(&self, did: &str) -> Result<Resolved, ResolveError> {
        match resolve(did) {
            Ok(document) => {
                if let Some(short) = peer::short_form(did).filter(|_| did.len() <= MAX_PEER_LEN) {
                    self.long_forms.insert(short, did.to_owned()).await;
                }
                Ok(Resolved::derived(document))
            }
            Err(ResolveError::NotFound) => {
                let long = self.long_forms.get(did).await.ok_or(ResolveError::NotFound)?;
                with_long_form(did, &long).map(Resolved::derived)
            }
            Err(error) => Err(error),
        }
    }

    async fn hosted(&self, did: &str, method: &str, options: &Options) -> Result<Resolved, ResolveError> {
        if method == "web" && options.names_version() {
            return Err(ResolveError::NoVersions);
        }
        let now = (self.clock)();
        let asked = self.asked.load(Ordering::SeqCst);
        let fresh = |kept: &Kept| {
            if options.no_cache {
                kept.asked > asked
            } else {
                now < kept.until
            }
        };
        if let Some(kept) = self.kept.get(did).await.filter(|kept| fresh(kept)) {
            return kept.answer(options);
        }
        // What may not be asked is found out before anything is kept under its name.
        let place = Place::of(did, method)?;
        let web = self.web.as_ref().ok_or(ResolveError::Offline)?;
        web.check(&place.file)?;
        let kept = self
            .kept
            .entry_by_ref(did)
            .or_insert_with_if(self.ask(did, &place, web), |kept| !fresh(kept))
            .await
            .into_value();
        kept.answer(options)
    }

    /// Asks the host, and says what is kept of its answer and how long.
    async fn ask(&self, did: &str, place: &Place, web: &Web) -> Arc<Kept> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let retrieved = (self.clock)();
        let before = self
            .last_good
            .get(did)
            .await
            .filter(|kept| retrieved < after(kept.retrieved, self.keeping.stale));
        let answer = self.read(did, place, web, retrieved, before.as_deref()).await;
        let (found, weight) = match answer {
            Ok((found, bytes)) => (
                Ok(found),
                u32::try_from(bytes.saturating_mul(4)).unwrap_or(u32::MAX),
            ),
            Err(error) => (Err(error), 0),
        };
        let mut kept = Kept {
            asked,
            retrieved,
            until: after(retrieved, self.keeping.bad),
            stale: false,
            weight: weight.saturating_add(512),
            found,
        };
        match (&kept.found, before) {
            (Ok(found), _) => {
                kept.until = after(retrieved, found.ttl().min(self.keeping.good));
                let kept = Arc::new(kept);
                self.last_good.insert(did.to_owned(), Arc::clone(&kept)).await;
                return kept;
            }
            (Err(error), Some(before)) if error.is_temporary() => {
                kept.found.clone_from(&before.found);
                kept.retrieved = before.retrieved;
                kept.weight = before.weight;
                kept.stale = true;
            }
            // A log that was cut is still compared with the last good one when it is asked for again.
            (Err(ResolveError::Webvh(WebvhError::RolledBack)), _) => {}
            (Err(error), _) if !error.is_temporary() => self.last_good.invalidate(did).await,
            _ => {}
        }
        Arc::new(kept)
    }

    async fn read(
        &self,
        did: &str,
        place: &Place,
        web: &Web,
        now: Timestamp,
        before: Option<&Kept>,
    ) -> Result<(Found, usize), ResolveError> {
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|_| ResolveError::Interrupted)?;
        let named = did.to_owned();
        let Some(witness) = &place.witness else {
            let body = file(web, &place.file, MAX_DOCUMENT_LEN).await?;
            let bytes = body.len();
            let document = at_work(move || {
                let document = Document::read(json::parse_object(&body, MAX_DOCUMENT_LEN)?)?;
                if document.id == named {
                    Ok(document)
                } else {
                    Err(ResolveError::WrongId)
                }
            })
            .await?;
            return Ok((Found::Document(Resolved::derived(document)), bytes));
        };
        let body = file(web, &place.file, MAX_LOG_LEN).await?;
        let mut bytes = body.len();
        let log = at_work(move || Log::read(&named, &body, now)).await?;
        let witness = if log.needs_witnesses() {
            match file(web, witness, MAX_WITNESS_LEN).await {
                Err(ResolveError::NotFound) => None,
                answer => Some(answer?),
            }
        } else {
            None
        };
        bytes += witness.as_ref().map_or(0, Vec::len);
        let history = at_work(move || Ok(log.witnessed(witness.as_deref())?)).await?;
        if let Some(Ok(Found::History(before))) = before.map(|kept| &kept.found) {
            history.check_follows(before)?;
        }
        Ok((Found::History(Arc::new(history)), bytes))
    }
}

/// The addresses of a DID's files.
struct Place {
    file: Url,
    /// did:webvh: the witnesses' file.
    witness: Option<Url>,
}

impl Place {
    fn of(did: &str, method: &str) -> Result<Self, ResolveError> {
        if method == "webvh" {
            let (_, location) = webvh::parts(did)?;
            return Ok(Self {
                file: location.file("did.jsonl")?,
                witness: Some(location.file("did-witness.json")?),
            });
        }
        let location = Location::parse(did.strip_prefix("did:web:").ok_or(ResolveError::InvalidDid)?)?;
        Ok(Self {
            file: location.file("did.json")?,
            witness: None,
        })
    }
}

impl Found {
    fn ttl(&self) -> Duration {
        match self {
            Self::Document(_) => Duration::MAX,
            Self::History(history) => history.ttl(),
        }
    }
}

impl Kept {
    fn answer(&self, options: &Options) -> Result<Resolved, ResolveError> {
        let mut resolved = match &self.found {
            Ok(Found::Document(resolved)) => resolved.clone(),
            Ok(Found::History(history)) => history.version(options)?,
            Err(error) => return Err(*error),
        };
        resolved.retrieved = Some(self.retrieved);
        resolved.stale = self.stale;
        Ok(resolved)
    }
}

async fn file(web: &Web, url: &Url, cap: usize) -> Result<Vec<u8>, ResolveError> {
    let response = web.get(url, Limits::bytes(cap)).await?;
    match response.status {
        200 => Ok(response.body),
        404 | 410 => Err(ResolveError::NotFound),
        _ => Err(ResolveError::BadAnswer),
    }
}

/// Hashes and signatures of a long log are no work for the thread that serves others.
async fn at_work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ResolveError> + Send + 'static,
) -> Result<T, ResolveError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(ResolveError::Interrupted))
}

fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
