//! Queries for credentials: what fits, and whether the whole can be answered.

use carnet_credentials::sd_jwt::ClaimPath;
use carnet_exchange::dcql::{Candidate, Query};
use serde_json::{Map, Value, json};

pub(super) fn answer(op: &str, input: &Value) -> Result<Value, String> {
    match op {
        "ask" => ask(input),
        _ => Err("unknown_op".to_owned()),
    }
}

/// Of each query which of the credentials fit, by their places, and whether the whole can be answered.
fn ask(input: &Value) -> Result<Value, String> {
    let query = Query::read(&input["query"]).map_err(|error| error.code().to_owned())?;
    let held = input["credentials"].as_array().ok_or("input")?;
    let mut fitting = Map::new();
    for asked in &query.credentials {
        let fit = |credential: &Value| {
            let kinds: Vec<String> = credential["vct"]
                .as_str()
                .map(str::to_owned)
                .into_iter()
                .collect();
            let disclosable: Vec<ClaimPath> = credential["disclosable"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(ClaimPath::from_json)
                .collect();
            let keys: Vec<Vec<u8>> = Vec::new();
            let candidate = Candidate {
                format: "dc+sd-jwt",
                kinds: &kinds,
                claims: &credential["claims"],
                disclosable: &disclosable,
                bound: credential["bound"] != json!(false),
                issuer: None,
                authority_keys: &keys,
            };
            asked.disclosing(&candidate).is_some()
        };
        let places: Vec<usize> = (0..held.len()).filter(|place| fit(&held[*place])).collect();
        fitting.insert(asked.id.clone(), json!(places));
    }
    let can = |id: &str| fitting[id].as_array().is_some_and(|places| !places.is_empty());
    let satisfiable = query.can_be_answered(can);
    Ok(json!({ "satisfiable": satisfiable, "fitting": fitting }))
}
