//! A statement that is asked for and shown without its value, over OpenID4VP 1.0: the query (section 6), the statement beside it in
//! `transaction_data` (section 8.4), and what a verifier and a wallet must agree on so that the proof is for this question only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_credentials::{json, jwk::PublicKey};
use carnet_eligibility::{
    Day, Request, Statement, StatementError, credential, kind::ListDigest, statement::Nonce,
};
use ed25519_dalek::VerifyingKey;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Entry, TrustList,
    dcql::{Authority, CredentialQuery, Format, Query},
    limits::REQUEST_BYTES,
    request::HOLDER_VCT,
    trust::Role,
};

/// `type` of the `transaction_data` entry.
pub const TYPE: &str = "urn:carnet:eligibility:1";
/// Id of the query in requests that are made here.
pub const QUERY: &str = "eligibility";
/// Expanded types of the credential (section B.1.3.2).
const TYPES: [&str; 2] = [
    "https://www.w3.org/2018/credentials#VerifiableCredential",
    credential::TYPE,
];

/// A statement that is asked for, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedStatement {
    /// Id of the query that it belongs to.
    pub query: String,
    /// What must hold.
    pub statement: Statement,
    /// On which day.
    pub as_of: Day,
}

/// Why a statement can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskedStatementError {
    /// A member is missing, unknown or of another form.
    #[error("the request asks for a proof in a form that is not understood")]
    Malformed,
    /// More than one: answers to several limits at once narrow the value down.
    #[error("the request asks for more than one proof")]
    Several,
    /// Records are asked for in the same breath.
    #[error("the request asks for a proof and for records at once")]
    WithRecords,
    /// The query beside it is not one for such a proof, or there is another one.
    #[error("the request's question and its proof don't belong together")]
    Query,
    /// Nobody or everybody could show it, or a limit is none.
    #[error("the proof that is asked for makes no sense: {0}")]
    Limits(#[from] StatementError),
    /// More than a day away from today.
    #[error("the proof is asked for another day than today")]
    Day,
    /// A list, or a place in a list, that isn't known here.
    #[error("the proof is about a list that this program doesn't know")]
    List,
}

impl AskedStatementError {
    /// Stable name of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "request_statement_malformed",
            Self::Several => "request_statement_several",
            Self::WithRecords => "request_statement_with_records",
            Self::Query => "request_statement_query",
            Self::Limits(_) => "request_statement_limits",
            Self::Day => "request_statement_day",
            Self::List => "request_statement_list",
        }
    }
}

/// The entry as it stands in a request.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "type")]
    kind: String,
    credential_ids: Vec<String>,
    statement: Statement,
    as_of: Day,
}

impl AskedStatement {
    /// Asked for today, by the query of [`query`].
    pub fn today(statement: Statement, now: Timestamp) -> Result<Self, AskedStatementError> {
        Ok(Self {
            query: QUERY.to_owned(),
            statement,
            as_of: today(now).ok_or(AskedStatementError::Day)?,
        })
    }

    /// As an entry of `transaction_data`.
    pub fn to_transaction_data(&self) -> String {
        let data = json!({
            "type": TYPE,
            "credential_ids": [self.query],
            "statement": self.statement,
            "as_of": self.as_of,
        });
        URL_SAFE_NO_PAD.encode(data.to_string())
    }

    /// What is proven and checked: bound to who asks, and by its digest to every byte of the signed request.
    pub fn request(&self, client_id: &str, request_digest: &[u8; 32]) -> Request {
        Request {
            statement: self.statement.clone(),
            as_of: self.as_of,
            audience: client_id.to_owned(),
            nonce: Nonce(ListDigest(*request_digest)),
        }
    }

    /// Reads the statement that a request asks for, if it asks for one.
    pub(crate) fn read(
        data: Option<&Value>,
        query: &Query,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, AskedStatementError> {
        let entries = data
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut ours = entries.iter().filter_map(statement_in);
        let Some(data) = ours.next() else {
            return Ok(None);
        };
        if ours.next().is_some() {
            return Err(AskedStatementError::Several);
        }
        let holder = |query: &CredentialQuery| query.format.kinds().contains(&HOLDER_VCT);
        if entries.len() > 1 || query.credentials.iter().any(holder) {
            return Err(AskedStatementError::WithRecords);
        }
        let data: Data = serde_json::from_value(data).map_err(|_| AskedStatementError::Malformed)?;
        let [id] = data.credential_ids.as_slice() else {
            return Err(AskedStatementError::Query);
        };
        let mut queries = query.credentials.iter().filter(|query| asks_for_proof(query));
        let (Some(one), None) = (queries.next(), queries.next()) else {
            return Err(AskedStatementError::Query);
        };
        let plain = one.id == *id
            && one.format == format()
            && one.holder_binding
            && !one.multiple
            && one.claims.is_empty();
        if !plain {
            return Err(AskedStatementError::Query);
        }
        let asked = Self {
            query: id.clone(),
            statement: data.statement,
            as_of: data.as_of,
        };
        asked.check(client_id, now)?;
        Ok(Some(asked))
    }

    fn check(&self, client_id: &str, now: Timestamp) -> Result<(), AskedStatementError> {
        self.request(client_id, &[0; 32]).check()?;
        let today = today(now).ok_or(AskedStatementError::Day)?;
        // Whose evening is whose morning.
        if today.number().abs_diff(self.as_of.number()) > 1 {
            return Err(AskedStatementError::Day);
        }
        if self.statement.is_understood() {
            Ok(())
        } else {
            Err(AskedStatementError::List)
        }
    }
}

/// The query for a proof by one of these issuers (stable ids of the trust list), or by any.
pub fn query(issuers: &[String]) -> CredentialQuery {
    CredentialQuery {
        id: QUERY.to_owned(),
        format: format(),
        multiple: false,
        authorities: if issuers.is_empty() {
            Vec::new()
        } else {
            vec![Authority::Listed(issuers.to_vec())]
        },
        holder_binding: true,
        claims: Vec::new(),
        claim_sets: Vec::new(),
    }
}

/// Whose copies count: the Ed25519 keys that the list gives its issuers, with the party of each.
pub fn issuers(list: &TrustList) -> Vec<(VerifyingKey, &Entry)> {
    let keys = |entry| {
        let entry: &Entry = entry;
        entry.issuer_keys.iter().filter_map(move |key| match key {
            PublicKey::Ed25519(key) => Some((*key, entry)),
            _ => None,
        })
    };
    let issuers = list.entries.iter().filter(|entry| entry.has_role(Role::Issuer));
    issuers.flat_map(keys).collect()
}

/// The day that it is everywhere in these proofs: UTC's.
pub fn today(now: Timestamp) -> Option<Day> {
    now.to_zoned(TimeZone::UTC).date().try_into().ok()
}

fn format() -> Format {
    Format::LdpVc(vec![TYPES.map(str::to_owned).to_vec()])
}

fn asks_for_proof(query: &CredentialQuery) -> bool {
    query.format.kinds().contains(&credential::TYPE)
}

/// An entry of our type, whatever else is in it.
fn statement_in(entry: &Value) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(entry.as_str()?).ok()?;
    let object = json::parse_object(&bytes, REQUEST_BYTES).ok()?;
    (object.get("type")? == TYPE).then_some(Value::Object(object))
}
