//! What an issuer says of itself (OpenID4VCI 1.0 section 12.2) and what its authorization server does (RFC 8414).

use carnet_credentials::json;
use serde_json::{Map, Value};
use url::Url;

use super::{ALG, FORMAT, Form, LDP_FORMAT, SCHEMA, endpoint, identifier, offer::MAX_TEXT, text, well_known};
use crate::limits::{COPIES, METADATA_BYTES};

/// Most configurations, servers and claims that are looked at.
const MAX_ENTRIES: usize = 256;

/// Why an issuer's metadata is refused. Nothing was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not JSON that reads one way only, or a member is missing or ill-typed.
    #[error("what the issuer says of itself is not well formed")]
    Malformed,
    /// `credential_issuer` isn't the one of the offer.
    #[error("what was found there is another issuer's")]
    OtherIssuer,
    /// `issuer` isn't the authorization server that was asked.
    #[error("what was found there is another authorization server's")]
    OtherServer,
    /// The offer names a server that isn't the issuer's, or none where there are several.
    #[error("the offer names an authorization server that isn't the issuer's")]
    WrongServer,
    /// The offer names a configuration that the issuer doesn't have.
    #[error("the issuer doesn't issue what it offers")]
    UnknownConfiguration,
    /// Another format, another algorithm, another way of binding, or encryption that isn't known here.
    #[error("the issuer issues this in a form that is not accepted")]
    UnsupportedConfiguration,
    /// The server doesn't bind tokens to keys (DPoP with ES256), which HAIP 1.0 asks for.
    #[error("the issuer doesn't bind its tokens to this wallet")]
    NoDpop,
}

impl MetadataError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "issuer_metadata_malformed",
            Self::OtherIssuer => "issuer_metadata_other_issuer",
            Self::OtherServer => "issuer_metadata_other_server",
            Self::WrongServer => "offer_wrong_server",
            Self::UnknownConfiguration => "offer_unknown_card",
            Self::UnsupportedConfiguration => "offer_unsupported_card",
            Self::NoDpop => "issuer_without_dpop",
        }
    }
}

/// An issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialIssuer {
    /// Its identifier, the offer's.
    pub id: String,
    /// Identifiers of its authorization servers; itself where it names none.
    pub authorization_servers: Vec<String>,
    /// Where credentials are asked for.
    pub credential_endpoint: Url,
    /// Where fresh nonces are had.
    pub nonce_endpoint: Option<Url>,
    /// Where credentials are fetched that come later.
    pub deferred_endpoint: Option<Url>,
    /// Where it is told what became of them.
    pub notification_endpoint: Option<Url>,
    /// Copies in one request.
    pub batch_size: u32,
    /// What it issues that is understood here.
    pub configurations: Vec<Configuration>,
    /// Names of what it issues otherwise.
    unsupported: Vec<String>,
}

/// One kind of credential that an issuer issues, in a form that is accepted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// As offers name it.
    pub id: String,
    /// In which form.
    pub form: Form,
    /// The credential's type: its `vct`, or the schema of the value that it proves something of.
    pub kind: String,
    /// OAuth scope for signing in.
    pub scope: Option<String>,
    /// What the issuer calls it.
    pub name: Option<String>,
    /// What it will say: the issuer's labels, or the claims' names.
    pub claims: Vec<String>,
}

/// An authorization server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationServer {
    /// Its identifier.
    pub issuer: String,
    /// Where codes are exchanged for tokens.
    pub token_endpoint: Url,
    /// The page for signing in.
    pub authorization_endpoint: Option<Url>,
    /// Where a sign-in is begun (RFC 9126).
    pub par_endpoint: Option<Url>,
    /// Signing in with PKCE S256 and PAR is possible.
    pub sign_in: bool,
    /// The answer to a sign-in says which server it comes from (RFC 9207).
    pub answers_name_issuer: bool,
}

impl CredentialIssuer {
    /// Where an issuer's metadata is.
    pub fn place(id: &str) -> Result<Url, MetadataError> {
        let url = identifier(id).ok_or(MetadataError::Malformed)?;
        Ok(well_known(&url, "openid-credential-issuer"))
    }

    /// Reads what was found at the place of `id`.
    pub fn parse(bytes: &[u8], id: &str) -> Result<Self, MetadataError> {
        let map = json::parse_object(bytes, METADATA_BYTES).map_err(|_| MetadataError::Malformed)?;
        if map.get("credential_issuer").and_then(Value::as_str) != Some(id) {
            return Err(MetadataError::OtherIssuer);
        }
        let place = |name| endpoint(&map, name).map_err(|()| MetadataError::Malformed);
        let mut issuer = Self {
            id: id.to_owned(),
            authorization_servers: servers(&map, id)?,
            credential_endpoint: place("credential_endpoint")?.ok_or(MetadataError::Malformed)?,
            nonce_endpoint: place("nonce_endpoint")?,
            deferred_endpoint: place("deferred_credential_endpoint")?,
            notification_endpoint: place("notification_endpoint")?,
            batch_size: batch_size(&map)?,
            configurations: Vec::new(),
            unsupported: Vec::new(),
        };
        let all = map
            .get("credential_configurations_supported")
            .and_then(Value::as_object);
        let all = all.ok_or(MetadataError::Malformed)?;
        if all.len() > MAX_ENTRIES {
            return Err(MetadataError::Malformed);
        }
        let must_encrypt = ["credential_response_encryption", "credential_request_encryption"]
            .iter()
            .any(|name| {
                map.get(*name)
                    .is_some_and(|rule| rule["encryption_required"] == true)
            });
        for (id, value) in all {
            match configuration(id, value).filter(|_| !must_encrypt) {
                Some(configuration) => issuer.configurations.push(configuration),
                None => issuer.unsupported.push(id.clone()),
            }
        }
        Ok(issuer)
    }

    /// What an offer names.
    pub fn configuration(&self, id: &str) -> Result<&Configuration, MetadataError> {
        let found = self.configurations.iter().find(|one| one.id == id);
        found.ok_or_else(|| {
            if self.unsupported.iter().any(|other| other == id) {
                MetadataError::UnsupportedConfiguration
            } else {
                MetadataError::UnknownConfiguration
            }
        })
    }

    /// The server for an offer that insists on `asked`, or on none.
    pub fn server<'a>(&'a self, asked: Option<&'a str>) -> Result<&'a str, MetadataError> {
        match (asked, self.authorization_servers.as_slice()) {
            (Some(asked), known) if known.iter().any(|one| one == asked) => Ok(asked),
            (None, [only]) => Ok(only),
            _ => Err(MetadataError::WrongServer),
        }
    }
}

fn servers(map: &Map<String, Value>, id: &str) -> Result<Vec<String>, MetadataError> {
    let Some(servers) = map.get("authorization_servers") else {
        return Ok(vec![id.to_owned()]);
    };
    let servers = servers
        .as_array()
        .filter(|servers| (1..=MAX_ENTRIES).contains(&servers.len()));
    servers
        .ok_or(MetadataError::Malformed)?
        .iter()
        .map(|server| {
            let server = server.as_str().filter(|server| identifier(server).is_some());
            server.map(str::to_owned).ok_or(MetadataError::Malformed)
        })
        .collect()
}

/// At most [`COPIES`], whatever the issuer allows.
fn batch_size(map: &Map<String, Value>) -> Result<u32, MetadataError> {
    let Some(batch) = map.get("batch_credential_issuance") else {
        return Ok(1);
    };
    let size = batch
        .get("batch_size")
        .and_then(Value::as_u64)
        .filter(|size| *size > 0);
    let size = size.ok_or(MetadataError::Malformed)?.min(COPIES as u64);
    u32::try_from(size).map_err(|_| MetadataError::Malformed)
}

fn has(value: Option<&Value>, wanted: &str) -> bool {
    value
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|one| one == wanted))
}

fn configuration(id: &str, value: &Value) -> Option<Configuration> {
    let map = value.as_object()?;
    let (form, kind) = form(map)?;
    let proof = map.get("proof_types_supported")?.get("jwt")?;
    let supported = has(map.get("cryptographic_binding_methods_supported"), "jwk")
        && has(
            proof.get("proof_signing_alg_values_supported"),
            form.proof_algorithm(),
        )
        && proof.get("key_attestations_required").is_none();
    if !supported {
        return None;
    }
    // Before the final version, the words stood beside the type and not in `credential_metadata`.
    let words = map
        .get("credential_metadata")
        .and_then(Value::as_object)
        .unwrap_or(map);
    let claims = words.get("claims").and_then(Value::as_array);
    Some(Configuration {
        id: id.to_owned(),
        form,
        kind: kind.to_owned(),
        scope: text(map, "scope", MAX_TEXT).map(str::to_owned),
        name: display_name(words.get("display")),
        claims: claims
            .into_iter()
            .flatten()
            .take(MAX_ENTRIES)
            .filter_map(|claim| {
                let last = claim
                    .get("path")?
                    .as_array()?
                    .iter()
                    .rev()
                    .find_map(Value::as_str);
                display_name(claim.get("display")).or(last.map(str::to_owned))
            })
            .collect(),
    })
}

/// The form of a configuration and its type, if both are known here.
fn form(map: &Map<String, Value>) -> Option<(Form, &str)> {
    let format = map.get("format")?.as_str()?;
    if format == FORMAT {
        return Some((Form::SdJwt, text(map, "vct", MAX_TEXT)?));
    }
    let definition = map.get("credential_definition");
    let types = definition.and_then(|definition| definition.get("type"));
    let suites = map.get("credential_signing_alg_values_supported");
    let ours = format == LDP_FORMAT
        && has(types, carnet_eligibility::credential::TYPE)
        && has(suites, carnet_eligibility::SUITE);
    ours.then_some((Form::Eligibility, text(map, SCHEMA, MAX_TEXT)?))
}

/// The English name, or the first one.
fn display_name(display: Option<&Value>) -> Option<String> {
    let all = display?.as_array()?;
    let english = |entry: &&Value| {
        let locale = entry.get("locale").and_then(Value::as_str);
        locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("en"))
    };
    let entry = all.iter().find(english).or(all.first())?;
    Some(entry.get("name")?.as_str()?.to_owned())
}

impl AuthorizationServer {
    /// Where a server's metadata is.
    pub fn place(id: &str) -> Result<Url, MetadataError> {
        let url = identifier(id).ok_or(MetadataError::Malformed)?;
        Ok(well_known(&url, "oauth-authorization-server"))
    }

    /// Reads what was found at the place of `id`.
    pub fn parse(bytes: &[u8], id: &str) -> Result<Self, MetadataError> {
        let map = json::parse_object(bytes, METADATA_BYTES).map_err(|_| MetadataError::Malformed)?;
        if map.get("issuer").and_then(Value::as_str) != Some(id) {
            return Err(MetadataError::OtherServer);
        }
        let place = |name| endpoint(&map, name).map_err(|()| MetadataError::Malformed);
        if !has(map.get("dpop_signing_alg_values_supported"), ALG) {
            return Err(MetadataError::NoDpop);
        }
        let authorization_endpoint = place("authorization_endpoint")?;
        let par_endpoint = place("pushed_authorization_request_endpoint")?;
        Ok(Self {
            issuer: id.to_owned(),
            token_endpoint: place("token_endpoint")?.ok_or(MetadataError::Malformed)?,
            sign_in: authorization_endpoint.is_some()
                && par_endpoint.is_some()
                && has(map.get("code_challenge_methods_supported"), "S256"),
            authorization_endpoint,
            par_endpoint,
            answers_name_issuer: map.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}
