//! One sheet, and what is drawn on it. Lengths are points (1/72 inch); y counts downwards from the upper edge.

use pdf_writer::{Content, Name, Str, types::ArtifactType};

use crate::face::Cut;

/// A4.
pub(crate) const WIDTH: f32 = 595.28;
pub(crate) const HEIGHT: f32 = 841.89;

/// Red, green, blue, 0 to 1.
pub(crate) type Colour = [f32; 3];

/// For text.
pub(crate) const INK: Colour = [0.114, 0.169, 0.165];
/// For what stands out: the calm green.
pub(crate) const ACCENT: Colour = [0.059, 0.420, 0.361];
/// For small print and keys.
pub(crate) const PENCIL: Colour = [0.302, 0.373, 0.365];
/// For hairlines.
pub(crate) const HAIRLINE: Colour = [0.812, 0.792, 0.741];

/// One sheet being drawn.
pub(crate) struct Page(Content);

impl Page {
    pub(crate) fn new() -> Self {
        Self(Content::new())
    }

    /// Draws what belongs to one element of the structure.
    pub(crate) fn mark(&mut self, role: Name<'_>, number: i32, draw: impl FnOnce(&mut Self)) {
        self.0
            .begin_marked_content_with_properties(role)
            .properties()
            .identify(number);
        draw(self);
        self.0.end_marked_content();
    }

    /// Draws what a reader aloud skips.
    pub(crate) fn ornament(&mut self, draw: impl FnOnce(&mut Self)) {
        self.0
            .begin_marked_content_with_properties(Name(b"Artifact"))
            .properties()
            .artifact()
            .kind(ArtifactType::Layout);
        draw(self);
        self.0.end_marked_content();
    }

    /// Letters whose feet stand at `y`.
    pub(crate) fn letters(&mut self, x: f32, y: f32, cut: Cut, size: f32, colour: Colour, letters: &[u8]) {
        let [red, green, blue] = colour;
        self.0
            .begin_text()
            .set_fill_rgb(red, green, blue)
            .set_font(cut.name(), size)
            .set_text_matrix([1.0, 0.0, 0.0, 1.0, x, HEIGHT - y])
            .show(Str(letters))
            .end_text();
    }

    pub(crate) fn bar(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let [red, green, blue] = colour;
        self.0
            .set_fill_rgb(red, green, blue)
            .rect(x, HEIGHT - y - height, width, height)
            .fill_nonzero();
    }

    /// A code's dark squares, each `side` wide, from the upper left corner.
    pub(crate) fn squares(&mut self, x: f32, y: f32, side: f32, runs: &[(usize, usize, usize)]) {
        self.0.set_fill_rgb(0.0, 0.0, 0.0);
        for (row, column, length) in runs {
            let top = y + *row as f32 * side;
            self.0.rect(
                x + *column as f32 * side,
                HEIGHT - top - side,
                *length as f32 * side,
                side,
            );
        }
        self.0.fill_nonzero();
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().into_vec()
    }
}
