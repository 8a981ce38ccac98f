//! FHIR data types as a person reads them (R4 §2.24).

use crate::{
    json::Json,
    known_codes::{KNOWN, SEMANTIC_TAGS, SYSTEMS},
    text::{TITLE, VALUE, plain},
};

/// A `CodeableConcept` or `Coding` in words: its text, else the best display, else the code with its system's name.
pub(crate) fn concept(value: &Json<'_>) -> Option<String> {
    named(value).or_else(|| bare_code(value))
}

/// The same, but only if somebody wrote words.
pub(crate) fn named(value: &Json<'_>) -> Option<String> {
    let words = written(value)?;
    let is_loinc = |coding: &Json<'_>| {
        coding
            .text_at(&["system"])
            .is_some_and(|system| system.contains("loinc.org"))
    };
    let words = if value.list("coding").iter().any(is_loinc) {
        without_property(&words)
    } else {
        words
    };
    let tag = SEMANTIC_TAGS
        .iter()
        .find_map(|tag| words.strip_suffix(tag)?.strip_suffix(" ("));
    Some(tag.map_or(words.clone(), str::to_owned))
}

/// LOINC long names without the measured property: `Glucose [Mass/volume] in Blood` → `Glucose in Blood`.
fn without_property(name: &str) -> String {
    match (name.find(" ["), name.find(']')) {
        (Some(open), Some(close)) if open > 0 && open < close => [&name[..open], &name[close + 1..]].concat(),
        _ => name.to_owned(),
    }
}

/// A status or another value whose codes are plain words: no system's name before it.
pub(crate) fn status(value: &Json<'_>) -> Option<String> {
    let code = || {
        value
            .text_at(&["coding", "code"])
            .and_then(|code| plain(code, 40))
    };
    named(value).or_else(code).map(|words| words.to_lowercase())
}

/// What somebody wrote: the text, else a display.
fn written(value: &Json<'_>) -> Option<String> {
    let codings = value.list("coding");
    let chosen = |coding: &&Json<'_>| coding.get("userSelected") == Some(&Json::Bool(true));
    let display = |coding: &Json<'_>| coding.text_at(&["display"]).and_then(|text| plain(text, TITLE));
    // Some writers repeat the code where the words belong.
    let codes: Vec<&str> = codings
        .iter()
        .filter_map(|coding| coding.text_at(&["code"]))
        .collect();
    value
        .text_at(&["text"])
        .filter(|text| !codes.contains(text))
        .and_then(|text| plain(text, TITLE))
        .or_else(|| codings.iter().find(chosen).and_then(display))
        .or_else(|| codings.iter().find_map(display))
        .or_else(|| display(value))
        .or_else(|| codings.iter().chain([value]).find_map(known))
}

/// Codes that stand without words in real files.
fn known(coding: &Json<'_>) -> Option<String> {
    let code = coding.text_at(&["code"])?;
    let system = coding.text_at(&["system"]).unwrap_or_default();
    KNOWN
        .iter()
        .find(|(of, name, _)| system.ends_with(of) && *name == code)
        .map(|(_, _, words)| (*words).to_owned())
}

/// `SNOMED CT 91936005`: says at least what kind of name it is.
fn bare_code(value: &Json<'_>) -> Option<String> {
    let coding = value
        .list("coding")
        .iter()
        .chain([value])
        .find(|coding| coding.text_at(&["code"]).is_some())?;
    let code = plain(coding.text_at(&["code"])?, 40)?;
    let system = coding.text_at(&["system"]).unwrap_or_default();
    let name = SYSTEMS
        .iter()
        .find(|(part, _)| system.contains(part))
        .map_or("Code", |(_, name)| *name);
    Some(format!("{name} {code}"))
}

/// `7.2 %`, `< 5 mg/L`; with every digit as written.
pub(crate) fn quantity(value: &Json<'_>) -> Option<String> {
    quantity_of(value, str::to_owned)
}

/// The same with a number no longer than a person reads: at most four digits after the point.
pub(crate) fn short_quantity(value: &Json<'_>) -> Option<String> {
    quantity_of(value, short_number)
}

fn quantity_of(value: &Json<'_>, spell: fn(&str) -> String) -> Option<String> {
    let Some(Json::Number(number)) = value.get("value") else {
        return value.text_at(&["unit"]).and_then(|unit| plain(unit, 60));
    };
    let comparator = value
        .text_at(&["comparator"])
        .and_then(|text| plain(text, 4))
        .map(|c| c + " ")
        .unwrap_or_default();
    let unit = unit(value).map(|unit| format!(" {unit}")).unwrap_or_default();
    Some(format!("{comparator}{}{unit}", spell(number)))
}

/// Numbers of simulators and unit converters run to fifteen digits.
fn short_number(written: &str) -> String {
    let long = written
        .split_once('.')
        .is_some_and(|(_, decimals)| decimals.len() > 4 && !decimals.contains(['e', 'E']));
    match written.parse::<f64>() {
        Ok(number) if long && number.abs() >= 1.0 => trim_zeros(&format!("{number:.2}")),
        Ok(number) if long && number.abs() >= 0.001 => trim_zeros(&format!("{number:.4}")),
        _ => written.to_owned(),
    }
}

fn trim_zeros(number: &str) -> String {
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The unit as people write it: the display unit, else UCUM made readable.
pub(crate) fn unit(value: &Json<'_>) -> Option<String> {
    let written = value.text_at(&["unit"]).or_else(|| value.text_at(&["code"]))?;
    let readable = match written {
        "1" | "{}" => return None,
        "mm[Hg]" => "mmHg",
        "Cel" => "°C",
        "[degF]" => "°F",
        "kg/m2" => "kg/m²",
        "[lb_av]" => "lb",
        "[in_i]" => "in",
        "10*3/uL" => "10³/µL",
        "10*6/uL" => "10⁶/µL",
        "10*9/L" => "10⁹/L",
        "10*12/L" => "10¹²/L",
        "mL/min/{1.73_m2}" => "mL/min/1.73 m²",
        other => return plain(&other.replace(['{', '}', '[', ']'], ""), 60),
    };
    Some(readable.to_owned())
}

/// The number under a name in a Quantity.
pub(crate) fn number(value: &Json<'_>) -> Option<f64> {
    match value.get("value") {
        Some(Json::Number(written)) => written.parse().ok(),
        _ => None,
    }
}

/// A date for people: the day, and the minutes where there are any.
pub(crate) fn when(written: &str) -> Option<String> {
    let written = plain(written, 40)?;
    Some(match written.split_once('T') {
        Some((day, time)) => match time.get(..5) {
            Some("00:00") | None => day.to_owned(),
            Some(minutes) => format!("{day} {minutes}"),
        },
        None => written,
    })
}

/// Start and end of a `Period`.
pub(crate) fn period(value: &Json<'_>) -> Option<String> {
    let start = value.text_at(&["start"]).and_then(when);
    let end = value.text_at(&["end"]).and_then(when);
    match (start, end) {
        (Some(start), Some(end)) if start == end => Some(start),
        (Some(start), Some(end)) => Some(format!("{start} to {end}")),
        (Some(start), None) => Some(format!("since {start}")),
        (None, Some(end)) => Some(format!("until {end}")),
        (None, None) => None,
    }
}

/// `low – high` of a `Range` or a reference range.
pub(crate) fn range(value: &Json<'_>) -> Option<String> {
    let low = value.get("low").and_then(short_quantity);
    let high = value.get("high").and_then(short_quantity);
    match (low, high) {
        (Some(low), Some(high)) => Some(format!("{low} – {high}")),
        (Some(low), None) => Some(format!("from {low}")),
        (None, Some(high)) => Some(format!("up to {high}")),
        (None, None) => value.text_at(&["text"]).and_then(|text| plain(text, VALUE)),
    }
}

/// The first `HumanName` worth showing, in reading order; official and usual ones first.
pub(crate) fn human_name(names: &[Json<'_>]) -> Option<String> {
    let rank = |name: &&Json<'_>| match name.text_at(&["use"]) {
        Some("official") => 0,
        Some("usual") => 1,
        None => 2,
        Some("old" | "maiden") => 4,
        Some(_) => 3,
    };
    let mut names: Vec<&Json<'_>> = names.iter().collect();
    names.sort_by_key(rank);
    names.into_iter().find_map(one_name)
}

fn one_name(name: &Json<'_>) -> Option<String> {
    if let Some(text) = name.text_at(&["text"]) {
        return plain(text, TITLE);
    }
    let parts = ["prefix", "given", "family", "suffix"];
    let joined: Vec<&str> = parts
        .iter()
        .flat_map(|part| name.list(part))
        .filter_map(Json::text)
        .collect();
    plain(&joined.join(" "), TITLE)
}

/// `value[x]` of an Observation or one of its components.
pub(crate) fn observed(value: &Json<'_>) -> Option<String> {
    let (name, held) = value
        .members()
        .iter()
        .find(|(name, _)| name.starts_with("value"))?;
    match name.as_ref() {
        "valueQuantity" => short_quantity(held),
        "valueRange" => range(held),
        "valueSampledData" => Some("recording".to_owned()),
        _ => any(held),
    }
}

/// Any FHIR value in words, by what it looks like.
pub(crate) fn any(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Json::Number(number) => Some((*number).to_owned()),
        Json::String(text) if is_date(text) => when(text),
        Json::String(text) => plain(text, VALUE),
        Json::Array(items) => {
            let all: Vec<String> = items.iter().take(50).filter_map(any).collect();
            plain(&all.join("; "), VALUE)
        }
        Json::Object(_) => object(value),
    }
}

fn is_date(text: &str) -> bool {
    text.len() >= 10 && text.as_bytes()[4] == b'-' && text.parse::<crate::ClinicalDate>().is_ok()
}

fn object(value: &Json<'_>) -> Option<String> {
    let has = |name: &str| value.get(name).is_some();
    if let (Some(Json::Number(amount)), Some(currency)) = (value.get("value"), value.text_at(&["currency"])) {
        let amount: f64 = amount.parse().ok()?;
        plain(&format!("{amount:.2} {currency}"), 60)
    } else if has("coding") {
        concept(value)
    } else if has("reference") || (has("identifier") && has("display")) {
        // A bare address says nothing to a person.
        value.text_at(&["display"]).and_then(|text| plain(text, VALUE))
    } else if has("numerator") || has("denominator") {
        let part = |name| value.get(name).and_then(quantity);
        Some([part("numerator")?, part("denominator").unwrap_or_default()].join(" / "))
    } else if has("value") && (has("unit") || has("code") || value.members().len() == 1) {
        quantity(value)
    } else if has("low") || has("high") {
        range(value)
    } else if has("start") || has("end") {
        period(value)
    } else if has("family") || has("given") {
        human_name(std::slice::from_ref(value))
    } else if has("contentType") || has("url") && has("title") {
        let title = value
            .text_at(&["title"])
            .or_else(|| value.text_at(&["contentType"]));
        title.and_then(|text| plain(text, VALUE))
    } else if has("line") || has("city") || has("country") {
        let parts = ["line", "postalCode", "city", "state", "country"];
        let joined: Vec<&str> = parts
            .iter()
            .flat_map(|part| value.list(part))
            .filter_map(Json::text)
            .collect();
        value
            .text_at(&["text"])
            .map(str::to_owned)
            .or(Some(joined.join(", ")))
            .and_then(|text| plain(&text, VALUE))
    } else if value.text_at(&["text"]).is_some() {
        value.text_at(&["text"]).and_then(|text| plain(text, VALUE))
    } else if has("code") && (has("system") || has("display")) {
        concept(value)
    } else if has("system") && has("value") {
        any(value.get("value")?)
    } else {
        let parts = value
            .members()
            .iter()
            .filter(|(name, _)| !is_technical(name))
            .take(20);
        let all: Vec<String> = parts
            .filter_map(|(name, part)| {
                any(part).map(|text| format!("{}: {text}", crate::text::words(name).to_lowercase()))
            })
            .collect();
        plain(&all.join(", "), VALUE)
    }
}

/// Elements that mean something to software only.
pub(crate) fn is_technical(name: &str) -> bool {
    name.starts_with('_')
        || matches!(
            name,
            "resourceType"
                | "id"
                | "meta"
                | "implicitRules"
                | "language"
                | "text"
                | "contained"
                | "extension"
                | "modifierExtension"
                | "identifier"
                | "sequence"
                | "data"
                | "hash"
                | "fullUrl"
                | "instantiatesCanonical"
                | "instantiatesUri"
        )
}
