//! How the VC API says no: problem details (RFC 9457) with the problem types of VC Data Model 2.0, section 7.3.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use carnet_credentials::{
    data_integrity::DataIntegrityError,
    json::{self, JsonError},
    jws::JwsError,
    vc::VcError,
};
use serde_json::{Map, Value, json};

/// Members of a JSON object.
pub(crate) type Object = Map<String, Value>;

/// A refusal: our code and the data model's problem type.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: &'static str,
    code: &'static str,
    detail: String,
}

impl Problem {
    pub(crate) fn malformed(code: &'static str, detail: &str) -> Self {
        Self {
            kind: "MALFORMED_VALUE_ERROR",
            code,
            detail: detail.to_owned(),
        }
    }

    fn details(&self) -> Value {
        json!([{
            "type": format!("https://www.w3.org/TR/vc-data-model#{}", self.kind),
            "title": self.code,
            "detail": self.detail,
        }])
    }

    /// The answer of the two `verify` requests.
    pub(crate) fn not_verified(&self) -> Response {
        let body = json!({ "verified": false, "problemDetails": self.details(), "errors": [self.code] });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "problemDetails": self.details(), "errors": [self.code] });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

impl From<VcError> for Problem {
    fn from(error: VcError) -> Self {
        let kind = match error {
            VcError::Proof(DataIntegrityError::BadSignature) | VcError::Jws(JwsError::BadSignature) => {
                "CRYPTOGRAPHIC_SECURITY_ERROR"
            }
            VcError::Expired | VcError::NotYetValid | VcError::StatusIndex => "RANGE_ERROR",
            _ => "MALFORMED_VALUE_ERROR",
        };
        Self {
            kind,
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

impl From<DataIntegrityError> for Problem {
    fn from(error: DataIntegrityError) -> Self {
        VcError::Proof(error).into()
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self {
            kind: "PARSING_ERROR",
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

/// A request: the object under `name`, and `options` (none is an empty object).
pub(crate) fn read(body: &[u8], name: &str) -> Result<(Object, Object), Problem> {
    let mut request = json::parse_object(body, super::MAX_BODY)?;
    let missing = || Problem::malformed("request_malformed", "The request lacks the object it is about.");
    let Some(Value::Object(subject)) = request.remove(name) else {
        return Err(missing());
    };
    match request.remove("options") {
        None => Ok((subject, Map::new())),
        Some(Value::Object(options)) => Ok((subject, options)),
        Some(_) => Err(missing()),
    }
}
