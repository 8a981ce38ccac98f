//! JSON-LD contexts, in the bytes that their publishers gave out (see `NOTICE.md`). They are never fetched: a context
//! that changes under a credential changes what it says, so one that isn't here is refused.

use serde_json::{Map, Value};

/// VC Data Model 1.1.
pub const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";
/// VC Data Model 2.0.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// Proofs, for credentials of model 1.1 (2.0 has them built in).
pub const DATA_INTEGRITY_V2: &str = "https://w3id.org/security/data-integrity/v2";

/// The receipt of a consent: our own, `docs/receipts.md`.
pub const CONSENT_RECEIPT_V1: &str = "urn:carnet:context:consent-receipt:1";

/// One bundled context.
#[derive(Debug)]
pub struct Context {
    /// Its name.
    pub iri: &'static str,
    /// Its bytes.
    pub text: &'static str,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: &'static str,
}

/// All that are known.
pub const BUNDLED: [Context; 7] = [
    Context {
        iri: CREDENTIALS_V1,
        text: include_str!("credentials-v1.jsonld"),
        sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    },
    Context {
        iri: CREDENTIALS_V2,
        text: include_str!("credentials-v2.jsonld"),
        sha256: "8a9f494a89ecc51db093e90e84713e07e84d6d9204364a9b3c7868b21751236f",
    },
    Context {
        iri: "https://www.w3.org/ns/credentials/examples/v2",
        text: include_str!("credentials-examples-v2.jsonld"),
        sha256: "e6600df812cdc1872f20b42ab0c1cecac39755b7ed381e7f6a88dac7baab54d6",
    },
    Context {
        iri: DATA_INTEGRITY_V2,
        text: include_str!("data-integrity-v2.jsonld"),
        sha256: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    },
    Context {
        iri: "https://w3id.org/security/suites/ed25519-2020/v1",
        text: include_str!("ed25519-signature-2020-v1.jsonld"),
        sha256: "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    },
    Context {
        iri: "https://w3id.org/citizenship/v4rc1",
        text: include_str!("citizenship-v4rc1.jsonld"),
        sha256: "a89b0bc00b1848ac3dfdf956c7dd5de8567e755351c07ec6a1c2b4a08b67953b",
    },
    Context {
        iri: CONSENT_RECEIPT_V1,
        text: include_str!("consent-receipt-v1.jsonld"),
        sha256: "bc46f1648e1202f9504a4c8ecf96be958bdfb70fd1424e51f5a1bdc28048ab98",
    },
];

/// Why a document's contexts are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// `@context` is missing, empty or of another type.
    #[error("the document does not say what its words mean")]
    Missing,
    /// A context that is not bundled.
    #[error("the document uses a vocabulary that is not known here")]
    Unknown,
    /// A context written out in the document: it could give a known word another meaning.
    #[error("the document brings a vocabulary of its own")]
    Inline,
}

impl ContextError {
    /// Stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "context_missing",
            Self::Unknown => "context_unknown",
            Self::Inline => "context_inline",
        }
    }
}

/// The names of a document's contexts, in order; all are bundled.
pub fn names_of(document: &Map<String, Value>) -> Result<Vec<&str>, ContextError> {
    let entries = match document.get("@context") {
        Some(Value::Array(entries)) if !entries.is_empty() => entries.as_slice(),
        Some(one @ (Value::String(_) | Value::Object(_))) => std::slice::from_ref(one),
        _ => return Err(ContextError::Missing),
    };
    entries
        .iter()
        .map(|entry| match entry {
            Value::String(name) if BUNDLED.iter().any(|c| c.iri == name) => Ok(name.as_str()),
            Value::String(_) => Err(ContextError::Unknown),
            Value::Object(_) => Err(ContextError::Inline),
            _ => Err(ContextError::Missing),
        })
        .collect()
}
