//! What the station says of itself as an issuer: OpenID4VCI 1.0 section 12.2, RFC 8414, SD-JWT VC.

use carnet_eligibility::credential;
use carnet_exchange::issuance::{ALG, FORMAT, LDP_FORMAT, PRE_AUTHORIZED, SCHEMA};
use serde_json::{Map, Value, json};

use super::{
    copies, identifier, sign_in,
    templates::{self, Form, Template},
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
    let proofs = [template.form.issued().proof_algorithm()];
    let mut configuration = json!({
        "scope": template.id,
        "cryptographic_binding_methods_supported": ["jwk"],
        "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": proofs } },
        "credential_metadata": {
            "display": [{ "name": template.title, "locale": "en" }],
            "claims": claims,
        },
    });
    match &template.form {
        Form::Vct(vct) => {
            configuration["format"] = FORMAT.into();
            configuration["vct"] = vct.as_str().into();
            configuration["credential_signing_alg_values_supported"] = json!([ALG]);
        }
        Form::Eligibility(schema) => {
            configuration["format"] = LDP_FORMAT.into();
            configuration["credential_definition"] = json!({
                "@context": [credential::CONTEXT],
                "type": ["VerifiableCredential", credential::TYPE],
            });
            configuration["credential_signing_alg_values_supported"] = json!([carnet_eligibility::SUITE]);
            configuration[SCHEMA] = schema.urn().into();
        }
    }
    configuration
}

/// `/.well-known/oauth-authorization-server`
pub fn authorization_server(app: &App) -> Value {
    json!({
        "issuer": identifier(app),
        "token_endpoint": app.public(token::PATH),
        "pushed_authorization_request_endpoint": app.public(sign_in::PAR_PATH),
        "require_pushed_authorization_requests": true,
        "authorization_endpoint": app.public(sign_in::PAGE_PATH),
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": templates::all().iter().map(|template| &template.id).collect::<Vec<_>>(),
        "grant_types_supported": [PRE_AUTHORIZED, "authorization_code", "refresh_token"],
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
    // What proves something of a value has no SD-JWT VC type.
    let Form::Vct(vct) = &template.form else {
        return None;
    };
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
        "vct": vct,
        "name": template.title,
        "display": [{ "locale": "en", "name": template.title }],
        "claims": claims,
    }))
}
