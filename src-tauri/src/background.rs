//! What happens without being asked: what is still to be sent is sent, and a wallet left alone is locked.

use std::time::{Duration, Instant, SystemTime};

use carnet_wallet_core::traces;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::state::AppState;

/// How often idleness and suspension are looked at.
const GLANCE: Duration = Duration::from_secs(2);
/// The clock of the day ran on by this much more than the machine: it slept.
const SLEPT: Duration = Duration::from_secs(30);
/// First and longest pause between two tries to send.
const RETRY: (Duration, Duration) = (Duration::from_secs(3), Duration::from_mins(1));

/// Starts both; they end with the process.
pub fn start(state: AppState) {
    tauri::async_runtime::spawn(watch(state.clone()));
    tauri::async_runtime::spawn(send(state));
}

/// Locks when idle, and after the machine slept (what had been open then must not be open in other hands).
async fn watch(state: AppState) {
    let mut ticks = interval(GLANCE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = (Instant::now(), SystemTime::now());
    loop {
        ticks.tick().await;
        let now = (Instant::now(), SystemTime::now());
        let ran = now.0.saturating_duration_since(last.0);
        let passed = now.1.duration_since(last.1).unwrap_or_default();
        last = now;
        if passed > ran + SLEPT {
            state.lock();
        } else {
            state.lock_if_idle(now.0);
        }
    }
}

/// Finishes what was interrupted as soon as the wallet opens, then keeps at whatever waits. Locking stops it at once.
async fn send(state: AppState) {
    loop {
        // Registered before looking, so that an unlock in between is not missed.
        let turned = state.opened_or_closed();
        tokio::select! {
            () = drain(&state) => {}
            () = turned => {}
        }
    }
}

async fn drain(state: &AppState) {
    let mut pause = RETRY.0;
    let mut first = true;
    loop {
        // Not held while it rests: a wallet in use is not locked for idleness.
        if let Some(wallet) = state.peek()
            && (first || wallet.needs_sync())
        {
            first = false;
            match traces::wiped_always(wallet.sync()).await {
                Ok(done) if done.sent > 0 => {
                    pause = RETRY.0;
                    state.changed();
                }
                Ok(_) | Err(_) => pause = (pause * 2).min(RETRY.1),
            }
        }
        sleep(pause).await;
    }
}
