//! The square code: level M, which survives a fold or a stain on up to 15 % of it.

use fast_qr::{ECL, QRBuilder};

/// Dark squares, row by row; without the quiet zone.
pub(crate) struct Code {
    pub(crate) size: usize,
    dark: Vec<bool>,
}

impl Code {
    /// `None` when the text does not fit into any code.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
        let size = code.size;
        let dark = code.data.iter().take(size * size).map(|module| module.value());
        Some(Self {
            size,
            dark: dark.collect(),
        })
    }

    /// Runs of dark squares as (row from the top, first column, length).
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (row, squares) in self.dark.chunks(self.size).enumerate() {
            let mut column = 0;
            for same in squares.chunk_by(|a, b| a == b) {
                if same[0] {
                    runs.push((row, column, same.len()));
                }
                column += same.len();
            }
        }
        runs
    }
}
