//! RDF statements: out of an expanded JSON-LD document (JSON-LD 1.1 API, section 8) and into N-Quads in the canonical
//! form of RDF Dataset Canonicalization (RDFC-1.0, section 5).
//!
//! Whatever the algorithm of the specification would leave out silently is refused: what is not in the statements is not
//! signed.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use ssi_json_ld::Iri;

use super::DataIntegrityError;

/// Most statements of one document.
pub(super) const MAX_QUADS: usize = 20_000;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const I18N: &str = "https://www.w3.org/ns/i18n#";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Iri(String),
    /// By its number in this document.
    Blank(usize),
    Literal {
        value: String,
        datatype: String,
        language: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quad {
    pub(super) subject: Term,
    pub(super) predicate: String,
    pub(super) object: Term,
    pub(super) graph: Option<Term>,
}

/// The statements of an expanded document.
pub(super) fn statements(expanded: &[Value]) -> Result<Vec<Quad>, DataIntegrityError> {
    let mut reader = Reader::default();
    for node in expanded {
        let node = node.as_object().ok_or(DataIntegrityError::Dropped)?;
        reader.node(node, None)?;
    }
    Ok(reader.quads)
}

#[derive(Default)]
struct Reader {
    quads: Vec<Quad>,
    blanks: usize,
    named: HashMap<String, usize>,
}

impl Reader {
    fn fresh(&mut self) -> Term {
        self.blanks += 1;
        Term::Blank(self.blanks - 1)
    }

    fn identifier(&mut self, id: &str) -> Result<Term, DataIntegrityError> {
        if let Some(label) = id.strip_prefix("_:") {
            if let Some(number) = self.named.get(label) {
                return Ok(Term::Blank(*number));
            }
            self.named.insert(label.to_owned(), self.blanks);
            Ok(self.fresh())
        } else {
            absolute(id).map(Term::Iri)
        }
    }

    fn say(
        &mut self,
        subject: &Term,
        predicate: String,
        object: Term,
        graph: Option<&Term>,
    ) -> Result<(), DataIntegrityError> {
        if self.quads.len() >= MAX_QUADS {
            return Err(DataIntegrityError::TooLarge);
        }
        self.quads.push(Quad {
            subject: subject.clone(),
            predicate,
            object,
            graph: graph.cloned(),
        });
        Ok(())
    }

    fn node(&mut self, node: &Map<String, Value>, graph: Option<&Term>) -> Result<Term, DataIntegrityError> {
        let subject = match node.get("@id") {
            Some(Value::String(id)) => self.identifier(id)?,
            Some(_) => return Err(DataIntegrityError::RelativeReference),
            None => self.fresh(),
        };
        for (key, value) in node {
            let values = match (key.as_str(), value) {
                ("@id", _) => continue,
                (_, Value::Array(values)) => values,
                _ => return Err(DataIntegrityError::Dropped),
            };
            match key.as_str() {
                "@type" => {
                    for kind in values {
                        let kind = kind.as_str().ok_or(DataIntegrityError::RelativeReference)?;
                        let kind = self.identifier(kind)?;
                        self.say(&subject, format!("{RDF}type"), kind, graph)?;
                    }
                }
                "@graph" => {
                    for inner in values {
                        let inner = inner.as_object().ok_or(DataIntegrityError::Dropped)?;
                        self.node(inner, Some(&subject))?;
                    }
                }
                keyword if keyword.starts_with('@') => return Err(DataIntegrityError::Keyword),
                predicate => {
                    let predicate = absolute(predicate)?;
                    for value in values {
                        let object = self.object(value, graph)?;
                        self.say(&subject, predicate.clone(), object, graph)?;
                    }
                }
            }
        }
        Ok(subject)
    }

    fn object(&mut self, value: &Value, graph: Option<&Term>) -> Result<Term, DataIntegrityError> {
        let value = value.as_object().ok_or(DataIntegrityError::Dropped)?;
        match (value.get("@value"), value.get("@list")) {
            (Some(plain), None) => literal(plain, value),
            (None, Some(Value::Array(items))) if value.len() == 1 => self.list(items, graph),
            (None, None) => self.node(value, graph),
            _ => Err(DataIntegrityError::Dropped),
        }
    }

    fn list(&mut self, items: &[Value], graph: Option<&Term>) -> Result<Term, DataIntegrityError> {
        let mut rest = Term::Iri(format!("{RDF}nil"));
        for item in items.iter().rev() {
            let cell = self.fresh();
            let first = self.object(item, graph)?;
            self.say(&cell, format!("{RDF}first"), first, graph)?;
            self.say(&cell, format!("{RDF}rest"), rest, graph)?;
            rest = cell;
        }
        Ok(rest)
    }
}

fn absolute(iri: &str) -> Result<String, DataIntegrityError> {
    Iri::new(iri)
        .map(|iri| iri.as_str().to_owned())
        .map_err(|_| DataIntegrityError::RelativeReference)
}

/// JSON-LD 1.1 API, section 8.2.2; a direction goes into the datatype, as the W3C suites' own software does.
fn literal(plain: &Value, object: &Map<String, Value>) -> Result<Term, DataIntegrityError> {
    let text = |name| match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(DataIntegrityError::Dropped),
    };
    let (kind, language, direction) = (text("@type")?, text("@language")?, text("@direction")?);
    if object
        .keys()
        .any(|key| !["@value", "@type", "@language", "@direction"].contains(&key.as_str()))
    {
        return Err(DataIntegrityError::Keyword);
    }
    let typed = |value: String, natural: &str| -> Result<Term, DataIntegrityError> {
        Ok(Term::Literal {
            value,
            datatype: kind.map_or_else(|| Ok(natural.to_owned()), absolute)?,
            language: None,
        })
    };
    if kind == Some("@json") {
        let value =
            serde_json_canonicalizer::to_string(plain).map_err(|_| DataIntegrityError::NotLinkedData)?;
        return Ok(Term::Literal {
            value,
            datatype: format!("{RDF}JSON"),
            language: None,
        });
    }
    match plain {
        Value::Bool(value) => typed(value.to_string(), &format!("{XSD}boolean")),
        Value::Number(number) => {
            let double = format!("{XSD}double");
            let (value, is_double) = canonical_number(number, kind == Some(double.as_str()));
            typed(
                value,
                &if is_double {
                    double
                } else {
                    format!("{XSD}integer")
                },
            )
        }
        Value::String(value) => match (language, direction) {
            (language, Some(direction)) => Ok(Term::Literal {
                value: value.clone(),
                datatype: format!(
                    "{I18N}{}_{direction}",
                    language.unwrap_or_default().to_ascii_lowercase()
                ),
                language: None,
            }),
            (Some(language), None) => Ok(Term::Literal {
                value: value.clone(),
                datatype: format!("{RDF}langString"),
                language: Some(language_tag(language)?),
            }),
            (None, None) => typed(value.clone(), &format!("{XSD}string")),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Err(DataIntegrityError::Dropped),
    }
}

/// BCP 47 in its outer form; the case is levelled as JSON-LD processors do.
fn language_tag(tag: &str) -> Result<String, DataIntegrityError> {
    let well_formed = tag.len() <= 64
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if well_formed {
        Ok(tag.to_ascii_lowercase())
    } else {
        Err(DataIntegrityError::Dropped)
    }
}

/// The lexical form of a number, and whether it is a double rather than an integer.
fn canonical_number(number: &Number, wants_double: bool) -> (String, bool) {
    if !wants_double {
        if let Some(integer) = number.as_i64() {
            return (integer.to_string(), false);
        }
        if let Some(integer) = number.as_u64() {
            return (integer.to_string(), false);
        }
    }
    let value = number.as_f64().unwrap_or_default();
    if !wants_double && value.fract() == 0.0 && value.abs() < 1e21 {
        return (format!("{value:.0}"), false);
    }
    let text = format!("{value:.15E}");
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0');
    let zero = if mantissa.ends_with('.') { "0" } else { "" };
    (format!("{mantissa}{zero}E{exponent}"), true)
}

/// One line of canonical N-Quads. `name` gives a blank node its label, without `_:`.
pub(super) fn line(quad: &Quad, name: &dyn Fn(usize) -> String) -> String {
    let mut line = String::new();
    write_term(&mut line, &quad.subject, name);
    line.push_str(" <");
    line.push_str(&quad.predicate);
    line.push_str("> ");
    write_term(&mut line, &quad.object, name);
    if let Some(graph) = &quad.graph {
        line.push(' ');
        write_term(&mut line, graph, name);
    }
    line.push_str(" .\n");
    line
}

fn write_term(line: &mut String, term: &Term, name: &dyn Fn(usize) -> String) {
    match term {
        Term::Iri(iri) => {
            line.push('<');
            line.push_str(iri);
            line.push('>');
        }
        Term::Blank(number) => {
            line.push_str("_:");
            line.push_str(&name(*number));
        }
        Term::Literal {
            value,
            datatype,
            language,
        } => {
            line.push('"');
            for c in value.chars() {
                match c {
                    '\u{8}' => line.push_str("\\b"),
                    '\t' => line.push_str("\\t"),
                    '\n' => line.push_str("\\n"),
                    '\u{c}' => line.push_str("\\f"),
                    '\r' => line.push_str("\\r"),
                    '"' => line.push_str("\\\""),
                    '\\' => line.push_str("\\\\"),
                    c if c.is_ascii_control() => {
                        line.push_str("\\u00");
                        line.push_str(&hex::encode_upper([c as u8]));
                    }
                    c => line.push(c),
                }
            }
            line.push('"');
            match language {
                Some(language) => {
                    line.push('@');
                    line.push_str(language);
                }
                None if datatype.strip_prefix(XSD) == Some("string") => {}
                None => {
                    line.push_str("^^<");
                    line.push_str(datatype);
                    line.push('>');
                }
            }
        }
    }
}
