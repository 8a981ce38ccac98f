//! The newest states of the logs are shown to independent witnesses, and their signatures are handed on with it. Beside everything
//! else: no operation waits for a witness, and one that is silent or says no is asked again, ever more rarely.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use carnet_exchange::{
    evidence::log_keys,
    trust::{Entry, Role},
};
use carnet_fetch::{Client, FetchError, Limits, Pin};
use carnet_log::{
    Checkpoint, Hash,
    checkpoint::{Log, WitnessKey},
    witness::request,
};
use tokio::sync::{Notify, watch};
use url::Url;

use super::{Book, EvidenceError};
use crate::app::App;

/// How often the log is looked at for growth.
const LOOK: Duration = Duration::from_millis(500);
/// A wallet that asks for the newest state waits so long for it to be signed.
const PATIENCE: Duration = Duration::from_secs(3);
/// A witness that fails is asked again after a second, then after twice as long each time, up to this.
const LONGEST: Duration = Duration::from_mins(5);
const ANSWER: Limits = Limits::bytes(8 * 1_024).within(Duration::from_secs(4));
/// A witness's line, in bytes.
const LINE: usize = 512;

/// Why a file does not say who a witness is.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFileError {
    #[error("the witness's entry {0} can't be read")]
    File(PathBuf, #[source] io::Error),
    #[error("{0} is not the entry of a witness")]
    NotAWitness(PathBuf),
    #[error("the client for witnesses could not be set up")]
    Client(#[from] FetchError),
}

/// Why a witness has not signed.
#[derive(Debug, thiserror::Error)]
enum NotSigned {
    #[error("it can't be reached ({})", .0.code())]
    Fetch(#[from] FetchError),
    #[error("it answered {0}")]
    Answered(u16),
    #[error("its signature does not hold")]
    Signature,
    #[error("it has signed this log at {0} entries, which is more than there are: an older copy is in use")]
    Longer(u64),
    #[error("it has signed another history of this log")]
    OtherHistory,
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error("the work was interrupted")]
    Interrupted,
}

/// Who is asked, and what they have signed last.
#[derive(Debug)]
pub struct Witnesses {
    each: Vec<Arc<One>>,
    client: Client,
    operations: Shown,
    reads: Shown,
}

/// What came of showing one of the logs to all of them.
#[derive(Debug, Default)]
struct Shown {
    newest: watch::Sender<Cosigned>,
    wanted: Notify,
    failing: AtomicUsize,
}

#[derive(Debug)]
struct One {
    key: WitnessKey,
    url: Url,
}

/// A state of the log with the lines of witnesses.
#[derive(Debug, Default, Clone)]
struct Cosigned {
    size: u64,
    note: String,
}

impl Witnesses {
    /// Those whose entries stand in these files, as `carnet-station witness` writes them.
    pub fn open(files: &[PathBuf]) -> Result<Self, WitnessFileError> {
        let mut each = Vec::new();
        let mut pins = Vec::new();
        for file in files {
            let bytes = fs::read(file).map_err(|error| WitnessFileError::File(file.clone(), error))?;
            let read = read_entry(&bytes).ok_or_else(|| WitnessFileError::NotAWitness(file.clone()))?;
            pins.push(read.1);
            each.push(Arc::new(read.0));
        }
        Ok(Self {
            each,
            client: Client::new(pins)?,
            operations: Shown::default(),
            reads: Shown::default(),
        })
    }

    fn shown(&self, book: Book) -> &Shown {
        match book {
            Book::Operations => &self.operations,
            Book::Reads => &self.reads,
        }
    }

    /// Asks each of them, whenever a log has grown, until the station stops.
    pub async fn keep_asking(app: Arc<App>) {
        let mut asking = tokio::task::JoinSet::new();
        for one in &app.witnesses.each {
            for book in Book::ALL {
                asking.spawn(keep_asking_one(Arc::clone(&app), Arc::clone(one), book));
            }
        }
        while asking.join_next().await.is_some() {}
    }

    /// The state of the log as it is now or later, with the lines of witnesses; none if that takes too long.
    pub(super) async fn signed_since(&self, book: Book, size: u64) -> Option<String> {
        if self.each.is_empty() || size == 0 {
            return None;
        }
        let shown = self.shown(book);
        let mut newest = shown.newest.subscribe();
        shown.wanted.notify_waiters();
        let patience = if shown.failing.load(Ordering::Relaxed) < self.each.len() {
            PATIENCE
        } else {
            Duration::ZERO
        };
        let signed = tokio::time::timeout(patience, newest.wait_for(|newest| newest.size >= size)).await;
        Some(signed.ok()?.ok()?.note.clone())
    }
}

impl Shown {
    fn publish(&self, head: &Checkpoint, line: &str) {
        self.newest.send_modify(|newest| {
            if newest.size < head.size() {
                *newest = Cosigned {
                    size: head.size(),
                    note: head.text().to_owned(),
                };
            }
            if newest.size == head.size() && !newest.note.contains(line) {
                newest.note.push_str(line);
            }
        });
    }
}

fn read_entry(bytes: &[u8]) -> Option<(One, Pin)> {
    let entry: Entry = serde_json::from_slice(bytes).ok()?;
    entry.check().ok()?;
    let key = *log_keys(&entry).first()?;
    let origin = entry.origins.first()?;
    let pin = BASE64_URL_SAFE_NO_PAD.decode(&entry.local.as_ref()?.spki_sha256);
    let pin = Pin {
        origin: origin.clone(),
        spki_sha256: pin.ok()?.try_into().ok()?,
        local: true,
    };
    let url = Url::parse(origin).ok()?.join("add-checkpoint").ok()?;
    let key = WitnessKey {
        name: entry.id.clone(),
        key,
    };
    entry.has_role(Role::Witness).then_some((One { key, url }, pin))
}

async fn keep_asking_one(app: Arc<App>, one: Arc<One>, book: Book) {
    let shown = app.witnesses.shown(book);
    let mut beat = tokio::time::interval(LOOK);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut known, mut signed_at, mut failures) = (0, 0, 0_u32);
    let mut said = String::new();
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            () = shown.wanted.notified() => {}
        }
        let has_grown = book.size(&app).is_ok_and(|size| size > signed_at);
        if !has_grown || Instant::now() < not_before {
            continue;
        }
        match ask(&app, &one, book, &mut known).await {
            Ok(size) => {
                signed_at = size;
                if failures > 0 {
                    shown.failing.fetch_sub(1, Ordering::Relaxed);
                }
                failures = 0;
                said.clear();
            }
            Err(error) => {
                if failures == 0 {
                    shown.failing.fetch_add(1, Ordering::Relaxed);
                }
                let reason = error.to_string();
                if said != reason {
                    eprintln!(
                        "carnet-station: the witness {} does not sign {}: {reason}",
                        one.key.name,
                        book.origin(&app)
                    );
                    said = reason;
                }
                failures = failures.saturating_add(1);
                not_before = Instant::now() + pause(failures);
            }
        }
    }
}

/// One second, then twice as long each time.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(9)).min(LONGEST)
}

/// Has the newest state signed and published. Gives its size.
async fn ask(app: &Arc<App>, one: &One, book: Book, known: &mut u64) -> Result<u64, NotSigned> {
    let head = blocking(app, move |app| book.signed(app)).await?;
    // The second time with what the witness says that it knows.
    for _ in 0..2 {
        let (from, to) = (*known, head.size());
        let growth: Vec<Hash> = blocking(app, move |app| book.growth_of(app, from, to)).await?;
        let body = request(from, &growth, &head).into_bytes();
        let answer = app
            .witnesses
            .client
            .post(&one.url, "text/plain", body, ANSWER)
            .await?;
        match answer.status {
            200 => {
                let line = their_line(app, one, book, &head, &answer.body).ok_or(NotSigned::Signature)?;
                *known = head.size();
                app.witnesses.shown(book).publish(&head, &line);
                return Ok(head.size());
            }
            409 => {
                let size = str::from_utf8(&answer.body)
                    .ok()
                    .and_then(|text| text.trim_end().parse().ok());
                match size {
                    Some(size) if size > head.size() => return Err(NotSigned::Longer(size)),
                    Some(size) if size != *known => *known = size,
                    _ => return Err(NotSigned::OtherHistory),
                }
            }
            422 => return Err(NotSigned::OtherHistory),
            status => return Err(NotSigned::Answered(status)),
        }
    }
    Err(NotSigned::Answered(409))
}

/// The one line that is this witness's and holds: nothing else of the answer is handed on.
fn their_line(app: &App, one: &One, book: Book, head: &Checkpoint, answer: &[u8]) -> Option<String> {
    let (origin, keys) = (book.origin(app), [app.keys.checkpoint.verifying_key()]);
    let log = Log {
        origin: &origin,
        keys: &keys,
    };
    let lines = str::from_utf8(answer).ok()?.split_inclusive('\n');
    lines
        .filter(|line| line.len() <= LINE)
        .find(|line| {
            let note = head.with_lines(line).ok();
            let read =
                note.and_then(|note| Checkpoint::read(&note, log, std::slice::from_ref(&one.key)).ok());
            read.is_some_and(|read| !read.witnessed().is_empty())
        })
        .map(str::to_owned)
}

/// Does what may wait for the disk.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&App) -> Result<T, EvidenceError> + Send + 'static,
) -> Result<T, NotSigned> {
    let app = Arc::clone(app);
    let done = tokio::task::spawn_blocking(move || work(&app)).await;
    Ok(done.map_err(|_| NotSigned::Interrupted)??)
}
