//! Keeps a keychain in step with an open vault, beside its changes: of several that come while it writes, only the last one
//! counts. What is lost leaves an older line behind, which accuses nobody.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{Keychain, Remembered};
use crate::vault::root::Root;

/// Between two lines written while the vault is open.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes the last line when dropped, and waits until that is done (or the keychain's patience has ended).
#[derive(Debug)]
pub(in crate::vault) struct Witness {
    told: Arc<Told>,
    writing: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Told {
    state: Mutex<State>,
    changed: Condvar,
    /// A line could not be written: nothing is promised any more.
    lost: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    newest: Option<Remembered>,
    ended: bool,
}

impl Witness {
    pub(super) fn begin(keychain: Arc<dyn Keychain>, vault: [u8; 16]) -> Self {
        let told = Arc::new(Told::default());
        let heard = Arc::clone(&told);
        let writing = thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || heard.write_until_ended(keychain.as_ref(), vault))
            .ok();
        if writing.is_none() {
            told.lost.store(true, Ordering::Release);
        }
        Self { told, writing }
    }

    /// The vault is here now. Returns at once.
    pub(in crate::vault) fn tell(&self, root: &Root) {
        let mut state = self.told.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.newest = Some(Remembered {
            epoch: root.epoch,
            root: root.digest(),
        });
        self.told.changed.notify_one();
    }

    pub(super) fn is_in_step(&self) -> bool {
        !self.told.lost.load(Ordering::Acquire)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.told
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ended = true;
        self.told.changed.notify_one();
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

impl Told {
    fn write_until_ended(&self, keychain: &dyn Keychain, vault: [u8; 16]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match (state.newest.take(), state.ended) {
                (Some(newest), _) => {
                    drop(state);
                    if keychain.remember(vault, newest).is_err() {
                        self.lost.store(true, Ordering::Release);
                        return;
                    }
                    state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                    if !state.ended {
                        let rested = self
                            .changed
                            .wait_timeout_while(state, PAUSE, |state| !state.ended);
                        state = rested.unwrap_or_else(PoisonError::into_inner).0;
                    }
                }
                (None, true) => return,
                (None, false) => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}
