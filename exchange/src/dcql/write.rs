//! A query as it stands in a request.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::sd_jwt::{ClaimPath, Step};
use serde_json::{Map, Value, json};

use super::{Authority, ClaimQuery, CredentialQuery, Format, LISTED, Query};

impl Query {
    /// The value of `dcql_query`.
    pub fn to_json(&self) -> Value {
        let credentials: Vec<Value> = self.credentials.iter().map(credential).collect();
        let mut query = json!({ "credentials": credentials });
        if !self.sets.is_empty() {
            query["credential_sets"] = self
                .sets
                .iter()
                .map(|set| json!({ "options": set.options, "required": set.required }))
                .collect();
        }
        query
    }
}

fn credential(query: &CredentialQuery) -> Value {
    let meta = match &query.format {
        Format::SdJwt(vcts) => json!({ "vct_values": vcts }),
        Format::LdpVc(types) | Format::JwtVcJson(types) => json!({ "type_values": types }),
    };
    let mut written = Map::new();
    let mut put = |name: &str, value: Value| drop(written.insert(name.to_owned(), value));
    put("id", query.id.as_str().into());
    put("format", query.format.as_str().into());
    put("meta", meta);
    if query.multiple {
        put("multiple", true.into());
    }
    if !query.holder_binding {
        put("require_cryptographic_holder_binding", false.into());
    }
    if !query.authorities.is_empty() {
        put(
            "trusted_authorities",
            query.authorities.iter().map(authority).collect(),
        );
    }
    if !query.claims.is_empty() {
        put("claims", query.claims.iter().map(claim).collect());
    }
    if !query.claim_sets.is_empty() {
        let name = |place: &usize| query.claims.get(*place)?.id.clone();
        let sets = query.claim_sets.iter();
        let sets: Vec<Vec<String>> = sets.map(|set| set.iter().filter_map(name).collect()).collect();
        put("claim_sets", json!(sets));
    }
    Value::Object(written)
}

fn claim(claim: &ClaimQuery) -> Value {
    let mut written = json!({ "path": path(&claim.path) });
    if let Some(id) = &claim.id {
        written["id"] = id.as_str().into();
    }
    if !claim.values.is_empty() {
        written["values"] = claim.values.clone().into();
    }
    written
}

fn path(path: &ClaimPath) -> Value {
    path.steps()
        .iter()
        .map(|step| match step {
            Step::Member(name) => Value::from(name.as_str()),
            Step::Element(place) => Value::from(*place),
            Step::Every => Value::Null,
        })
        .collect()
}

fn authority(authority: &Authority) -> Value {
    match authority {
        Authority::KeyId(keys) => {
            let keys: Vec<String> = keys.iter().map(|key| URL_SAFE_NO_PAD.encode(key)).collect();
            json!({ "type": "aki", "values": keys })
        }
        Authority::Listed(ids) => json!({ "type": LISTED, "values": ids }),
        Authority::Other { kind, values } => json!({ "type": kind, "values": values }),
    }
}
