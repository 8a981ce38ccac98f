//! The three faces of the type family: measured here, embedded with only the letters that were set.

use std::collections::BTreeMap;

use pdf_writer::{
    Filter, Finish as _, Name, Pdf, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;
use ttf_parser::{Face as Outlines, GlyphId};

use crate::{PaperError, text::needs_shaping, write::squeezed};

const ADOBE_IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// Which face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Regular,
    Bold,
    Mono,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Mono];

    /// Its name among a page's resources.
    pub(crate) fn name(self) -> Name<'static> {
        Name(match self {
            Self::Regular => b"R",
            Self::Bold => b"B",
            Self::Mono => b"M",
        })
    }

    fn postscript(self) -> &'static [u8] {
        match self {
            Self::Regular => b"DejaVuSans",
            Self::Bold => b"DejaVuSans-Bold",
            Self::Mono => b"DejaVuSansMono",
        }
    }
}

/// A face and the letters of it that were set so far.
pub(crate) struct Face {
    cut: Cut,
    data: &'static [u8],
    outlines: Outlines<'static>,
    units: f32,
    kept: GlyphRemapper,
    /// Number in the embedded face → the letter it stands for and its width in the file's units.
    set: BTreeMap<u16, (Option<char>, u16)>,
}

impl Face {
    pub(crate) fn open(cut: Cut) -> Result<Self, PaperError> {
        let data = match cut {
            Cut::Regular => dejavu::sans::regular(),
            Cut::Bold => dejavu::sans::bold(),
            Cut::Mono => dejavu::sans_mono::regular(),
        };
        let outlines = Outlines::parse(data, 0).map_err(|_| PaperError::Type)?;
        Ok(Self {
            cut,
            data,
            units: f32::from(outlines.units_per_em()),
            outlines,
            kept: GlyphRemapper::new(),
            set: BTreeMap::new(),
        })
    }

    pub(crate) fn cut(&self) -> Cut {
        self.cut
    }

    /// Glyph 0 is the box that stands for what the face lacks, or what it can't set rightly.
    fn glyph(&self, c: char) -> GlyphId {
        if needs_shaping(c) {
            GlyphId(0)
        } else {
            self.outlines.glyph_index(c).unwrap_or(GlyphId(0))
        }
    }

    fn advance(&self, glyph: GlyphId) -> u16 {
        self.outlines.glyph_hor_advance(glyph).unwrap_or(0)
    }

    /// Width of one letter at this size, in points.
    pub(crate) fn width_of(&self, c: char, size: f32) -> f32 {
        f32::from(self.advance(self.glyph(c))) / self.units * size
    }

    /// Width of a text at this size, in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.width_of(c, size)).sum()
    }

    /// The text as numbers in the embedded face, two bytes each.
    pub(crate) fn set(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let glyph = self.glyph(c);
            let number = self.kept.remap(glyph.0);
            let means = (glyph.0 != 0).then_some(c);
            let width = self.advance(glyph);
            self.set.entry(number).or_insert((means, width));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// Whether anything was set in it.
    pub(crate) fn is_used(&self) -> bool {
        !self.set.is_empty()
    }

    /// Writes the face into the file under `id`.
    pub(crate) fn embed(&self, pdf: &mut Pdf, id: Ref, next: &mut Ref) -> Result<(), PaperError> {
        let (cid, descriptor, to_unicode, file) = (next.bump(), next.bump(), next.bump(), next.bump());
        // A subset's name begins with six letters and a plus sign (ISO 32000-1, 9.6.4).
        let name = [b"CARNET+", self.cut.postscript()].concat();
        let name = Name(&name);
        let scale = 1000.0 / self.units;
        let in_thousandths = |units: i16| f32::from(units) * scale;

        pdf.type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(to_unicode);

        let mut font = pdf.cid_font(cid);
        font.subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(ADOBE_IDENTITY)
            .font_descriptor(descriptor)
            .default_width(0.0)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = font.widths();
        for (number, (_, width)) in &self.set {
            widths.consecutive(*number, [f32::from(*width) * scale]);
        }
        widths.finish();
        font.finish();

        let bounds = self.outlines.global_bounding_box();
        let pitch = if self.cut == Cut::Mono {
            FontFlags::FIXED_PITCH
        } else {
            FontFlags::empty()
        };
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::SYMBOLIC | pitch)
            .bbox(Rect::new(
                in_thousandths(bounds.x_min),
                in_thousandths(bounds.y_min),
                in_thousandths(bounds.x_max),
                in_thousandths(bounds.y_max),
            ))
            .italic_angle(0.0)
            .ascent(in_thousandths(self.outlines.ascender()))
            .descent(in_thousandths(self.outlines.descender()))
            .cap_height(in_thousandths(self.outlines.capital_height().unwrap_or(1493)))
            .stem_v(if self.cut == Cut::Bold { 160.0 } else { 90.0 })
            .font_file2(file);

        let mut letters = UnicodeCmap::<u16>::new(Name(b"Carnet-Letters"), ADOBE_IDENTITY);
        for (number, (means, _)) in &self.set {
            letters.pair(*number, means.unwrap_or('\u{fffd}'));
        }
        let letters = squeezed(&letters.finish());
        pdf.cmap(to_unicode, &letters).filter(Filter::FlateDecode);

        let subset = subsetter::subset(self.data, 0, &self.kept).map_err(|_| PaperError::Type)?;
        let length = i32::try_from(subset.len()).map_err(|_| PaperError::Type)?;
        pdf.stream(file, &squeezed(&subset))
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), length);
        Ok(())
    }
}
