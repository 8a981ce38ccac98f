//! Is the station fit to be relied on: ledger, clock, and whether the list it is vouched for by does so.

use std::fs;

use carnet_exchange::trust::verify_first;
use serde_json::{Value, json};

use crate::app::App;

/// `status` of each part is `ok` or says in one word what is wrong.
pub fn health(app: &App) -> Value {
    json!({ "ledger": ledger(app), "clock": clock(app), "trust": trust(app) })
}

fn ledger(app: &App) -> Value {
    let registry = app.ledger_ref();
    let status = match app.ledger.status(&[0; 32]) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    };
    let kept_by = if app.registry.is_some() {
        "this station"
    } else {
        "network"
    };
    json!({ "status": status, "chain_id": registry.chain_id, "registry": registry.registry, "kept_by": kept_by })
}

fn clock(app: &App) -> Value {
    json!({ "status": if app.clock.is_behind() { "behind" } else { "ok" }, "now": app.clock.now() })
}

fn trust(app: &App) -> Value {
    let now = app.clock.now();
    let Ok(text) = fs::read_to_string(&app.trust_list) else {
        return json!({ "status": "missing", "development": app.development });
    };
    let Ok((list, _)) = verify_first(text.trim(), now) else {
        return json!({ "status": "unreadable_or_expired", "development": app.development });
    };
    let entry = list.by_client_id(&app.client_id);
    let covered = entry.is_some_and(|entry| entry.covers_origin(&app.public_url));
    let status = match entry {
        None => "not_listed",
        Some(_) if !covered => "other_address",
        Some(_) => "ok",
    };
    json!({
        "status": status,
        "authority": list.authority,
        "version": list.version,
        "expires": list.expires,
        "development": list.development,
    })
}
