//! Labelled fields, one after the other: what signatures and statements are made of. A label's length is one byte, a
//! value's four (big-endian), so that no two lists of fields have the same bytes.

/// Collects fields.
pub(crate) struct Fields(Vec<u8>);

impl Fields {
    /// Begins with what the bytes are for.
    pub(crate) fn of(purpose: &str) -> Self {
        let mut fields = Self(Vec::with_capacity(256));
        fields.0.extend_from_slice(crate::SUITE.as_bytes());
        fields.put("purpose", purpose.as_bytes());
        fields
    }

    pub(crate) fn put(&mut self, label: &'static str, value: &[u8]) {
        // Labels are constants of this crate, values are bounded far below 2³².
        self.0.push(label.len() as u8);
        self.0.extend_from_slice(label.as_bytes());
        self.0.extend_from_slice(&(value.len() as u32).to_be_bytes());
        self.0.extend_from_slice(value);
    }

    pub(crate) fn number(&mut self, label: &'static str, value: u32) {
        self.put(label, &value.to_be_bytes());
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}
