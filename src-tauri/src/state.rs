//! The wallet while it is open, and the rule that closes it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use carnet_wallet_core::{
    Clock, Wallet,
    vault::{KdfChoice, Passphrase},
    views::{ErrorView, VaultView},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;
use tokio::sync::Notify;

use crate::{commands::NewVaultView, settings::Places};

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

/// What the commands share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    places: Places,
    open: Mutex<Option<Open>>,
    /// The wallet that was locked last; still in use while something under way ends.
    closing: Mutex<Weak<Wallet>>,
    wake: Notify,
    tell: Box<dyn Fn(Changed) + Send + Sync>,
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
    pub fn new(places: Places, tell: impl Fn(Changed) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            places,
            open: Mutex::new(None),
            closing: Mutex::default(),
            wake: Notify::new(),
            tell: Box::new(tell),
        }))
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
            Clock::system(),
        )?;
        let words = NewVaultView::new(&made.words, made.wallet.fingerprint());
        self.keep(made.wallet);
        Ok(words)
    }

    /// Opens the vault. Slow by design, as [`Self::create`].
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<(), ErrorView> {
        // Opened twice would be refused by the vault's own lock, with words about another program.
        self.lock();
        self.wait_until_closed();
        let wallet = Wallet::unlock(&self.0.places.vault, passphrase, Clock::system())?;
        self.keep(wallet);
        Ok(())
    }

    /// The words once more, for whoever knows the passphrase; whoever doesn't finds the wallet locked.
    pub fn show_words(&self, passphrase: &Passphrase) -> Result<NewVaultView, ErrorView> {
        self.unlock(passphrase)?;
        let wallet = self.wallet()?;
        Ok(NewVaultView::new(&wallet.words(), wallet.fingerprint()))
    }

    /// Waits (at most [`CLOSING`]) for what was under way when the wallet was locked.
    fn wait_until_closed(&self) {
        let closing = self
            .0
            .closing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let until = Instant::now() + CLOSING;
        while closing.strong_count() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
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
        *self.0.closing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&open.wallet);
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
        (self.0.tell)(Changed { unlocked });
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
