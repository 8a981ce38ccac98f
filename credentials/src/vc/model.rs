//! The form of credentials and presentations (VC Data Model 2.0, section 4; 1.1 where it differs).

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{MAX_CREDENTIALS, VcError};
use crate::{contexts, date_time::date_time_stamp};

/// What the gate needs of a credential.
#[derive(Debug)]
pub(super) struct Credential<'a> {
    pub(super) issuer: &'a str,
    pub(super) types: Vec<&'a str>,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) subjects: Vec<&'a str>,
    pub(super) schemas: Vec<&'a str>,
    pub(super) statuses: Vec<&'a Map<String, Value>>,
}

/// What the gate needs of a presentation.
#[derive(Debug)]
pub(super) struct Presentation<'a> {
    pub(super) holder: Option<&'a str>,
    pub(super) credentials: Vec<&'a Map<String, Value>>,
}

impl<'a> Credential<'a> {
    pub(super) fn read(document: &'a Map<String, Value>) -> Result<Self, VcError> {
        let first = first_context(document)?;
        let types = types(document.get("type"), "VerifiableCredential")?;
        let issuer = document
            .get("issuer")
            .and_then(named)
            .ok_or(VcError::IssuerMalformed)?;
        let mut subjects = Vec::new();
        for subject in objects(document.get("credentialSubject")).ok_or(VcError::SubjectMalformed)? {
            match subject.get("id") {
                None if subject.is_empty() => return Err(VcError::SubjectMalformed),
                None => {}
                Some(Value::String(id)) if is_url(id) => subjects.push(id.as_str()),
                Some(_) => return Err(VcError::SubjectMalformed),
            }
        }
        if document
            .get("credentialSubject")
            .is_none_or(|s| s == &Value::Array(Vec::new()))
        {
            return Err(VcError::SubjectMalformed);
        }
        match document.get("id") {
            None => {}
            Some(Value::String(id)) if is_url(id) => {}
            Some(_) => return Err(VcError::Malformed),
        }
        for name in ["name", "description"] {
            if !document.get(name).is_none_or(is_text) {
                return Err(VcError::Malformed);
            }
        }
        for name in ["evidence", "termsOfUse", "refreshService"] {
            typed(document.get(name)).ok_or(VcError::Malformed)?;
        }
        let mut schemas = Vec::new();
        for schema in typed(document.get("credentialSchema")).ok_or(VcError::Malformed)? {
            let id = schema.get("id").and_then(Value::as_str).filter(|id| is_url(id));
            schemas.push(id.ok_or(VcError::Malformed)?);
        }
        if !document.get("relatedResource").is_none_or(are_related) {
            return Err(VcError::Malformed);
        }
        let statuses = typed(document.get("credentialStatus")).ok_or(VcError::StatusMalformed)?;
        let [valid_from, issued, valid_until, expires] =
            ["validFrom", "issuanceDate", "validUntil", "expirationDate"].map(|name| time(document, name));
        let (valid_from, issued, valid_until, expires) = (valid_from?, issued?, valid_until?, expires?);
        if first == contexts::CREDENTIALS_V1 && issued.is_none() {
            return Err(VcError::TimeMalformed);
        }
        // Whichever version's names are used, and if both are: the narrower window.
        let valid_from = valid_from.max(issued);
        let valid_until = match (valid_until, expires) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && until < from
        {
            return Err(VcError::TimeMalformed);
        }
        Ok(Self {
            issuer,
            types,
            valid_from,
            valid_until,
            subjects,
            schemas,
            statuses,
        })
    }

    pub(super) fn check_times(&self, now: Timestamp) -> Result<(), VcError> {
        if self.valid_from.is_some_and(|from| now < from) {
            return Err(VcError::NotYetValid);
        }
        if self.valid_until.is_some_and(|until| until <= now) {
            return Err(VcError::Expired);
        }
        Ok(())
    }
}

impl<'a> Presentation<'a> {
    pub(super) fn read(document: &'a Map<String, Value>) -> Result<Self, VcError> {
        first_context(document)?;
        types(document.get("type"), "VerifiablePresentation")?;
        let holder = match document.get("holder") {
            None => None,
            Some(holder) => Some(named(holder).ok_or(VcError::Malformed)?),
        };
        let credentials = match document.get("verifiableCredential") {
            None => Vec::new(),
            given => objects(given).ok_or(VcError::Malformed)?,
        };
        if credentials.len() > MAX_CREDENTIALS {
            return Err(VcError::TooManyCredentials);
        }
        Ok(Self { holder, credentials })
    }
}

fn first_context(document: &Map<String, Value>) -> Result<&str, VcError> {
    // An array, also for one context, is what version 2.0 asks for; 1.1 too.
    if !document.get("@context").is_some_and(Value::is_array) {
        return Err(VcError::ContextOrder);
    }
    let names = contexts::names_of(document).map_err(VcError::Context)?;
    match names.first() {
        Some(&first) if [contexts::CREDENTIALS_V1, contexts::CREDENTIALS_V2].contains(&first) => Ok(first),
        _ => Err(VcError::ContextOrder),
    }
}

fn types<'a>(value: Option<&'a Value>, wanted: &str) -> Result<Vec<&'a str>, VcError> {
    let types = texts(value).ok_or(VcError::WrongType)?;
    if types.contains(&wanted) {
        Ok(types)
    } else {
        Err(VcError::WrongType)
    }
}

/// A text or a list of texts.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => several.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// An object or a list of objects.
fn objects(value: Option<&Value>) -> Option<Vec<&Map<String, Value>>> {
    match value? {
        Value::Object(one) => Some(vec![one]),
        Value::Array(several) => several.iter().map(Value::as_object).collect(),
        _ => None,
    }
}

/// Nothing, or objects that say of what type they are.
fn typed(value: Option<&Value>) -> Option<Vec<&Map<String, Value>>> {
    if value.is_none() {
        return Some(Vec::new());
    }
    let objects = objects(value)?;
    objects
        .iter()
        .all(|object| texts(object.get("type")).is_some_and(|types| !types.is_empty()))
        .then_some(objects)
}

/// Resources that are named once each, with a digest (VC Data Model 2.0, section 5.3). None is fetched, so no digest is
/// computed either.
fn are_related(value: &Value) -> bool {
    let mut ids = HashSet::new();
    objects(Some(value)).is_some_and(|resources| {
        resources.iter().all(|resource| {
            let id = resource.get("id").and_then(Value::as_str).filter(|id| is_url(id));
            let digests = ["digestSRI", "digestMultibase"].map(|name| resource.get(name));
            id.is_some_and(|id| ids.insert(id))
                && digests.iter().any(Option::is_some)
                && digests
                    .into_iter()
                    .flatten()
                    .all(|digest| texts(Some(digest)).is_some_and(|texts| !texts.is_empty()))
        })
    })
}

/// A URL, or an object with one as its `id`.
fn named(value: &Value) -> Option<&str> {
    let id = match value {
        Value::String(id) => id,
        Value::Object(object) => object.get("id")?.as_str()?,
        _ => return None,
    };
    is_url(id).then_some(id)
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok()
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Object(object) => object.get("@value").is_some_and(Value::is_string),
        Value::Array(several) => !several.is_empty() && several.iter().all(|v| v.is_object() && is_text(v)),
        _ => false,
    }
}

fn time(document: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, VcError> {
    match document.get(name) {
        None => Ok(None),
        Some(Value::String(time)) => date_time_stamp(time).map(Some).ok_or(VcError::TimeMalformed),
        Some(_) => Err(VcError::TimeMalformed),
    }
}
