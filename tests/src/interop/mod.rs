//! What `carnet-interop` can be asked. One file for each family of formats; an answer is a value or the code of a refusal.

mod dcql;
mod did;
mod jose;
mod keys;
mod sd_jwt;
mod vc;

use serde_json::Value;

/// The answer to one question.
pub fn answer(op: &str, input: &Value) -> Result<Value, String> {
    match op.split_once('/') {
        Some(("sd-jwt", op)) => sd_jwt::answer(op, input),
        Some(("jose", op)) => jose::answer(op, input),
        Some(("vc", op)) => vc::answer(op, input),
        Some(("dcql", op)) => dcql::answer(op, input),
        Some(("did", op)) => did::answer(op, input),
        _ => Err("unknown_op".to_owned()),
    }
}
