//! From JSON to RDF statements by way of JSON-LD 1.1, and what is asked of the JSON first, whatever the suite.

use std::{
    collections::HashMap,
    pin::pin,
    sync::LazyLock,
    task::{Poll, Waker},
};

use serde_json::{Map, Value};
use ssi_json_ld::{
    Context, Expand, IriBuf, RemoteDocument,
    context_processing::algorithm::Action,
    expansion::{Options, Policy},
    syntax::{self, IntoJsonWithContext, Parse, Print},
};

use super::{
    DataIntegrityError,
    rdf::{self, Quad},
};
use crate::{contexts, json};

/// Most values, members of objects and items of arrays together, in one document.
const MAX_VALUES: usize = 50_000;

static LOADER: LazyLock<HashMap<IriBuf, RemoteDocument>> = LazyLock::new(|| {
    contexts::BUNDLED
        .iter()
        .filter_map(|context| {
            let iri = IriBuf::new(context.iri.to_owned()).ok()?;
            let (value, _) = syntax::Value::parse_str(context.text).ok()?;
            Some((iri.clone(), RemoteDocument::new(Some(iri), None, value)))
        })
        .collect()
});

/// Refuses what reads differently as JSON and as JSON-LD: keywords under the document's own names, names written as
/// IRIs, contexts in the middle. Both suites and signed texts go through here.
pub(crate) fn check_plain(document: &Map<String, Value>) -> Result<(), DataIntegrityError> {
    let mut left = MAX_VALUES;
    object(document, true, 1, &mut left)
}

fn object(
    members: &Map<String, Value>,
    may_have_context: bool,
    depth: usize,
    left: &mut usize,
) -> Result<(), DataIntegrityError> {
    if members.contains_key("@value") {
        return text_with_language(members);
    }
    for (name, member) in members {
        if name == "@context" && may_have_context {
            contexts::names_of(members).map_err(DataIntegrityError::Context)?;
            continue;
        }
        if name.starts_with('@') {
            return Err(DataIntegrityError::Keyword);
        }
        if name.contains(':') {
            return Err(DataIntegrityError::NotATerm);
        }
        // Credentials inside a presentation, and proofs, bring their contexts along.
        let inner = may_have_context && (name == "verifiableCredential" || name == "proof");
        value(member, inner, depth, left)?;
    }
    Ok(())
}

fn value(
    value_: &Value,
    may_have_context: bool,
    depth: usize,
    left: &mut usize,
) -> Result<(), DataIntegrityError> {
    *left = left.checked_sub(1).ok_or(DataIntegrityError::TooLarge)?;
    if depth > json::MAX_DEPTH {
        return Err(DataIntegrityError::TooDeep);
    }
    match value_ {
        Value::Object(members) => object(members, may_have_context, depth + 1, left),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| value(item, may_have_context, depth + 1, left)),
        _ => Ok(()),
    }
}

/// `{"@value": "…", "@language": "…", "@direction": "…"}` (VC Data Model 2.0, section 11.1).
fn text_with_language(members: &Map<String, Value>) -> Result<(), DataIntegrityError> {
    let allowed = members.iter().all(|(name, member)| {
        ["@value", "@language", "@direction"].contains(&name.as_str()) && member.is_string()
    });
    if allowed {
        Ok(())
    } else {
        Err(DataIntegrityError::Keyword)
    }
}

/// The statements of a document that went through [`check_plain`].
pub(super) fn statements(document: &Map<String, Value>) -> Result<Vec<Quad>, DataIntegrityError> {
    contexts::names_of(document).map_err(DataIntegrityError::Context)?;
    let mut document = Value::Object(document.clone());
    nothing_vanishes(&document)?;
    level_numbers(&mut document);
    let (document, _) =
        syntax::Value::parse_str(&document.to_string()).map_err(|_| DataIntegrityError::NotLinkedData)?;
    let options = Options {
        policy: Policy {
            invalid: Action::Reject,
            allow_undefined: false,
            ..Policy::default()
        },
        ..Options::default()
    };
    let mut vocabulary = ();
    let mut expansion =
        pin!(document.expand_full(&mut vocabulary, Context::new(None), None, &*LOADER, options, ()));
    // The bundled contexts are always at hand, so there is nothing to wait for.
    let expanded = match expansion
        .as_mut()
        .poll(&mut std::task::Context::from_waker(Waker::noop()))
    {
        Poll::Ready(Ok(expanded)) => expanded,
        Poll::Ready(Err(_)) | Poll::Pending => return Err(DataIntegrityError::NotLinkedData),
    };
    let expanded: Vec<Value> = expanded
        .into_iter()
        .map(|object| serde_json::from_str(&object.into_json_with(&()).compact_print().to_string()))
        .collect::<Result<_, _>>()
        .map_err(|_| DataIntegrityError::NotLinkedData)?;
    rdf::statements(&expanded)
}

/// JSON-LD leaves out nulls and empty arrays: anybody could put them into a signed document, or take them out.
fn nothing_vanishes(value: &Value) -> Result<(), DataIntegrityError> {
    match value {
        Value::Null => Err(DataIntegrityError::Dropped),
        Value::Array(items) if items.is_empty() => Err(DataIntegrityError::Dropped),
        Value::Array(items) => items.iter().try_for_each(nothing_vanishes),
        Value::Object(members) => members.values().try_for_each(nothing_vanishes),
        _ => Ok(()),
    }
}

/// `1.0` and `1` are one number to JSON-LD (API, section 8.2.2).
fn level_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            if let Some(float) = number.as_f64()
                && float.fract() == 0.0
                && float.abs() < 9_007_199_254_740_992.0
            {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(level_numbers),
        Value::Object(members) => members.values_mut().for_each(level_numbers),
        _ => {}
    }
}
