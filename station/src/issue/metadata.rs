//! What the station says of itself as an issuer: OpenID4VCI 1.0 section 12.2, RFC 8414, SD-JWT VC.

use carnet_exchange::issuance::{ALG, FORMAT, PRE_AUTHORIZED};
use serde_json::{Map, Value, json};

use super::{
    copies, identifier,
    templates::{self, Template},
    token,
};
use crate::app::App;

/// Where nonces are had.
pub const NONCE_PATH: &str = "/issue/nonce";

/// `/.well-known/openid-credential-issuer`
pub fn issuer(app: &App) -> Value {
    let configurations: Map<String, Value> = templates::all()
        .iter()
        .map(|template| (template.id.clone(), configuration(template)))
        .collect();
    let batch = templates::all().iter().map(|template| template.copies).max();
    json!({
        "credential_issuer": identifier(app),
        "credential_endpoint": app.public(copies::PATH),
        "nonce_endpoint": app.public(NONCE_PATH),
        "deferred_credential_endpoint": app.public(copies::DEFERRED_PATH),
        "notification_endpoint": app.public(copies::NOTIFICATION_PATH),
        "batch_credential_issuance": { "batch_size": batch },
        "display": [{ "name": app.name, "locale": "en" }],
        "credential_configurations_supported": configurations,
    })
}

fn configuration(template: &Template) -> Value {
    let claims: Vec<Value> = template
        .fields
        .iter()
        .map(|field| {
            json!({
                "path": [field.name],
                "mandatory": field.required,
                "display": [{ "name": field.label, "locale": "en" }],
            })
        })
        .collect();
    json!({
        "format": FORMAT,
        "vct": template.vct,
        "scope": template.id,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [ALG],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": [ALG] } },
        "credential_metadata": {
            "display": [{ "name": template.title, "locale": "en" }],
            "claims": claims,
        },
    })
}

/// `/.well-known/oauth-authorization-server`
pub fn authorization_server(app: &App) -> Value {
    json!({
        "issuer": identifier(app),
        "token_endpoint": app.public(token::PATH),
        "grant_types_supported": [PRE_AUTHORIZED, "refresh_token"],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": true,
        "dpop_signing_alg_values_supported": [ALG],
    })
}

/// `/.well-known/jwt-vc-issuer`: the key, for readers who go by `iss` and not by the certificate.
pub fn jwt_vc_issuer(app: &App) -> Value {
    let key = carnet_credentials::jwk::PublicKey::from(&app.keys.identity);
    let mut jwk = key.to_jwk();
    jwk["use"] = "sig".into();
    jwk["alg"] = ALG.into();
    jwk["kid"] = key.thumbprint_text().into();
    json!({ "issuer": identifier(app), "jwks": { "keys": [jwk] } })
}

/// Type metadata of a kind of card (SD-JWT VC, "SD-JWT VC Type Metadata").
pub fn card_type(id: &str) -> Option<Value> {
    let template = templates::find(id).ok()?;
    let claims: Vec<Value> = template
        .fields
        .iter()
        .map(|field| {
            json!({
                "path": [field.name],
                "sd": "always",
                "mandatory": field.required,
                "display": [{ "locale": "en", "label": field.label }],
            })
        })
        .collect();
    Some(json!({
        "vct": template.vct,
        "name": template.title,
        "display": [{ "locale": "en", "name": template.title }],
        "claims": claims,
    }))
}
