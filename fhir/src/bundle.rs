//! Records put together for somebody else.

use jiff::Timestamp;

/// A `collection` Bundle of (fullUrl, resource) pairs; each resource's bytes are embedded unchanged.
pub fn bundle<'a>(records: impl Iterator<Item = (Option<&'a str>, &'a str)>, now: Timestamp) -> String {
    let mut out = format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":\"{now}\"");
    let mut before = ",\"entry\":[";
    for (full_url, raw) in records {
        out.push_str(before);
        before = ",";
        out.push('{');
        if let Some(url) = full_url {
            out.push_str("\"fullUrl\":");
            out.push_str(&serde_json::Value::from(url).to_string());
            out.push(',');
        }
        out.push_str("\"resource\":");
        out.push_str(raw);
        out.push('}');
    }
    // FHIR allows no empty arrays.
    out.push_str(if before == "," { "]}" } else { "}" });
    out
}
