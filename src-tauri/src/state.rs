//! The wallet while it is open, and the rule that closes it.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use carnet_wallet_core::{
    Device, Wallet,
    vault::{BackupSecret, KdfChoice, Passphrase},
    views::{ErrorView, RestoredView, VaultView},
    words::Words,
};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;
use tokio::sync::Notify;

use crate::{
    commands::keys::NewVaultView,
    settings::Places,
    task::{Running, Task, TaskProgress},
};

/// After this long without the person at the screen, the wallet locks.
pub const IDLE: Duration = Duration::from_mins(5);

/// How long an unlock waits for a locked wallet's last act.
const CLOSING: Duration = Duration::from_secs(10);

/// Something that a page may be showing is no longer so: read it again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct Changed {
    /// The wallet is open. When it is not, only the unlock page may be shown.
    pub unlocked: bool,
}

/// Another program handed a link over: `take_link` has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type, Event)]
pub struct LinkArrived;

/// What the commands share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    places: Places,
    device: Device,
    open: Mutex<Option<Open>>,
    /// The wallet that was locked last; still in use while something under way ends.
    closing: Mutex<Vec<Weak<Wallet>>>,
    /// The long task that goes on, and how it is asked to stop.
    task: Mutex<Option<Arc<AtomicBool>>>,
    /// The link handed over last, until the page takes it.
    link: Mutex<Option<String>>,
    wake: Notify,
    tell: Box<dyn Fn(Told) + Send + Sync>,
}

/// What the pages are told without asking.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    Changed(Changed),
    Progress(TaskProgress),
    Link,
}

struct Open {
    wallet: Arc<Wallet>,
    last_seen: Instant,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState")
            .field("places", &self.0.places)
            .finish_non_exhaustive()
    }
}

impl AppState {
    /// `tell` reaches the pages.
    pub fn new(places: Places, tell: impl Fn(Told) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            places,
            device: Device::system(),
            open: Mutex::new(None),
            closing: Mutex::default(),
            task: Mutex::default(),
            link: Mutex::default(),
            wake: Notify::new(),
            tell: Box::new(tell),
        }))
    }

    /// Keeps a link for the page. Only the newest: a person follows one.
    pub fn link_arrived(&self, link: String) {
        *self.0.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
        (self.0.tell)(Told::Link);
    }

    /// The link that waits, once; none while the wallet is locked.
    pub fn take_link(&self) -> Option<String> {
        self.peek()?;
        self.0.link.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    #[must_use]
    pub fn places(&self) -> &Places {
        &self.0.places
    }

    /// Where the vault stands, open or not.
    #[must_use]
    pub fn vault_view(&self) -> VaultView {
        let mut view = match self.peek() {
            Some(wallet) => wallet.vault_view(),
            None => Wallet::look(&self.0.places.vault),
        };
        view.demo |= self.0.places.demo;
        view
    }

    /// Makes the vault and leaves it open. Slow by design (the passphrase's KDF): never on a thread that others wait for.
    pub fn create(&self, passphrase: &Passphrase) -> Result<NewVaultView, ErrorView> {
        let made = Wallet::create(
            &self.0.places.vault,
            passphrase,
            KdfChoice::Calibrated,
            self.0.device.clone(),
        )?;
        let words = NewVaultView::new(&made.words, made.wallet.fingerprint());
        self.keep(made.wallet);
        Ok(words)
    }

    /// Opens the vault. Slow by design, as [`Self::create`].
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<(), ErrorView> {
        self.close();
        let wallet = Wallet::unlock(&self.0.places.vault, passphrase, self.0.device.clone())?;
        self.keep(wallet);
        Ok(())
    }

    /// The open wallet, for whoever knows the passphrase; whoever doesn't finds it locked. Slow by design.
    pub fn proven(&self, passphrase: &Passphrase) -> Result<Arc<Wallet>, ErrorView> {
        let wallet = self.wallet()?;
        if let Err(error) = wallet.prove(passphrase) {
            drop(wallet);
            self.lock();
            return Err(error.into());
        }
        Ok(wallet)
    }

    /// Opens an older copy of the vault although this device remembers a newer one.
    pub fn accept_older_copy(&self, passphrase: &Passphrase) -> Result<(), ErrorView> {
        self.close();
        let device = self.0.device.clone();
        let wallet = Wallet::accept_older_copy(&self.0.places.vault, passphrase, device)?;
        self.keep(wallet);
        Ok(())
    }

    /// Opens the vault by its 24 words and gives it a new passphrase.
    pub fn reset_passphrase(&self, words: &Words, passphrase: &Passphrase) -> Result<(), ErrorView> {
        self.close();
        let wallet = Wallet::unlock_with_words(
            &self.0.places.vault,
            words,
            passphrase,
            KdfChoice::Calibrated,
            self.0.device.clone(),
        )?;
        self.keep(wallet);
        Ok(())
    }

    /// Seals everything under a new key. Stopped or failed, the wallet opens as it was.
    pub fn rotate_key(&self, passphrase: &Passphrase) -> Result<(), ErrorView> {
        let acting = self.proven(passphrase)?.profile()?.number;
        let mut task = self.begin(Task::Rotate)?;
        self.close();
        let outcome = Wallet::rotate_key(
            &self.0.places.vault,
            passphrase,
            KdfChoice::Calibrated,
            self.0.device.clone(),
            &mut |progress| task.at(progress),
        );
        match outcome {
            Ok(wallet) => self.keep(wallet),
            Err(error) => {
                self.unlock(passphrase)?;
                self.switch(acting)?;
                return Err(error.into());
            }
        }
        self.switch(acting)
    }

    /// Makes the wallet of a backup. What was there stays, locked, unless the new one was checked.
    pub fn restore(
        &self,
        file: &Path,
        secret: &BackupSecret<'_>,
        passphrase: &Passphrase,
    ) -> Result<RestoredView, ErrorView> {
        let mut task = self.begin(Task::Restore)?;
        self.close();
        let (wallet, view) = Wallet::restore(
            &self.0.places.vault,
            file,
            secret,
            (passphrase, KdfChoice::Calibrated),
            self.0.device.clone(),
            &mut |progress| task.at(progress),
        )?;
        self.keep(wallet);
        Ok(view)
    }

    /// Makes an empty wallet of the 24 words.
    pub fn restore_words(&self, words: &Words, passphrase: &Passphrase) -> Result<RestoredView, ErrorView> {
        let wallet = Wallet::restore_from_words(
            &self.0.places.vault,
            words,
            passphrase,
            KdfChoice::Calibrated,
            self.0.device.clone(),
        )?;
        let fingerprint = wallet.fingerprint();
        self.keep(wallet);
        Ok(RestoredView {
            records: 0,
            people: 1,
            consents: 0,
            fingerprint,
        })
    }

    /// Somebody else acts from now on.
    pub fn switch(&self, number: u32) -> Result<(), ErrorView> {
        let wallet = self.wallet()?;
        if wallet.profile().is_ok_and(|acting| acting.number == number) {
            return Ok(());
        }
        let other = Arc::new(wallet.as_profile(number)?);
        if let Some(open) = self.held().as_mut() {
            self.closing().push(Arc::downgrade(&open.wallet));
            open.wallet = other;
        }
        self.changed();
        Ok(())
    }

    /// The open wallet, if this is who acts: an answer meant for one person is not given for another.
    pub fn wallet_of(&self, profile: u32) -> Result<Arc<Wallet>, ErrorView> {
        let wallet = self.wallet()?;
        if wallet.profile()?.number == profile {
            return Ok(wallet);
        }
        Err(ErrorView {
            code: "other_profile_acting".into(),
            message: "Somebody else is acting now. Nothing was answered.".into(),
            next: "Switch back to the person who was asked, then answer.".into(),
        })
    }

    /// Begins a long task, if none goes on.
    pub fn begin(&self, task: Task) -> Result<Running, ErrorView> {
        let mut slot = self.0.task.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Err(ErrorView {
                code: "task_running".into(),
                message: "Something else takes its time already. Nothing was begun.".into(),
                next: "Wait until it has ended, or stop it.".into(),
            });
        }
        let stop = Arc::new(AtomicBool::new(false));
        *slot = Some(Arc::clone(&stop));
        Ok(Running::new(self.clone(), task, stop))
    }

    /// Asks the long task to stop at its next safe moment.
    pub fn cancel(&self) {
        let slot = self.0.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = slot.as_ref() {
            stop.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn ended(&self) {
        *self.0.task.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn tell(&self, progress: TaskProgress) {
        (self.0.tell)(Told::Progress(progress));
    }

    /// The words once more, for whoever knows the passphrase; whoever doesn't finds the wallet locked.
    pub fn show_words(&self, passphrase: &Passphrase) -> Result<NewVaultView, ErrorView> {
        let wallet = self.proven(passphrase)?;
        Ok(NewVaultView::new(&wallet.words(), wallet.fingerprint()))
    }

    /// Locks, and waits (at most [`CLOSING`]) for what was under way: opened twice would be refused by the vault's own lock,
    /// with words about another program.
    fn close(&self) {
        self.lock();
        let closing = std::mem::take(&mut *self.closing());
        let until = Instant::now() + CLOSING;
        while closing.iter().any(|wallet| wallet.strong_count() > 0) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn closing(&self) -> MutexGuard<'_, Vec<Weak<Wallet>>> {
        self.0.closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, wallet: Wallet) {
        self.take_trust(&wallet);
        *self.held() = Some(Open {
            wallet: Arc::new(wallet),
            last_seen: Instant::now(),
        });
        self.0.wake.notify_waiters();
        self.changed();
    }

    /// A list that can't be taken leaves the one that was there; the pages say which that is.
    fn take_trust(&self, wallet: &Wallet) {
        let Some(file) = &self.0.places.trust else { return };
        let refused = match std::fs::read(file) {
            Ok(list) => wallet
                .take_trust(&list)
                .err()
                .map(ErrorView::from)
                .filter(|error| error.code != "not_newer")
                .map(|error| error.message),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = refused {
            eprintln!(
                "The list of organisations in {} was not taken: {why}",
                file.display()
            );
        }
    }

    /// Closes the wallet: its keys are wiped as soon as the last thing under way has ended.
    pub fn lock(&self) {
        let Some(open) = self.held().take() else { return };
        self.closing().push(Arc::downgrade(&open.wallet));
        drop(open);
        self.0.wake.notify_waiters();
        self.changed();
    }

    /// The open wallet, asked for by the person at the screen.
    pub fn wallet(&self) -> Result<Arc<Wallet>, ErrorView> {
        self.seen();
        self.peek().ok_or_else(locked)
    }

    /// The open wallet, asked for by a page that merely keeps itself fresh.
    #[must_use]
    pub fn peek(&self) -> Option<Arc<Wallet>> {
        self.held().as_ref().map(|open| open.wallet.clone())
    }

    /// The person is at the screen.
    pub fn seen(&self) {
        if let Some(open) = self.held().as_mut() {
            open.last_seen = Instant::now();
        }
    }

    /// Locks when nobody was there for [`IDLE`] and nothing is under way.
    pub fn lock_if_idle(&self, now: Instant) {
        let idle = self.held().as_ref().is_some_and(|open| {
            now.saturating_duration_since(open.last_seen) >= IDLE && Arc::strong_count(&open.wallet) == 1
        });
        if idle {
            self.lock();
        }
    }

    /// Tells the pages.
    pub fn changed(&self) {
        let unlocked = self.held().is_some();
        (self.0.tell)(Told::Changed(Changed { unlocked }));
    }

    /// Ends when the wallet is next opened or closed, counted from this call.
    pub fn opened_or_closed(&self) -> impl Future<Output = ()> + '_ {
        self.0.wake.notified()
    }

    fn held(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to whatever is asked of a closed wallet.
#[must_use]
pub fn locked() -> ErrorView {
    ErrorView {
        code: "locked".into(),
        message: "Your wallet is locked. Everything in it is safe.".into(),
        next: "Unlock it with your passphrase.".into(),
    }
}
