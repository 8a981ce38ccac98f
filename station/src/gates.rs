//! One gate per question and its consent: what happens to it happens one after the other, and once it is
//! closed nothing more passes, not even the rest of an answer already under way.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Held while a question, its answer or its consent is looked at and changed.
#[derive(Debug, Default)]
pub struct Gate {
    turn: Mutex<()>,
    closed: AtomicBool,
}

impl Gate {
    pub fn enter(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on nothing more is handed out.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// The gates that somebody holds or held lately, by request id.
#[derive(Debug, Default)]
pub struct Gates(Mutex<HashMap<String, Arc<Gate>>>);

impl Gates {
    const ROOM: usize = 1024;

    pub fn of(&self, request_id: &str) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() >= Self::ROOM {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        Arc::clone(gates.entry(request_id.to_owned()).or_default())
    }
}
