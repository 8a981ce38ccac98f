//! Records put together for somebody else.

use std::io::{self, Write};

use jiff::Timestamp;

/// A `collection` Bundle in the making; each resource's bytes are embedded unchanged.
#[derive(Debug)]
pub struct BundleWriter<W> {
    out: W,
    text: Text,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a Bundle.
    pub fn begin(mut out: W, now: Timestamp) -> io::Result<Self> {
        let text = Text::default();
        out.write_all(Text::opening(now).as_bytes())?;
        Ok(Self { out, text })
    }

    /// Adds a resource.
    pub fn add(&mut self, full_url: Option<&str>, raw: &str) -> io::Result<()> {
        self.out.write_all(self.text.before(full_url).as_bytes())?;
        self.out.write_all(raw.as_bytes())?;
        self.out.write_all(b"}")
    }

    /// Ends it.
    pub fn end(mut self) -> io::Result<W> {
        self.out.write_all(self.text.closing().as_bytes())?;
        Ok(self.out)
    }
}

/// A `collection` Bundle of (fullUrl, resource) pairs; each resource's bytes are embedded unchanged.
pub fn bundle<'a>(records: impl Iterator<Item = (Option<&'a str>, &'a str)>, now: Timestamp) -> String {
    let mut text = Text::default();
    let mut out = Text::opening(now);
    for (full_url, raw) in records {
        out.push_str(&text.before(full_url));
        out.push_str(raw);
        out.push('}');
    }
    out.push_str(text.closing());
    out
}

/// What stands around the resources.
#[derive(Debug, Default)]
struct Text {
    begun: bool,
}

impl Text {
    fn opening(now: Timestamp) -> String {
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":\"{now}\"")
    }

    fn before(&mut self, full_url: Option<&str>) -> String {
        let mut text = if self.begun { "," } else { ",\"entry\":[" }.to_owned();
        self.begun = true;
        text.push('{');
        if let Some(url) = full_url {
            text.push_str("\"fullUrl\":");
            text.push_str(&serde_json::Value::from(url).to_string());
            text.push(',');
        }
        text.push_str("\"resource\":");
        text
    }

    fn closing(&self) -> &'static str {
        // FHIR allows no empty arrays.
        if self.begun { "]}" } else { "}" }
    }
}
