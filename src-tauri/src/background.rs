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
    let mut last = Glance::now();
    loop {
        ticks.tick().await;
        let now = Glance::now();
        if now.slept_since(&last) {
            state.lock();
        } else {
            state.lock_if_idle(now.machine);
        }
        last = now;
    }
}

/// What two clocks said at once: the machine's, which stands still while it sleeps, and the day's.
#[derive(Clone, Copy)]
struct Glance {
    machine: Instant,
    day: SystemTime,
}

impl Glance {
    fn now() -> Self {
        Self {
            machine: Instant::now(),
            day: SystemTime::now(),
        }
    }

    /// A clock set forward looks the same, and locks too.
    fn slept_since(&self, earlier: &Self) -> bool {
        let ran = self.machine.saturating_duration_since(earlier.machine);
        let passed = self.day.duration_since(earlier.day).unwrap_or_default();
        passed > ran + SLEPT
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
            let done = traces::wiped_always(wallet.sync()).await.ok();
            // What still waits may have come a step further.
            if done.as_ref().is_some_and(|done| done.sent + done.waiting > 0) {
                state.changed();
            }
            pause = match done {
                Some(done) if done.sent > 0 => RETRY.0,
                _ => (pause * 2).min(RETRY.1),
            };
        } else {
            // What comes next is seen to soon, however long the last thing took.
            pause = RETRY.0;
        }
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slept_is_told_from_one_that_was_only_slow_or_set_back() {
        let before = Glance::now();
        let after = |ran: u64, passed: i64| {
            let passed_by = Duration::from_secs(passed.unsigned_abs());
            Glance {
                machine: before.machine + Duration::from_secs(ran),
                day: if passed < 0 {
                    before.day - passed_by
                } else {
                    before.day + passed_by
                },
            }
        };
        for (ran, passed, slept) in [
            (2, 2, false),
            (600, 600, false),
            (2, 31, false),
            (2, 33, true),
            (2, 86_400, true),
            (2, -3600, false),
        ] {
            assert_eq!(after(ran, passed).slept_since(&before), slept, "{ran} {passed}");
        }
    }
}
